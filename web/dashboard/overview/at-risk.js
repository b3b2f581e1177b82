// @ts-check
/** Customers with several urgent tickets that are not closed. */
import { viewed } from "../kit/address.js";
import { counted } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Empty } from "../parts/states.js";

/** So many of a customer's tickets are named. */
const NAMED = 3;

/** @param {{customers: any[]}} props */
export function AtRisk({ customers }) {
  return html`
    <section class="card">
      <h2>Customers at risk</h2>
      ${customers.length === 0 && html`<${Empty} title="Nobody has two urgent tickets open" />`}
      <ul class="at-risk">${customers.map((customer) => html`<${Customer} key=${customer.customerId} ...${customer} />`)}</ul>
    </section>
  `;
}

/** @param {{customerId: string, highUrgencyCount: number, ticketIds: string[]}} props */
function Customer({ customerId, highUrgencyCount, ticketIds }) {
  const risky = { customer_id: customerId, urgency: "high", status_category_not: "closed" };
  const list = viewed("tickets", risky);
  return html`
    <li>
      <a href=${list} data-top class="who" dir="auto">${customerId}</a>
      <a href=${list} data-top class="count red">${counted(highUrgencyCount, "urgent ticket")}</a>
      <span class="named">
        ${ticketIds.slice(0, NAMED).map((id) => html`<a key=${id} href=${viewed("tickets", { ...risky, ticket: id })} dir="auto">${id}</a>`)}
        ${highUrgencyCount > NAMED && html`<span class="quiet">and ${highUrgencyCount - NAMED} more</span>`}
      </span>
    </li>
  `;
}
