// @ts-check
/** What would become of the tenant's tickets with the words as they are on the screen. */
import { viewed } from "../kit/address.js";
import { counted, number, words as named } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Problem, Skeleton } from "../parts/states.js";
import { Badge } from "../tickets/badges.js";
import { UrgencyMatrix, movedId } from "./matrix.js";

/** @typedef {{isAsked: boolean, isLoading: boolean, found: any, problem: string | null, isFaulty: boolean, again: () => void}} Trial `found`: null until there is one; `isFaulty`: the words cannot be tried */

/** How many change, as a sentence. @param {any} found */
export function summary({ changed, raised, lookedAt, isComplete, total }) {
  const of = isComplete ? counted(total, "ticket") : `the newest ${counted(lookedAt, "ticket")}`;
  return `${number(changed)} of ${of} would change, ${number(raised)} would become urgent`;
}

/** @param {{trial: Trial}} props */
export function Preview({ trial }) {
  const { found } = trial;
  return html`
    <section class="card words-preview" aria-labelledby="words-preview" aria-busy=${trial.isLoading}>
      <h2 id="words-preview">What would change</h2>
      ${!trial.isAsked && !trial.isFaulty && html`<p class="none">Change the words, and see here what would become of the tickets that you have, before anything is saved.</p>`}
      ${trial.isFaulty && html`<p>Some of the words cannot be used: mend those that are marked, and see here what would change.</p>`}
      ${trial.problem && html`<${Problem} text=${trial.problem} /><button type="button" onClick=${trial.again}>Try again</button>`}
      ${trial.isAsked && !found && trial.isLoading && html`<${Skeleton} lines=${6} />`}
      ${trial.isAsked && found && html`<div class="tried ${trial.isLoading ? "stale" : ""}"><${Found} found=${found} /></div>`}
    </section>
  `;
}

/** @param {{found: any}} props */
function Found({ found }) {
  if (found.total === 0) return html`<p class="none">This tenant has no tickets yet: the words count for those that come.</p>`;
  const moved = found.transitions.filter((/** @type {any} */ each) => each.before !== each.after);
  const [urgency, others] = [moved.filter(isOfUrgency), moved.filter((/** @type {any} */ each) => !isOfUrgency(each))];
  const all = html`<a href=${viewed("tickets", { period: "all", from: null, to: null })}>${counted(found.total, "ticket")}</a>`;
  return html`
    <p class="found"><strong>${number(found.changed)}</strong> of ${found.isComplete ? all : counted(found.lookedAt, "ticket")} would change, <strong>${number(found.raised)}</strong> would become urgent.</p>
    ${!found.isComplete && html`<p class="partial">Only the newest ${number(found.lookedAt)} of ${all} were looked at; all of them will be judged when you save.</p>`}
    ${found.refusal && html`<${Problem} text=${`This would not be saved: ${found.refusal} Take more exact words.`} />`}
    <${UrgencyMatrix} transitions=${found.transitions.filter(isOfUrgency)} />
    ${moved.length === 0 && html`<p class="quiet">No ticket that you have would get another urgency, sentiment or need for action.</p>`}
    ${urgency.map((/** @type {any} */ each) => html`<${Moved} key=${each.before + each.after} transition=${each} />`)}
    ${others.length > 0 && html`
      <details class="other-labels">
        <summary>Sentiment and need for action</summary>
        ${others.map((/** @type {any} */ each) => html`<${Moved} key=${each.label + each.before + each.after} transition=${each} />`)}
      </details>
    `}
  `;
}

/** @param {any} transition */
function isOfUrgency(transition) {
  return transition.label === "urgency";
}

/** Tickets that would go from one value to another, some of them by name. @param {{transition: any}} props */
function Moved({ transition }) {
  const { label, before, after, tickets, samples } = transition;
  return html`
    <section class="moved" id=${movedId(transition)}>
      <h3><${Value} label=${label} value=${before} /> <span aria-hidden="true">→</span><span class="unseen">becomes</span> <${Value} label=${label} value=${after} /> <span class="quiet">${counted(tickets, "ticket")}</span></h3>
      <ul>
        ${samples.map(
          (/** @type {any} */ each) => html`
            <li key=${each.externalId}>
              <a href=${viewed("tickets", { ticket: each.externalId, period: "all", from: null, to: null })} dir="auto">${each.subject || "(no subject)"}</a>
              <${Because} sample=${each} />
            </li>
          `,
        )}
      </ul>
      ${tickets > samples.length && html`<p class="quiet">and ${number(tickets - samples.length)} more</p>`}
    </section>
  `;
}

/** @param {{label: string, value: string | null}} props */
function Value({ label, value }) {
  if (label === "requires_action") return html`<span class="badge">${value === null ? "Unknown" : value === "true" ? "Action required" : "No action required"}</span>`;
  return html`<${Badge} field=${label} value=${value} text=${named(value)} />`;
}

/** The words that make the difference. @param {{sample: any}} props */
function Because({ sample }) {
  const [come, gone] = [lacking(sample.reasonsAfter, sample.reasonsBefore), lacking(sample.reasonsBefore, sample.reasonsAfter)];
  return html`
    ${come.length > 0 && html`<span class="because">because of ${quoted(come)}</span>`}
    ${gone.length > 0 && html`<span class="because">no longer because of ${quoted(gone)}</span>`}
  `;
}

/** The words of the first reasons that are not among the second. @param {any[]} reasons @param {any[]} others @returns {string[]} */
function lacking(reasons, others) {
  const known = others.map(({ rule, text }) => `${rule} ${text}`);
  return [...new Set(reasons.filter(({ rule, text }) => !known.includes(`${rule} ${text}`)).map(({ text }) => text))];
}

/** @param {string[]} texts */
function quoted(texts) {
  return texts.slice(0, 3).map((text, index) => html`${index > 0 && ", "}<q key=${text} dir="auto">${text}</q>`);
}
