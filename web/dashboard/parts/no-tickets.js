// @ts-check
/** What is shown in the place of figures and lists where there are no tickets, and what to do then. */
import { changed, viewed } from "../kit/address.js";
import { NO_CONDITION, chipsOf } from "../kit/conditions.js";
import { html } from "../kit/html.js";
import { periodOf } from "../kit/period.js";
import { Empty } from "./states.js";

/** Leads to all tickets that there are. */
const WHENEVER = { period: "all", from: null, to: null, after: null, before: null };

/** @param {{address: URLSearchParams, isNew: boolean}} props `isNew`: the tenant has none at all */
export function NoTickets({ address, isNew }) {
  const [isFiltered, isBounded] = [chipsOf(address).length > 0, periodOf(address, Date.now()).name !== "all"];
  if (isNew) {
    return html`
      <${Empty} title="No tickets of this tenant yet">
        <p><a href=${viewed("ingestion")}>Start a run</a>, or <a href=${viewed("connections")}>connect a help desk</a>.</p>
      <//>
    `;
  }
  return html`
    <${Empty} title=${isFiltered ? "No ticket matches" : "No tickets in this period"}>
      <p>
        ${isFiltered && html`<a href=${changed({ ...NO_CONDITION, after: null, before: null })}>Remove the filters</a>`}
        ${isFiltered && isBounded && " or "}
        ${isBounded && html`<a href=${changed(WHENEVER)}>${isFiltered ? "look at all time" : "Look at all time"}</a>`}
      </p>
    <//>
  `;
}
