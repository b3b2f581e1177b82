// @ts-check
/** One ticket, over the list that it was opened from. */
import { changed, go, viewed } from "../kit/address.js";
import { counted, valueName, words } from "../kit/format.js";
import { reasonMarks } from "./highlight.js";
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { useLives } from "../kit/live.js";
import { zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { Badge } from "./badges.js";
import { Correction } from "./correction.js";
import { closeOutside } from "../frame/help.js";
import { actionText } from "./labels.js";
import { Marked } from "./marked.js";
import { readable } from "./readable.js";
import { Problem, Skeleton } from "../parts/states.js";
import { Timeline } from "./timeline.js";
import { Moment } from "../parts/time.js";
import { shownInText, Verdict } from "./verdict.js";

/** @param {{address: URLSearchParams, shown: string[], version: number, now: number}} props `shown`: the list's ids */
export function TicketDrawer({ address, shown, version, now }) {
  const id = /** @type {string} */ (address.get("ticket"));
  const tenant = address.get("tenant");
  const zone = zoneOf(address);
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [told, tell] = useState(/** @type {{over: any, ticket: any, count: number}} */ ({ over: null, ticket: null, count: 0 }));
  const answer = useAnswer("ticket", { tenant, ticket: id }, version + useLives() + told.count);
  const found = answer.data?.ticket?.externalId === id ? answer.data.ticket : null;
  // What a correction was answered with counts until the ticket has been read again.
  const ticket = found && told.over === answer.data ? { ...found, ...told.ticket } : found;
  const mayWrite = Boolean(answer.data?.viewer?.scopes.includes("TICKETS_WRITE"));
  /** @param {any} corrected */
  const onTold = (corrected) => tell({ over: answer.data, ticket: corrected, count: told.count + 1 });
  useEffect(() => dialog.current?.showModal(), []);
  /** @param {number} step */
  const move = (step) => {
    const next = shown[shown.indexOf(id) + step];
    if (next && shown.includes(id)) go(changed({ ticket: next }), { replaces: true });
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  };
  return html`
    <dialog class="drawer" ref=${dialog} aria-label=${`Ticket ${id}`} onKeyDown=${onKeyDown} onClick=${closeOutside}
      onClose=${() => go(changed({ ticket: null }))}>
      <div class="drawer-body">
        <div class="drawer-head">
          <span class="quiet"><bdi>${id}</bdi></span>
          <span class="spring"></span>
          <button type="button" disabled=${shown.indexOf(id) < 1} onClick=${() => move(-1)} aria-label="Previous ticket">↑</button>
          <button type="button" disabled=${!shown.includes(id) || shown.at(-1) === id} onClick=${() => move(1)} aria-label="Next ticket">↓</button>
          <button type="button" onClick=${() => dialog.current?.close()} aria-label="Close">×</button>
        </div>
        ${!ticket && answer.isLoading && html`<${Skeleton} lines=${8} />`}
        ${!ticket && !answer.isLoading && html`<${Problem} text=${answer.code === "NOT_FOUND" ? "There is no such ticket; it may have been deleted upstream." : answer.problem} />`}
        ${ticket && html`<${Ticket} tenant=${tenant} ticket=${ticket} mayWrite=${mayWrite} zone=${zone} now=${now} onTold=${onTold} />`}
      </div>
    </dialog>
  `;
}

/** @param {{tenant: string | null, ticket: any, mayWrite: boolean, zone: string, now: number, onTold: (ticket: any) => void}} props */
function Ticket({ tenant, ticket, mayWrite, zone, now, onTold }) {
  const text = useRef(/** @type {HTMLElement | null} */ (null));
  const jump = (/** @type {string} */ rule) => {
    const mark = /** @type {HTMLElement | null} */ (text.current?.querySelector(`mark[data-rule="${CSS.escape(rule)}"]`));
    mark?.scrollIntoView({ block: "center" });
    mark?.focus();
  };
  const reasons = shownInText(ticket.matched);
  return html`
    <article ref=${text}>
      <h2 class="ticket-subject" dir="auto"><${Marked} text=${ticket.subject || "(no subject)"} marks=${reasonMarks("subject", ticket.subject, reasons)} /></h2>
      <p class="badges">
        <${Badge} field="urgency" value=${ticket.urgency} text=${`${words(ticket.urgency)} urgency`} />
        <${Badge} field="sentiment" value=${ticket.sentiment} />
        <${Badge} field="status_category" value=${ticket.statusCategory} text=${ticket.status ?? "unknown"} />
        <span class="badge">${actionText(ticket.requiresAction)}</span>
      </p>
      <${Verdict} ticket=${ticket} jump=${jump} />
      <${Correction} key=${ticket.externalId} tenant=${tenant} ticket=${ticket} mayWrite=${mayWrite} zone=${zone} now=${now} onTold=${onTold} />
      <p class="message" dir="auto"><${Marked} ...${readable(ticket.message || "(no text)", reasonMarks("message", ticket.message, reasons))} /></p>
      ${ticket.replies && html`
        <h3>Written later</h3>
        <p class="message" dir="auto"><${Marked} ...${readable(ticket.replies, reasonMarks("replies", ticket.replies, reasons))} /></p>
      `}
    </article>
    <${Facts} ticket=${ticket} zone=${zone} now=${now} />
    <${Others} ticket=${ticket} zone=${zone} now=${now} />
    <${Timeline} ticket=${ticket} zone=${zone} now=${now} />
  `;
}

/** @param {{ticket: any, zone: string, now: number}} props */
function Facts({ ticket, zone, now }) {
  const extra = Object.entries(ticket.extra ?? {});
  return html`
    <dl class="facts">
      <div><dt>Customer</dt><dd>${ticket.customerId ? html`<a href=${having("customer_id", ticket.customerId)} dir="auto">${ticket.customerId}</a>` : "unknown"}</dd></div>
      <div><dt>Language</dt><dd>${ticket.language ? valueName("language", ticket.language) : "unknown"}</dd></div>
      <div><dt>Source</dt><dd><bdi>${ticket.source ?? "unknown"}</bdi></dd></div>
      ${ticket.priority && html`<div><dt>Priority</dt><dd><a href=${having("priority", ticket.priority)} dir="auto">${ticket.priority}</a></dd></div>`}
      ${ticket.assignee && html`<div><dt>Assignee</dt><dd><a href=${having("assignee", ticket.assignee)} dir="auto">${ticket.assignee}</a></dd></div>`}
      ${ticket.tags.length > 0 && html`<div><dt>Tags</dt><dd>${ticket.tags.map((/** @type {string} */ tag, /** @type {number} */ index) => html`${index > 0 && ", "}<a key=${tag} href=${having("tag", tag)} dir="auto">${tag}</a>`)}</dd></div>`}
      <div><dt>Created</dt><dd><${Moment} at=${ticket.createdAt} zone=${zone} now=${now} /></dd></div>
      <div><dt>Updated</dt><dd><${Moment} at=${ticket.updatedAt} zone=${zone} now=${now} /></dd></div>
      ${extra.map(([name, value]) => html`<div key=${name}><dt><bdi>${name}</bdi></dt><dd><bdi>${typeof value === "string" ? value : JSON.stringify(value)}</bdi></dd></div>`)}
    </dl>
  `;
}

/** The customer's other tickets. @param {{ticket: any, zone: string, now: number}} props */
function Others({ ticket, zone, now }) {
  const all = ticket.customer?.tickets;
  const others = (all?.nodes ?? []).filter((/** @type {any} */ each) => each.externalId !== ticket.externalId);
  if (others.length === 0) return null;
  return html`
    <section>
      <h3>Also from this customer</h3>
      <ul class="others">
        ${others.slice(0, 5).map(
          (/** @type {any} */ each) => html`
            <li key=${each.externalId}>
              <${Badge} field="urgency" value=${each.urgency} />
              <a href=${changed({ ticket: each.externalId })} dir="auto">${each.subject || "(no subject)"}</a>
              <span class="quiet"><${Moment} at=${each.createdAt} zone=${zone} now=${now} /></span>
            </li>
          `,
        )}
      </ul>
      <a href=${having("customer_id", ticket.customerId)}>All ${counted(all.totalCount, "ticket")}</a>
    </section>
  `;
}

/** All tickets with a value, whenever they were created. @param {string} name @param {string} value */
function having(name, value) {
  return viewed("tickets", { [name]: value, period: "all", from: null, to: null });
}
