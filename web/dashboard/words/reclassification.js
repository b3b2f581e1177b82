// @ts-check
/** How far the stored tickets have been judged by the present words. */
import { viewed } from "../kit/address.js";
import { counted, number } from "../kit/format.js";
import { html } from "../kit/html.js";
import { useOrder } from "../operations/order.js";
import { Problem } from "../parts/states.js";
import { Moment } from "../parts/time.js";

/** @param {{tenant: string, progress: any, hasWords: boolean, isAdmin: boolean, zone: string, now: number, onChange: () => void}} props */
export function Reclassification({ tenant, progress, hasWords, isAdmin, zone, now, onChange }) {
  const order = useOrder(onChange);
  const { state, total, done, changed, raised, announce, announced } = progress;
  const announceThem = () => order.give("reclassify-tickets", { input: { tenantId: tenant, announce: true } });
  const mayAnnounce = isAdmin && state === "DONE" && raised > 0 && !announce && announced === 0;
  return html`
    <section class="card reclassification" aria-labelledby="reclassification">
      <h2 id="reclassification">Tickets that you have</h2>
      ${state === "RUNNING" && total > 0 && html`<progress max=${total} value=${done} aria-label="How many tickets have been judged anew"></progress>`}
      <p role="status">${told(progress)}</p>
      ${state === "DONE" && changed > 0 && html`<p class="quiet">${counted(changed, "ticket")} changed, ${number(raised)} became urgent${progress.finishedAt ? html`, <${Moment} at=${progress.finishedAt} zone=${zone} now=${now} />` : ""}.</p>`}
      ${announce && html`<p class="quiet">Those that became urgent are announced when this is done.</p>`}
      ${announced > 0 && html`<p class="quiet">${counted(announced, "ticket")} that became urgent ${announced === 1 ? "was" : "were"} announced.</p>`}
      ${hasWords && html`<p><a href=${viewed("tickets", { rule: "own_words", period: "all", from: null, to: null })}>Tickets in which your urgent words stand</a></p>`}
      <${Problem} text=${order.problem} />
      ${mayAnnounce && html`<div class="acts"><button type="button" disabled=${order.isGiven} onClick=${announceThem}>Announce those that became urgent</button></div>`}
    </section>
  `;
}

/** @param {any} progress */
function told({ state, total, done }) {
  if (state === "PENDING") return "The tickets are about to be judged by the present words.";
  if (state === "RUNNING") return `Judging the tickets by the present words: ${number(done)} of ${number(total)}.`;
  return "All tickets are judged by the present words.";
}
