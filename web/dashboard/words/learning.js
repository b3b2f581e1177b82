// @ts-check
/** What is learned from the tenant's corrections, and where it decides. */
import { viewed } from "../kit/address.js";
import { counted, number } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";

/** @type {Record<string, string>} */
const TITLES = { urgency: "Urgency", sentiment: "Sentiment", requires_action: "Action" };
/** So many corrections a label needs before anything is learned about it. */
const LEAST = 20;

/** @param {{learning: any, zone: string, now: number}} props */
export function Learning({ learning, zone, now }) {
  const { corrections, labels, trainedAt, isUpToDate } = learning;
  return html`
    <section class="card learning" aria-labelledby="learning">
      <h2 id="learning">Learned from corrections</h2>
      ${corrections === 0 && html`<p class="none">Nobody has corrected a ticket yet. Open a ticket, and say what it is: from ${LEAST} corrections on, what they have in common is learned, and used where it is right more often than the rules.</p>`}
      ${corrections > 0 && html`
        <p>${counted(corrections, "correction")} to learn from${corrections < LEAST ? `; from ${LEAST} on something can be learned` : ""}.</p>
        <p class="quiet" role="status">${trainedAt ? html`Looked at <${Moment} at=${trainedAt} zone=${zone} now=${now} />` : "Not looked at yet"}${isUpToDate ? "" : "; the latest are still to be"}.</p>
      `}
      ${labels.length > 0 && html`<${Trials} labels=${labels} />`}
      ${trainedAt && html`<${Beside} learning=${learning} />`}
      ${corrections > 0 && html`<p><a href=${viewed("tickets", { judged_by: "person", period: "all", from: null, to: null })}>Tickets that people have corrected</a></p>`}
      ${labels.some((/** @type {any} */ each) => each.isOn) && html`<p><a href=${viewed("tickets", { judged_by: "learned", period: "all", from: null, to: null })}>Tickets that it decides</a></p>`}
    </section>
  `;
}

/** @param {{labels: any[]}} props */
function Trials({ labels }) {
  return html`
    <table class="trials">
      <caption>Right on corrections that were held back from learning</caption>
      <thead><tr><th scope="col">What</th><th scope="col" class="amount">Tried</th><th scope="col" class="amount">Rules</th><th scope="col" class="amount">Learned</th><th scope="col">Decides</th></tr></thead>
      <tbody>
        ${labels.map(
          (each) => html`
            <tr key=${each.label}>
              <th scope="row">${TITLES[each.label] ?? each.label}</th>
              <td class="amount">${number(each.tried)}</td>
              <td class="amount">${number(each.rulesRight)}</td>
              <td class="amount">${each.learnedRight === null ? html`<span class="quiet">–</span>` : number(each.learnedRight)}</td>
              <td><strong>${each.isOn ? "On" : "Off"}</strong> <span class="quiet why-off">${why(each)}</span></td>
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

/** @param {any} label */
function why({ isOn, tried, rulesRight, learnedRight }) {
  if (isOn) return "right more often than the rules";
  if (tried < LEAST) return `too few corrections: it takes ${LEAST}`;
  if (learnedRight === null) return "the rules are right too often to do better";
  return learnedRight > rulesRight ? "better, but it may be chance" : "not better than the rules";
}

/** What else was looked at. @param {{learning: any}} props */
function Beside({ learning }) {
  const { unreadable, uncorrected, uncorrectedChanged } = learning;
  return html`
    ${unreadable > 0 && html`<p class="quiet">${counted(unreadable, "correction")} could not be used: the text that they are about is gone, or has become another one.</p>`}
    ${uncorrected > 0 && html`<p class="quiet">Of ${counted(uncorrected, "other ticket")} that nobody has corrected, it would decide ${number(uncorrectedChanged)} otherwise than the rules.</p>`}
  `;
}
