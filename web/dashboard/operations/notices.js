// @ts-check
/** Lists of notifications, each with its ticket. */
import { viewed } from "../kit/address.js";
import { counted, number } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";
import { Pager } from "./pager.js";

/** @typedef {{cursor: string | null, onPage: (cursor: string | null) => void, zone: string, now: number}} Paged */

/** @param {{waiting: any, pending: number} & Paged} props */
export function Waiting({ waiting, pending, cursor, onPage, zone, now }) {
  return html`
    <section id="waiting">
      <h2>Waiting <span class="quiet">${number(pending)}</span></h2>
      ${waiting?.nodes.length ? html`<${Notices} notices=${waiting.nodes} zone=${zone} now=${now} title="Waits for" why=${reasonToWait} />` : html`<p class="quiet">Nothing waits.</p>`}
      ${waiting && html`<${Pager} info=${waiting.pageInfo} cursor=${cursor} onPage=${onPage} name="Pages of what waits" />`}
    </section>
  `;
}

/** @param {{notices: any[], zone: string, now: number}} props `notices`: the newest that wait */
export function Failures({ notices, zone, now }) {
  const failed = groups(notices.filter((each) => each.lastError));
  if (failed.length === 0) return null;
  return html`
    <section>
      <h2>What the last attempts met <span class="quiet">of the newest ${number(notices.length)} that wait</span></h2>
      <ul class="records">
        ${failed.map(([reason, found]) => html`<li key=${reason}><details><summary><strong><bdi>${reason}</bdi></strong><span>${counted(found.length, "notification")}</span></summary>
          <${Notices} notices=${found} zone=${zone} now=${now} title="Waits for" why=${reasonToWait} /></details></li>`)}
      </ul>
    </section>
  `;
}

/** @param {{delivered: any} & Paged} props */
export function Delivered({ delivered, cursor, onPage, zone, now }) {
  if (!delivered?.nodes.length) return null;
  return html`
    <section id="delivered">
      <h2>Delivered</h2>
      <${Notices} notices=${delivered.nodes} zone=${zone} now=${now} title="Delivered" why=${(/** @type {any} */ each) => html`<${Moment} at=${each.deliveredAt} zone=${zone} now=${now} />`} />
      <${Pager} info=${delivered.pageInfo} cursor=${cursor} onPage=${onPage} name="Pages of what was delivered" />
    </section>
  `;
}

/** @param {any} notice */
const reasonToWait = (notice) => notice.waitsFor ?? "";

/**
 * @param {{notices: any[], zone: string, now: number, title: string, why: (notice: any) => any,
 *   act?: (notice: any) => any}} props `title`, `why`: the last column
 */
export function Notices({ notices, zone, now, title, why, act }) {
  return html`
    <table class="list notices">
      <thead><tr><th scope="col">Ticket</th><th scope="col" class="amount">Attempts</th><th scope="col">Urgent since</th><th scope="col">${title}</th>${act && html`<th scope="col"><span class="unseen">Actions</span></th>`}</tr></thead>
      <tbody>
        ${notices.map(
          (notice) => html`
            <tr key=${notice.notificationId}>
              <td class="col-subject">${notice.ticketId ? html`<a class="subject" href=${viewed("tickets", { ticket: notice.ticketId })} dir="auto">${notice.ticketId}</a>` : html`<span class="subject">Spike</span>`}<span class="excerpt" dir="auto">${notice.reason}</span></td>
              <td class="amount" data-title=${notice.attempts === 1 ? "attempt" : "attempts"}>${number(notice.attempts)}</td>
              <td><${Moment} at=${notice.createdAt} zone=${zone} now=${now} /></td>
              <td><bdi>${why(notice)}</bdi></td>
              ${act && html`<td class="act">${act(notice)}</td>`}
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

/** Notifications by what their last attempt met, most frequent first. @param {any[]} notices @returns {[string, any[]][]} */
function groups(notices) {
  /** @type {Map<string, any[]>} */
  const found = new Map();
  for (const notice of notices) found.set(notice.lastError, [...(found.get(notice.lastError) ?? []), notice]);
  return [...found].sort(([, a], [, b]) => b.length - a.length);
}
