// @ts-check
/** Customers with several urgent tickets that are not closed. */
import { listOf } from "../kit/conditions.js";
import { counted } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Empty } from "../parts/states.js";

/** So many of a customer's tickets are named. */
const NAMED = 3;

/** @param {{address: URLSearchParams, customers: any[]}} props */
export function AtRisk({ address, customers }) {
  return html`
    <section class="card">
      <h2>Customers at risk</h2>
      ${customers.length === 0 && html`<${Empty} title="Nobody has two urgent tickets open" />`}
      <ul class="at-risk">${customers.map((customer) => html`<${Customer} key=${customer.customerId} address=${address} ...${customer} />`)}</ul>
    </section>
  `;
}

/** @param {{address: URLSearchParams, customerId: string, highUrgencyCount: number, ticketIds: string[]}} props */
function Customer({ address, customerId, highUrgencyCount, ticketIds }) {
  const risky = { customer_id: customerId, urgency: "high", status_category_not: "closed" };
  const list = listOf(address, risky);
  return html`
    <li>
      <a href=${list} data-top class="who" dir="auto">${customerId}</a>
      <a href=${list} data-top class="count red">${counted(highUrgencyCount, "urgent ticket")}</a>
      <span class="named">
        ${ticketIds.slice(0, NAMED).map((id) => html`<a key=${id} href=${listOf(address, risky, { ticket: id })} dir="auto">${id}</a>`)}
        ${highUrgencyCount > NAMED && html`<span class="quiet">and ${highUrgencyCount - NAMED} more</span>`}
      </span>
    </li>
  `;
}
