// @ts-check
/** A tenant's tickets: found by filters and words, in an order, page by page. */
import { changed, go } from "../kit/address.js";
import { FIRST_PAGE } from "../kit/conditions.js";
import { counted } from "../kit/format.js";
import { html, useRef } from "../kit/html.js";
import { useKeys } from "../kit/keys.js";
import { zoneOf } from "../kit/period.js";
import { useAnswer, useChanges } from "../kit/use-answer.js";
import { ColumnMenu, useColumns } from "./columns.js";
import { ExportLinks } from "./export-links.js";
import { ORDERS, listedBy, orderOf } from "./listing.js";
import { FilterChips } from "../parts/filter-chips.js";
import { NoTickets } from "../parts/no-tickets.js";
import { Problem, Skeleton } from "../parts/states.js";
import { TicketTable } from "./ticket-table.js";
import { useNow } from "../parts/time.js";
import { TicketDrawer } from "./ticket-drawer.js";

const PAGE = 50;

/** @param {{address: URLSearchParams, version: number, isNew: boolean}} props `version`: of all tickets of the tenant; `isNew`: it has none */
export function Tickets({ address, version, isNew }) {
  const now = useNow();
  const zone = zoneOf(address);
  const [columns, toggleColumn] = useColumns();
  const asked = variablesOf(address, now);
  const changes = useChanges(address.get("tenant"), asked.filter);
  const answer = useAnswer("tickets", asked, changes);
  const page = answer.data?.tickets;
  const shown = (page?.nodes ?? []).map((/** @type {any} */ each) => each.externalId);
  return html`
    <h1 class="unseen">Tickets of ${address.get("tenant")}</h1>
    <div class="toolbar">
      <${Search} key=${address.get("q")} query=${address.get("q") ?? ""} />
      <${Order} address=${address} />
      <${ColumnMenu} tenant=${address.get("tenant")} columns=${columns} toggle=${toggleColumn} />
      <${ExportLinks} address=${address} now=${now} />
    </div>
    <${FilterChips} address=${address} hasSearch />
    <${Problem} text=${answer.problem} onAgain=${answer.again} />
    ${!page && answer.isLoading && html`<${Skeleton} lines=${12} />`}
    ${page &&
    html`
      <div class=${answer.isLoading ? "stale" : ""} aria-busy=${answer.isLoading}>
        <p class="total" role="status"><strong data-figure="total">${counted(page.totalCount, "ticket")}</strong></p>
        ${page.nodes.length === 0
          ? html`<${NoTickets} address=${address} isNew=${isNew} />`
          : html`<${TicketTable} tickets=${page.nodes} columns=${columns} zone=${zone} now=${now} query=${address.get("q") ?? ""} />`}
        <${Pages} info=${page.pageInfo} />
      </div>
    `}
    ${address.get("ticket") && html`<${TicketDrawer} address=${address} shown=${shown} version=${version} now=${now} />`}
  `;
}

/** @param {URLSearchParams} address @param {number} now */
function variablesOf(address, now) {
  const common = { tenant: address.get("tenant"), filter: listedBy(address, now), order: orderOf(address).toUpperCase() };
  const before = address.get("before");
  return before ? { ...common, last: PAGE, before } : { ...common, first: PAGE, after: address.get("after") };
}

/** @param {{query: string}} props */
function Search({ query }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useKeys({ "/": () => input.current?.focus() });
  /** @param {Event} event */
  const search = (event) => {
    event.preventDefault();
    go(changed({ ...FIRST_PAGE, q: input.current?.value.trim() ?? "" }));
  };
  return html`
    <form class="search" role="search" onSubmit=${search}>
      <input ref=${input} type="search" name="q" maxlength="200" defaultValue=${query} placeholder="Search subjects and messages"
        aria-label="Search subjects and messages" onSearch=${(/** @type {any} */ event) => event.target.value === "" && search(event)} />
      <kbd aria-hidden="true">/</kbd>
    </form>
  `;
}

/** @param {{address: URLSearchParams}} props */
function Order({ address }) {
  return html`
    <label class="order">
      <span class="unseen">Order</span>
      <select value=${orderOf(address)} onChange=${(/** @type {any} */ event) => go(changed({ ...FIRST_PAGE, order: event.target.value }))}>
        ${Object.entries(ORDERS).map(([name, title]) => html`<option key=${name} value=${name}>${title}</option>`)}
      </select>
    </label>
  `;
}

/** @param {{info: {hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null}}} props */
function Pages({ info }) {
  if (!info.hasNextPage && !info.hasPreviousPage) return null;
  return html`
    <nav class="pages" aria-label="Pages">
      ${info.hasPreviousPage
        ? html`<a data-top rel="prev" href=${changed({ after: null, before: info.startCursor })}>← Previous</a>`
        : html`<span class="quiet">← Previous</span>`}
      ${info.hasNextPage
        ? html`<a data-top rel="next" href=${changed({ before: null, after: info.endCursor })}>Next →</a>`
        : html`<span class="quiet">Next →</span>`}
    </nav>
  `;
}
