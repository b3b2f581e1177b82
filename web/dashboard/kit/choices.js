// @ts-check
/** The values that a tenant's tickets have in fields whose values nobody knows beforehand. */
import { FIELDS } from "./conditions.js";
import { UNKNOWN } from "./series.js";

/** The values, most frequent first. @param {string} name @param {any} stats what `queries/choices.graphql` has found @returns {string[]} */
export function offeredBy(name, stats) {
  if (name === "keyword") return (stats?.topKeywords ?? []).map((/** @type {any} */ each) => each.keyword);
  const counts = stats?.[FIELDS[name]?.counted ?? ""] ?? [];
  return counts.map((/** @type {any} */ each) => each.value);
}

/** Whether tickets have values in a field that some sources do not have. @param {string} name @param {any} stats */
export function occurs(name, stats) {
  return !FIELDS[name]?.isSparse || offeredBy(name, stats).some((value) => value !== UNKNOWN);
}
