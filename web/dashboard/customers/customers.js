// @ts-check
/** Who writes most: the busiest customers of the period, by any of their counts. */
import { changed, go, viewed } from "../kit/address.js";
import { counted, number, share } from "../kit/format.js";
import { html } from "../kit/html.js";
import { periodOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { NoTickets } from "../parts/no-tickets.js";
import { Empty, Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";

/** The counts, by which of them customers can be ranked, and what the tickets behind each are. */
const COUNTS = {
  tickets: { title: "Tickets", field: "ticketCount", filter: {}, colour: "blue" },
  high_urgency: { title: "High urgency", field: "highUrgencyCount", filter: { urgency: "high" }, colour: "red" },
  negative: { title: "Negative", field: "negativeCount", filter: { sentiment: "negative" }, colour: "amber" },
  not_closed: { title: "Open now", field: "notClosedCount", filter: { status_category_not: "closed" }, colour: "teal" },
};
const MOST = 100;

/** @param {{address: URLSearchParams, version: number, isNew: boolean}} props `isNew`: the tenant has no tickets */
export function Customers({ address, version, isNew }) {
  const now = useNow();
  const { from, to } = periodOf(address, now);
  const rank = Object.hasOwn(COUNTS, address.get("rank") ?? "") ? /** @type {keyof COUNTS} */ (address.get("rank")) : "tickets";
  const variables = { tenant: address.get("tenant"), from: from?.toISOString() ?? null, to: to?.toISOString() ?? null, order: rank.toUpperCase() };
  const answer = useAnswer("customers", variables, version);
  const found = answer.data?.tenantStats?.customers;
  return html`
    <h1 class="unseen">Customers of ${address.get("tenant")}</h1>
    <${Problem} text=${answer.problem} onAgain=${answer.again} />
    ${!found && answer.isLoading && html`<${Skeleton} lines=${12} />`}
    ${found?.length === 0 && (isNew ? html`<${NoTickets} address=${address} isNew />` : html`<${Empty} title="No customer in this period"><p>Take a longer period.</p><//>`)}
    ${found?.length > 0 &&
    html`<div class=${answer.isLoading ? "stale" : ""} aria-busy=${answer.isLoading}>
      <div class="toolbar">
        <div class="switch" role="group" aria-label="Ranked by">
          ${Object.entries(COUNTS).map(
            ([name, { title }]) => html`<button type="button" key=${name} aria-pressed=${name === rank} onClick=${() => go(changed({ rank: name === "tickets" ? null : name }))}>${title}</button>`,
          )}
        </div>
        <p class="quiet">${found.length === MOST ? `The first ${MOST} customers` : counted(found.length, "customer")}</p>
      </div>
      <${Ranking} customers=${found} rank=${rank} />
    </div>`}
  `;
}

/** @param {{customers: any[], rank: keyof COUNTS}} props */
function Ranking({ customers, rank }) {
  const most = Math.max(...customers.map((each) => each[COUNTS[rank].field]), 1);
  return html`
    <table class="list customers">
      <thead>
        <tr>
          <th scope="col">Customer</th>
          ${Object.entries(COUNTS).map(
            ([name, { title }]) => html`
              <th scope="col" class="amount" key=${name} aria-sort=${name === rank ? "descending" : null}>${title}</th>
            `,
          )}
          <th scope="col" class="amount">Share</th>
        </tr>
      </thead>
      <tbody>${customers.map((each) => html`<${Customer} key=${each.customerId} customer=${each} rank=${rank} most=${most} />`)}</tbody>
    </table>
  `;
}

/** @param {{customer: any, rank: keyof COUNTS, most: number}} props */
function Customer({ customer, rank, most }) {
  const list = (/** @type {Record<string, string>} */ filter) => viewed("tickets", { customer_id: customer.customerId, ...filter });
  const { field, colour } = COUNTS[rank];
  return html`
    <tr>
      <td class="col-subject ranked">
        <span class="bar-track"><span class="bar-fill ${colour}" style=${{ width: `${(100 * customer[field]) / most}%` }}></span></span>
        <a class="subject" href=${list({})} data-top dir="auto">${customer.customerId}</a>
      </td>
      ${Object.entries(COUNTS).map(
        ([name, count]) => html`
          <td class="amount" key=${name} data-title=${count.title.toLowerCase()}><a href=${list(count.filter)} data-top>${number(customer[count.field])}</a></td>
        `,
      )}
      <td class="amount" data-title="of all">${share(customer.share)}</td>
    </tr>
  `;
}
