// @ts-check
/** What is not saved yet, what it would do, and the button that saves it; it stays in sight. */
import { html, useState } from "../kit/html.js";
import { Problem } from "../parts/states.js";
import { told } from "./draft.js";
import { summary } from "./preview.js";

/**
 * @param {{draft: import("./draft.js").Draft, trial: ReturnType<typeof import("./trial.js").useTrial>, isBehind: boolean, isGiven: boolean,
 *   problem: string | null, onSave: (announce: boolean) => void, onDiscard: () => void}} props `isBehind`: somebody else has saved others
 */
export function SaveBar({ draft, trial, isBehind, isGiven, problem, onSave, onDiscard }) {
  const [announce, setAnnounce] = useState(false);
  const raised = trial.found?.raised ?? 0;
  const reason = isBehind ? "Say first what becomes of what somebody else has saved." : trial.isFaulty ? "Mend the words that are marked first." : null;
  const effect = trial.isLoading ? "Looking what would change …" : trial.found ? `${summary(trial.found)}.` : "";
  return html`
    <section class="save-bar" aria-label="What is not saved yet">
      <${Problem} text=${problem} />
      <p><strong>${told(draft.base.words, draft.words) || "Another order"}, not saved yet.</strong> <span role="status">${reason ?? effect}</span></p>
      ${raised > 0 && !reason && html`<label class="announce"><input type="checkbox" checked=${announce} onChange=${() => setAnnounce(!announce)} /> Announce those of them that are open and become urgent</label>`}
      <div class="acts">
        <button type="button" class="primary" disabled=${isGiven || reason !== null} onClick=${() => onSave(announce && raised > 0)}>${isGiven ? "Saving …" : "Save the words"}</button>
        <button type="button" disabled=${isGiven} onClick=${onDiscard}>Discard</button>
      </div>
    </section>
  `;
}
