// @ts-check
/**
 * Which tickets a page is about: from the address to a GraphQL filter, to chips, and to the list of the tickets behind
 * a figure.
 */
import { changed, go, viewed } from "./address.js";
import { hourName, valueName, weekdayName } from "./format.js";
import { zoneOf } from "./period.js";
import { UNKNOWN } from "./series.js";

/**
 * `counted`: its counts in the statistics; `isSparse`: tickets of some sources never have it, and it is then not offered.
 * @typedef {{title: string, graphql: string, isEnum?: boolean, values?: string[], counted?: string, isSparse?: boolean}} Field
 */
/** The fields that can be chosen by value, by their names in the address and in REST. @type {Record<string, Field>} */
export const FIELDS = {
  urgency: { title: "Urgency", graphql: "urgency", isEnum: true, values: ["high", "medium", "low"] },
  status_category: { title: "State", graphql: "statusCategory", isEnum: true, values: ["open", "pending", "closed"] },
  status: { title: "Status", graphql: "status", counted: "byStatus" },
  sentiment: { title: "Sentiment", graphql: "sentiment", isEnum: true, values: ["negative", "neutral", "positive"] },
  language: { title: "Language", graphql: "language", isEnum: true, values: ["en", "de", "fr", "es", "pt", "it", "unsupported"] },
  judged_by: { title: "Decided by", graphql: "judgedBy", isEnum: true, values: ["rules", "learned", "person"] },
  source: { title: "Source", graphql: "source", counted: "bySource" },
  priority: { title: "Priority", graphql: "priority", counted: "byPriority", isSparse: true },
  assignee: { title: "Assignee", graphql: "assignee", counted: "byAssignee", isSparse: true },
  tag: { title: "Tag", graphql: "tag", counted: "byTag", isSparse: true },
  keyword: { title: "Keyword", graphql: "keyword" },
  rule: { title: "Rule", graphql: "rule" },
  customer_id: { title: "Customer", graphql: "customerId" },
};
/** When by the clock of the zone tickets were created, by the names in the address and in REST, and in GraphQL. */
export const HOURS = { created_weekday: "createdWeekday", created_hour: "createdHour" };
/** Every name of a condition in the address. */
const NAMES = [...Object.keys(FIELDS).flatMap((name) => [name, `${name}_not`]), ...Object.keys(HOURS), "requires_action", "q"];
/** What choosing something else ends: the page of the list. */
export const FIRST_PAGE = { after: null, before: null, ticket: null };
/** No condition at all. @type {Record<string, null>} */
export const NO_CONDITION = Object.fromEntries(NAMES.map((name) => [name, null]));

/** The conditions as a GraphQL filter; null: there is none. @param {URLSearchParams} address */
export function filterOf(address) {
  /** @type {Record<string, unknown>} */
  const filter = {};
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
  return Object.keys(filter).length ? filter : null;
}

/** @param {string} value */
function asEnum(value) {
  return value === UNKNOWN ? null : value.toUpperCase();
}

/**
 * The list of the tickets that a figure counts: those of the page that also meet further conditions, a value a field.
 * @param {URLSearchParams} address
 * @param {Record<string, string | undefined>} further what the figure counts
 * @param {import("./address.js").Changes} others what else of the address differs
 */
export function listOf(address, further = {}, others = {}) {
  /** @type {Record<string, string[]>} */
  const all = Object.fromEntries(NAMES.map((name) => [name, address.getAll(name)]));
  for (const [name, value] of Object.entries(further)) {
    if (value === undefined) continue;
    if (name.endsWith("_not")) all[name] = [...new Set([...all[name], value])];
    else {
      // A ticket has one urgency: where the page is about others, none is counted, and none is listed.
      if (FIELDS[name]?.isEnum && all[name].length && !all[name].includes(value)) all[`${name}_not`] = [value];
      all[name] = [value];
    }
  }
  return viewed("tickets", { ...others, ...all });
}

/** Whether the page is about tickets with this value. @param {URLSearchParams} address @param {string} name @param {string} value */
export function isChosen(address, name, value) {
  return address.getAll(name).includes(value);
}

/** The address with a value of a field as a condition, without it if it is one. @param {URLSearchParams} address @param {string} name @param {string} value */
export function toggled(address, name, value) {
  const others = address.getAll(name).filter((each) => each !== value);
  return changed({ ...FIRST_PAGE, [name]: isChosen(address, name, value) ? others : [...others, value] }, address);
}

/** @typedef {{has: (value: string) => boolean, toggle: (value: string) => void}} Choice */

/** What clicks on the values of a field do: each restricts the page, or no longer. @param {URLSearchParams} address @param {string} name @returns {Choice} */
export function choiceOf(address, name) {
  return { has: (value) => isChosen(address, name, value), toggle: (value) => go(toggled(address, name, value)) };
}

/** @typedef {{key: string, title: string, verb: string, text: string, without: Record<string, null>, opposite: Record<string, string[] | null> | null}} Chip */

/** What restricts the page beside the period, each removable. @param {URLSearchParams} address @returns {Chip[]} */
export function chipsOf(address) {
  /** @type {Chip[]} */
  const chips = [];
  for (const [name, { title, isEnum }] of Object.entries(FIELDS)) {
    for (const [key, other, verb] of [[name, `${name}_not`, "is"], [`${name}_not`, name, "is not"]]) {
      const values = address.getAll(key);
      if (!values.length) continue;
      const text = values.map((value) => (isEnum ? valueName(name, value) : value)).join(" or ");
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
  const search = address.get("q")?.trim();
  if (search) chips.push({ key: "q", title: "Text", verb: "has", text: search, without: { q: null }, opposite: null });
  return chips;
}
