// @ts-check
/** A list of tickets, by the address: its filter, its order, and the same list as a file. */
import { FIELDS, HOURS, filterOf } from "../kit/conditions.js";
import { periodOf, zoneOf } from "../kit/period.js";

export const ORDERS = {
  newest_first: "Newest first",
  oldest_first: "Oldest first",
  last_updated_first: "Updated last",
  last_updated_last: "Untouched for longest",
  most_urgent_first: "Most urgent first",
  least_urgent_first: "Least urgent first",
};

/** @param {URLSearchParams} address */
export function orderOf(address) {
  const order = address.get("order") ?? "";
  return Object.hasOwn(ORDERS, order) ? order : "newest_first";
}

/** The conditions and the period in one filter. @param {URLSearchParams} address @param {number} now */
export function listedBy(address, now) {
  const { from, to } = periodOf(address, now);
  return { ...(from && { createdFrom: from.toISOString() }), ...(to && { createdTo: to.toISOString() }), ...filterOf(address) };
}

/** The same list as a file. @param {URLSearchParams} address @param {"csv" | "ndjson"} format @param {number} now */
export function exportOf(address, format, now) {
  const params = new URLSearchParams({ tenant_id: address.get("tenant") ?? "", format, order: orderOf(address) });
  for (const name of Object.keys(FIELDS)) {
    for (const each of [name, `${name}_not`]) for (const value of address.getAll(each)) params.append(each, value);
  }
  const { from, to } = periodOf(address, now);
  if (from) params.set("created_from", from.toISOString());
  if (to) params.set("created_to", to.toISOString());
  for (const name of ["q", "requires_action", ...Object.keys(HOURS)]) {
    const value = address.get(name)?.trim();
    if (value) params.set(name, value);
  }
  if (Object.keys(HOURS).some((name) => address.has(name))) params.set("time_zone", zoneOf(address));
  return `/tickets/export?${params}`;
}
