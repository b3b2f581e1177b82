// @ts-check
/** Notifications that were given up; they can be sent again, one or all. */
import { number } from "../kit/format.js";
import { html } from "../kit/html.js";
import { useOrder } from "./order.js";
import { Pager } from "./pager.js";
import { Problem } from "../parts/states.js";
import { Notices } from "./notices.js";

/**
 * @param {{tenant: string, dead: any, count: number, zone: string, now: number, cursor: string | null,
 *   onPage: (cursor: string | null) => void, onChange: () => void}} props
 */
export function DeadLetters({ tenant, dead, count, zone, now, cursor, onPage, onChange }) {
  const order = useOrder(onChange);
  const again = (/** @type {any} */ notice) => html`
    <button type="button" disabled=${order.isGiven} aria-label=${`Send the notification of ${notice.ticketId || "a spike"} again`}
      onClick=${() => order.give("redrive-one", { notification: notice.notificationId })}>Send again</button>
  `;
  return html`
    <section id="dead">
      <div class="card-head">
        <h2>Dead letters <span class="quiet">${number(count)}</span></h2>
        ${count > 1 && html`<button type="button" disabled=${order.isGiven} onClick=${() => order.give("redrive-all", { tenant })}>Send all again</button>`}
      </div>
      <${Problem} text=${order.problem} />
      ${dead?.nodes.length
        ? html`<${Notices} notices=${dead.nodes} zone=${zone} now=${now} title="Given up because" why=${(/** @type {any} */ each) => each.lastError ?? "it was too old"} act=${again} />`
        : html`<p class="quiet">Nothing was given up.</p>`}
      ${dead && html`<${Pager} info=${dead.pageInfo} cursor=${cursor} onPage=${onPage} name="Pages of dead letters" />`}
    </section>
  `;
}
