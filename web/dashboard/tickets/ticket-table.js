// @ts-check
/** The list of tickets. Keys: `j` and `k` move between the subjects, Enter opens. */
import { changed } from "../kit/address.js";
import { searchMarks } from "./highlight.js";
import { html, useMemo, useRef } from "../kit/html.js";
import { useKeys } from "../kit/keys.js";
import { Badge } from "./badges.js";
import { COLUMNS } from "./columns.js";
import { Marked } from "./marked.js";
import { readable } from "./readable.js";
import { Moment } from "../parts/time.js";

const EXCERPT = 140;
/** A hit further on is shown from a little before it: the end of a line may be cut. */
const SURELY_SEEN = 60;

/** @param {{tickets: any[], columns: Set<string>, zone: string, now: number, query: string}} props */
export function TicketTable({ tickets, columns, zone, now, query }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  /** @param {number} step */
  const move = (step) => {
    const links = /** @type {HTMLElement[]} */ ([...(body.current?.querySelectorAll("a.subject") ?? [])]);
    const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    links[at < 0 ? 0 : Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const names = Object.keys(COLUMNS).filter((name) => columns.has(name));
  return html`
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Ticket</th>
          ${names.map((name) => html`<th scope="col" key=${name} class=${`col-${name}`}>${COLUMNS[/** @type {keyof COLUMNS} */ (name)]}</th>`)}
        </tr>
      </thead>
      <tbody ref=${body}>
        ${tickets.map(
          (ticket) => html`
            <tr key=${ticket.externalId}>
              <td class="col-subject"><${Subject} ticket=${ticket} query=${query} /></td>
              ${names.map((name) => html`<td key=${name} class=${`col-${name}`}>${cell(name, ticket, zone, now)}</td>`)}
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

/** @param {{ticket: any, query: string}} props */
function Subject({ ticket, query }) {
  const subject = ticket.subject || "(no subject)";
  const excerpt = useMemo(() => excerptOf(readable(ticket.message).text, query), [ticket.message, query]);
  return html`
    <a class="subject" href=${changed({ ticket: ticket.externalId })} dir="auto"><${Marked} text=${subject} marks=${searchMarks(subject, query)} /></a>
    <span class="excerpt" dir="auto"><${Marked} text=${excerpt} marks=${searchMarks(excerpt, query)} /></span>
  `;
}

/** The beginning of a message, or where the search's words are in it. @param {string} message @param {string} query */
function excerptOf(message, query) {
  const [first] = searchMarks(message, query);
  const start = first && first.end > SURELY_SEEN ? Math.max(0, first.start - SURELY_SEEN / 2) : 0;
  const cut = [...message.slice(start, start + 2 * EXCERPT)].slice(0, EXCERPT).join("");
  return (start ? "… " : "") + cut.replace(/\s+/g, " ");
}

/** @param {string} name @param {any} ticket @param {string} zone @param {number} now */
function cell(name, ticket, zone, now) {
  switch (name) {
    case "urgency":
      return html`<${Badge} field="urgency" value=${ticket.urgency} />`;
    case "status":
      return html`<${Badge} field="status_category" value=${ticket.statusCategory} text=${ticket.status ?? "unknown"} />`;
    case "sentiment":
      return html`<${Badge} field="sentiment" value=${ticket.sentiment} />`;
    case "customer":
      return ticket.customerId
        ? html`<a href=${changed({ customer_id: ticket.customerId, after: null, before: null })} dir="auto">${ticket.customerId}</a>`
        : html`<span class="quiet">unknown</span>`;
    case "source":
      return html`<bdi>${ticket.source ?? "unknown"}</bdi>`;
    case "priority":
    case "assignee":
      return html`<bdi>${ticket[name]}</bdi>`;
    case "tag":
      return html`<bdi>${ticket.tags.join(", ")}</bdi>`;
    case "created":
      return html`<${Moment} at=${ticket.createdAt} zone=${zone} now=${now} />`;
    default:
      return html`<${Moment} at=${ticket.updatedAt} zone=${zone} now=${now} />`;
  }
}
