// @ts-check
/** The words that were in use before, each of which can be brought back. */
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";
import { LISTS, differences, told, wordsOf } from "./draft.js";

/** @param {{present: any, before: any[], mayWrite: boolean, zone: string, now: number, onBringBack: (words: import("./draft.js").Words) => void}} props */
export function Revisions({ present, before, mayWrite, zone, now, onBringBack }) {
  if (before.length === 0) return null;
  return html`
    <section class="card revisions" aria-labelledby="revisions">
      <h2 id="revisions">Earlier words</h2>
      <ul class="records">
        ${before.map((each) => html`<${Revision} key=${each.revision} revision=${each} present=${present} mayWrite=${mayWrite} zone=${zone} now=${now} onBringBack=${onBringBack} />`)}
      </ul>
    </section>
  `;
}

/** @param {{revision: any, present: any, mayWrite: boolean, zone: string, now: number, onBringBack: (words: import("./draft.js").Words) => void}} props */
function Revision({ revision, present, mayWrite, zone, now, onBringBack }) {
  const words = wordsOf(revision);
  const change = differences(wordsOf(present), words);
  return html`
    <li>
      <details>
        <summary>
          <strong>${revision.revision === 0 ? "No words" : html`<${Moment} at=${revision.changedAt} zone=${zone} now=${now} />`}</strong>
          ${revision.changedBy && html`<span>by <bdi>${revision.changedBy}</bdi></span>`}
          <span>${told(wordsOf(present), words) ? `compared with now: ${told(wordsOf(present), words)}` : "the same as now"}</span>
        </summary>
        ${LISTS.map((name) => html`<${Compared} key=${name} name=${name} change=${change[name]} />`)}
        ${mayWrite && html`<div class="acts"><button type="button" onClick=${() => onBringBack(words)}>Bring these back</button><span class="quiet">Nothing is saved by that yet.</span></div>`}
      </details>
    </li>
  `;
}

/** @param {{name: import("./draft.js").ListName, change: import("./draft.js").Difference}} props */
function Compared({ name, change }) {
  const title = name === "high" ? "urgent" : "harmless";
  return html`
    ${change.added.length > 0 && html`<p>Also ${title}: ${listed(change.added)}</p>`}
    ${change.removed.length > 0 && html`<p>Not ${title}: ${listed(change.removed)}</p>`}
  `;
}

/** @param {string[]} texts */
function listed(texts) {
  return texts.map((text, index) => html`${index > 0 && ", "}<q key=${text} dir="auto">${text}</q>`);
}
