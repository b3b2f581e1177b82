// @ts-check
/** Why a ticket is classified as it is: who decided, and by which of its words. */
import { words } from "../kit/format.js";
import { html } from "../kit/html.js";

/** The rules of the reasons that are no rules of a language. */
const OWN = "own_words";
const LEARNED = "learned";
/** What was learned decides something if its words carry as much as that. */
const ENOUGH = 3;
const WEIGHT = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** @type {Record<string, string>} */
const LABELS = { urgency: "urgency", sentiment: "sentiment", requires_action: "whether action is required" };

/** Who decided, as a sentence. @param {any} ticket */
export function judgeOf({ judgedBy, matched }) {
  if (judgedBy === "PERSON") return "A person decided.";
  if (judgedBy === "LEARNED") return "What was learned from this tenant's corrections decided.";
  if (judgedBy !== "RULES") return null;
  return matched.some((/** @type {any} */ each) => each.rule === OWN) ? "The rules decided, this tenant's own words among them." : "The rules decided.";
}

/** The reasons that can be shown in the text: what was learned may be about rules that fired, too. @param {any[]} matched */
export function shownInText(matched) {
  return matched.filter(({ rule, text }) => rule !== LEARNED || !text.includes(":"));
}

/** @param {{ticket: any, jump: (rule: string) => void}} props `jump`: show where a rule fired in the text */
export function Verdict({ ticket, jump }) {
  const isForeign = ticket.language === "UNSUPPORTED";
  const fired = ticket.matched.filter((/** @type {any} */ each) => each.rule !== LEARNED);
  const learned = ticket.matched.filter((/** @type {any} */ each) => each.rule === LEARNED);
  return html`
    ${isForeign && html`<p class="foreign"><strong>Its text was not understood.</strong> It is in a language that the rules do not know: unless a person has corrected it, its classification says next to nothing.</p>`}
    ${fired.length > 0 && html`<${Reasons} fired=${fired} jump=${jump} />`}
    ${ticket.matched.length === 0 && !isForeign && html`<p class="quiet no-reason">No rule fired${ticket.judgedBy === "PERSON" ? "" : ": nothing in it is urgent"}.</p>`}
    ${Object.keys(LABELS).map((label) => html`<${LearnedReasons} key=${label} label=${label} reasons=${learned.filter((/** @type {any} */ each) => each.label === label)} />`)}
  `;
}

/** @param {{fired: any[], jump: (rule: string) => void}} props */
function Reasons({ fired, jump }) {
  return html`
    <ul class="reasons" aria-label="Why it was classified like this">
      ${fired.map(
        ({ rule, text }, index) => html`
          <li key=${index}><button type="button" onClick=${() => jump(rule)} title="Show it in the text">${rule === OWN ? "Your own words" : words(rule)}: <q>${text}</q></button></li>
        `,
      )}
    </ul>
  `;
}

/** What carried a decision that was learned. @param {{label: string, reasons: any[]}} props */
function LearnedReasons({ label, reasons }) {
  if (reasons.length === 0) return null;
  return html`
    <div class="learned-reasons">
      <p class="quiet" id=${`learned-${label}`}>Learned about ${LABELS[label]}, from corrections; ${ENOUGH} in all are enough to decide otherwise than the rules:</p>
      <ul aria-labelledby=${`learned-${label}`}>
        ${reasons.map(({ text, weight }) => html`<li key=${text}><q>${feature(text)}</q> <strong>+${WEIGHT.format(weight)}</strong></li>`)}
      </ul>
    </div>
  `;
}

/** `money_dispute: refund` as `Money dispute: refund`; words as they are. @param {string} text */
function feature(text) {
  const [rule, keyword] = text.split(": ");
  return keyword === undefined ? text.replace(/^(\w+):$/, (_, name) => words(name)) : `${words(rule)}: ${keyword}`;
}
