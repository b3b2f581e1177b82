// @ts-check
/** What tickets are counted by: the names of the values, their order and their colours. */
import { valueName } from "./format.js";

export const UNKNOWN = "unknown";
const ORDER = {
  urgency: ["high", "medium", "low"],
  sentiment: ["negative", "neutral", "positive"],
  status_category: ["open", "pending", "closed"],
};
/** Fields with a closed set of values, of which the most frequent come first. */
const CLOSED = ["language"];
const COLOURS = {
  high: "red", medium: "amber", low: "grey",
  negative: "red", neutral: "grey", positive: "green",
  open: "blue", pending: "amber", closed: "grey",
};
/** For values that come from outside, by rank. */
const RANKED = ["blue", "teal", "violet", "amber", "pink", "grey"];

/** @typedef {{value: string, name: string, colour: string, count: number}} Slice */

/**
 * Counts in their order, with a colour each. Values are spelled as the address has them.
 * @param {keyof typeof ORDER | "status" | "source" | "language"} field
 * @param {{value: string, count: number}[]} counts as the API answers them, most frequent first
 * @returns {Slice[]}
 */
export function slices(field, counts) {
  const order = /** @type {Record<string, string[]>} */ (ORDER)[field];
  const isClosed = order || CLOSED.includes(field);
  const lowered = isClosed ? counts.map((each) => ({ ...each, value: each.value.toLowerCase() })) : counts;
  const sorted = order ? [...lowered].sort((a, b) => rank(order, a.value) - rank(order, b.value)) : lowered;
  return sorted.map((each, index) => ({ ...each, name: isClosed ? valueName(field, each.value) : each.value, colour: colourOf(field, each.value, index) }));
}

/** @param {string} field @param {string} value @param {number} index */
export function colourOf(field, value, index = 0) {
  if (value === UNKNOWN) return "grey";
  if (field === "source" || field === "language") return RANKED[Math.min(index, RANKED.length - 1)];
  return /** @type {Record<string, string>} */ (COLOURS)[value] ?? "blue";
}

/** @param {string[]} order @param {string} value */
function rank(order, value) {
  const found = order.indexOf(value);
  return found < 0 ? order.length : found;
}

/** The statistics' lists in one shape. @param {any[]} list @param {string} name the field that holds the value */
export function valued(list, name = "value") {
  return list.map((each) => ({ value: String(each[name] ?? UNKNOWN), count: each.count }));
}
