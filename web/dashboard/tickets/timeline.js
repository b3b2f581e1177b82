// @ts-check
/** What happened to a ticket, newest first: changes with old and new values, and who was told. */
import { counted, words } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";

/** @param {{ticket: any, zone: string, now: number}} props */
export function Timeline({ ticket, zone, now }) {
  const events = [
    ...ticket.history.map((/** @type {any} */ change) => ({ at: change.occurredAt ?? change.recordedAt, body: html`<${Change} ...${change} />` })),
    ...ticket.notifications.map((/** @type {any} */ sent) => ({ at: sent.deliveredAt ?? sent.createdAt, body: html`<${Told} ...${sent} />` })),
  ].sort((a, b) => String(b.at).localeCompare(String(a.at)));
  if (events.length === 0) return null;
  return html`
    <section>
      <h3>History</h3>
      <ol class="timeline">
        ${events.map(({ at, body }, index) => html`<li key=${index}><span class="when"><${Moment} at=${at} zone=${zone} now=${now} /></span>${body}</li>`)}
      </ol>
    </section>
  `;
}

/** @param {{action: string | null, actor: string | null, changes: any[]}} props `actor`: the person, where it was one */
function Change({ action, actor, changes }) {
  // Of a creation the changes are the first values, which the ticket itself shows.
  const shown = action === "CREATED" ? [] : changes;
  return html`
    <div>
      <strong>${words(action)}</strong>${actor && html` <span class="quiet">by <bdi>${actor}</bdi></span>`}
      ${shown.map(
        ({ field, old, new: now }) => html`
          <div class="was" key=${field}>${words(field)}: <del><bdi>${value(old)}</bdi></del> → <ins><bdi>${value(now)}</bdi></ins></div>
        `,
      )}
    </div>
  `;
}

/** @param {{state: string, attempts: number, lastError: string | null, waitsFor: string | null}} props */
function Told({ state, attempts, lastError, waitsFor }) {
  const title = { DELIVERED: "Announced", PENDING: "Announcement waits", DEAD: "Announcement given up" }[state];
  return html`
    <div>
      <strong>${title}</strong> <span class="quiet">${counted(attempts, "attempt")}</span>
      ${state === "PENDING" && waitsFor && html`<div class="was">${waitsFor}</div>`}
      ${state === "DEAD" && lastError && html`<div class="was"><bdi>${lastError}</bdi></div>`}
    </div>
  `;
}

/** @param {unknown} given */
function value(given) {
  if (given === null || given === undefined || given === "") return "nothing";
  return typeof given === "string" ? given : JSON.stringify(given);
}
