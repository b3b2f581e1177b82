// @ts-check
/** Somebody else has saved other words while these were edited: what they did, and how to go on. */
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";
import { differences, LISTS, wordsOf } from "./draft.js";

const TITLES = { high: "urgent", harmless: "harmless" };

/**
 * @param {{draft: import("./draft.js").Draft, theirs: any, zone: string, now: number, onMerge: () => void, onKeep: () => void, onDiscard: () => void}} props
 *   `theirs`: the revision that was saved meanwhile
 */
export function Conflict({ draft, theirs, zone, now, onMerge, onKeep, onDiscard }) {
  const done = differences(draft.base.words, wordsOf(theirs));
  const isAny = LISTS.some((name) => done[name].added.length + done[name].removed.length > 0);
  return html`
    <section class="problem conflict" role="alert">
      <p><span aria-hidden="true">!</span> <strong>${theirs.changedBy ? html`<bdi>${theirs.changedBy}</bdi>` : "Somebody"} has saved other words <${Moment} at=${theirs.changedAt} zone=${zone} now=${now} />.</strong> Yours are still here, and not saved yet.</p>
      <ul>
        ${LISTS.flatMap((name) => [
          html`<${Did} key=${`${name} added`} what=${`Added as ${TITLES[name]}`} texts=${done[name].added} />`,
          html`<${Did} key=${`${name} removed`} what=${`No longer ${TITLES[name]}`} texts=${done[name].removed} />`,
        ])}
        ${!isAny && html`<li>Their words are the same as those that you began with.</li>`}
      </ul>
      <div class="acts">
        <button type="button" class="primary" onClick=${onMerge}>Add their changes to mine</button>
        <button type="button" onClick=${onKeep}>Keep only mine</button>
        <button type="button" onClick=${onDiscard}>Take theirs</button>
      </div>
    </section>
  `;
}

/** @param {{what: string, texts: string[]}} props */
function Did({ what, texts }) {
  if (texts.length === 0) return null;
  return html`<li>${what}: ${texts.map((text, index) => html`${index > 0 && ", "}<q key=${text} dir="auto">${text}</q>`)}</li>`;
}
