// @ts-check
/** The conditions of a list: from the address to a GraphQL filter, to chips, and to the parameters of an export. */
import { hourName, weekdayName, words } from "../kit/format.js";
import { periodOf, zoneOf } from "../kit/period.js";
import { UNKNOWN } from "../kit/series.js";

/** @typedef {{title: string, graphql: string, isEnum?: boolean, values?: string[]}} Field */
/** The fields that can be chosen by value, by their names in the address and in REST. @type {Record<string, Field>} */
export const FIELDS = {
  urgency: { title: "Urgency", graphql: "urgency", isEnum: true, values: ["high", "medium", "low"] },
  status_category: { title: "State", graphql: "statusCategory", isEnum: true, values: ["open", "pending", "closed"] },
  status: { title: "Status", graphql: "status" },
  sentiment: { title: "Sentiment", graphql: "sentiment", isEnum: true, values: ["negative", "neutral", "positive"] },
  source: { title: "Source", graphql: "source" },
  keyword: { title: "Keyword", graphql: "keyword" },
  rule: { title: "Rule", graphql: "rule" },
  customer_id: { title: "Customer", graphql: "customerId" },
};
export const ORDERS = {
  newest_first: "Newest first",
  oldest_first: "Oldest first",
  last_updated_first: "Updated last",
  last_updated_last: "Untouched for longest",
  most_urgent_first: "Most urgent first",
  least_urgent_first: "Least urgent first",
};
/** When by the clock of the zone tickets were created, by the names in the address and in REST, and in GraphQL. */
const HOURS = { created_weekday: "createdWeekday", created_hour: "createdHour" };
/** What choosing something else ends: the page of the list. */
export const FIRST_PAGE = { after: null, before: null, ticket: null };

/** @param {URLSearchParams} address */
export function orderOf(address) {
  const order = address.get("order") ?? "";
  return Object.hasOwn(ORDERS, order) ? order : "newest_first";
}

/** The `filter` of the list. @param {URLSearchParams} address @param {number} now */
export function filterOf(address, now) {
  const { from, to } = periodOf(address, now);
  /** @type {Record<string, unknown>} */
  const filter = { createdFrom: from?.toISOString(), createdTo: to?.toISOString() };
  for (const [name, { graphql, isEnum }] of Object.entries(FIELDS)) {
    for (const [suffix, ending] of [["", "In"], ["_not", "NotIn"]]) {
      const values = address.getAll(name + suffix);
      if (values.length) filter[graphql + ending] = isEnum ? values.map(asEnum) : values;
    }
  }
  for (const [name, graphql] of Object.entries(HOURS)) {
    if (address.has(name)) Object.assign(filter, { [graphql]: Number(address.get(name)), timeZone: zoneOf(address) });
  }
  if (address.get("q")?.trim()) filter.q = address.get("q")?.trim();
  if (address.has("requires_action")) filter.requiresAction = address.get("requires_action") === "true";
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** @param {string} value */
function asEnum(value) {
  return value === UNKNOWN ? null : value.toUpperCase();
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

/** @typedef {{key: string, title: string, verb: string, text: string, without: Record<string, null>, opposite: Record<string, string[] | null> | null}} Chip */

/** What restricts the list beside the period, each removable. @param {URLSearchParams} address @returns {Chip[]} */
export function chipsOf(address) {
  /** @type {Chip[]} */
  const chips = [];
  for (const [name, { title, isEnum }] of Object.entries(FIELDS)) {
    for (const [key, other, verb] of [[name, `${name}_not`, "is"], [`${name}_not`, name, "is not"]]) {
      const values = address.getAll(key);
      if (!values.length) continue;
      const text = values.map((value) => (isEnum ? words(value) : value)).join(" or ");
      const opposite = { [key]: null, [other]: [...new Set([...values, ...address.getAll(other)])] };
      chips.push({ key, title, verb, text, without: { [key]: null }, opposite });
    }
  }
  const [weekday, hour] = Object.keys(HOURS).map((name) => address.get(name));
  if (weekday || hour) {
    const text = [weekday && weekdayName(Number(weekday)), hour && hourName(Number(hour))].filter(Boolean).join(", ");
    chips.push({ key: "created_weekday", title: "Created", verb: "on", text, without: { created_weekday: null, created_hour: null }, opposite: null });
  }
  const action = address.get("requires_action");
  if (action) chips.push({ key: "requires_action", title: "Action", verb: "is", text: action === "true" ? "required" : "not required", without: { requires_action: null }, opposite: null });
  return chips;
}
