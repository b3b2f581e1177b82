// @ts-check
/** Periods and time zones: from what the address says to moments. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const PERIODS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", all: "All time" };
export const USUAL = "30d";
/** More bars than about that cannot be told apart. */
const MAX_STEPS = 64;

/** @param {URLSearchParams} address */
export function zoneOf(address) {
  const zone = address.get("zone");
  return zone && isZone(zone) ? zone : browserZone();
}

export function browserZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** @param {string} zone */
export function isZone(zone) {
  try {
    Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * The period: full hours or days by the clock of the zone, so that a figure and the list behind it agree.
 * @param {URLSearchParams} address
 * @param {number} now
 * @returns {{name: string, from: Date | null, to: Date | null}} `to` null: until now
 */
export function periodOf(address, now) {
  const zone = zoneOf(address);
  const [from, to] = [bound(address.get("from"), zone, 0), bound(address.get("to"), zone, 1)];
  if (from || to) return { name: "custom", from, to };
  const asked = address.get("period") ?? "";
  const name = Object.hasOwn(PERIODS, asked) ? asked : USUAL;
  if (name === "all") return { name, from: null, to: null };
  if (name === "24h") return { name, from: new Date(Math.floor(now / HOUR_MS) * HOUR_MS - 23 * HOUR_MS), to: null };
  return { name, from: startOfDay(now, zone, 1 - Number.parseInt(name, 10)), to: null };
}

/**
 * When the period of the same length that precedes one begins; null for one without a beginning. One that lasts until
 * now counts as long as it was at the last full hour (of a day, ten minutes): figures need not be asked for all the time.
 * @param {{from: Date | null, to: Date | null}} period @param {number} now
 */
export function precedingStart({ from, to }, now) {
  if (!from) return null;
  const step = now - Number(from) > DAY_MS ? HOUR_MS : HOUR_MS / 6;
  const end = to ? Number(to) : Math.floor(now / step) * step;
  return new Date(Number(from) - Math.max(end - Number(from), 0));
}

/** A day stands for its midnight; as an end (`plus` 1), for that of the next. @param {string | null} text @param {string} zone @param {number} [plus] */
export function bound(text, zone, plus = 0) {
  if (!text) return null;
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (day) return midnight(zone, Number(day[1]), Number(day[2]), Number(day[3]) + plus);
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

/** The first moment of the day `days` after that of `now`. @param {number} now @param {string} zone */
export function startOfDay(now, zone, days = 0) {
  const { year, month, day } = civil(now, zone);
  return midnight(zone, year, month, day + days);
}

/**
 * When a day begins; where clocks skip midnight, the first moment after it.
 * @param {string} zone @param {number} year @param {number} month @param {number} day
 */
function midnight(zone, year, month, day) {
  const wanted = Date.UTC(year, month - 1, day);
  let moment = wanted;
  // Twice: the first step may land on the other side of a change of the clocks.
  for (let round = 0; round < 2; round += 1) moment = wanted - offset(moment, zone);
  const short = wanted - (moment + offset(moment, zone));
  return new Date(short > 0 ? moment + short : moment);
}

/** By how many milliseconds the zone is ahead of UTC. @param {number} moment @param {string} zone */
function offset(moment, zone) {
  const at = civil(moment, zone);
  return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - Math.floor(moment / 1000) * 1000;
}

/** The clock of the zone. @param {number} moment @param {string} zone @returns {Record<string, number>} */
function civil(moment, zone) {
  const format = new Intl.DateTimeFormat("en-u-ca-iso8601", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
}

/** The civil date of a moment, as `2026-02-05`. @param {number | Date} moment @param {string} zone */
export function dateOf(moment, zone) {
  const { year, month, day } = civil(Number(moment), zone);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** The finest unit whose steps can be told apart. @param {number} milliseconds */
export function unitFor(milliseconds) {
  if (milliseconds <= 2.1 * DAY_MS) return "HOUR";
  if (milliseconds <= 1.5 * MAX_STEPS * DAY_MS) return "DAY";
  return milliseconds <= 2 * MAX_STEPS * 7 * DAY_MS ? "WEEK" : "MONTH";
}
