// @ts-check
/** Numbers, shares and times as people read them. */

const LANGUAGES = {
  en: "English", de: "German", fr: "French", es: "Spanish", pt: "Portuguese", it: "Italian", unsupported: "Another language",
};
const JUDGES = { rules: "Rules", learned: "What was learned", person: "A person" };
const NAMED = /** @type {Record<string, Record<string, string>>} */ ({ language: LANGUAGES, judged_by: JUDGES });
const NUMBER = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const SHARE = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const CHANGE = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
const POINTS = new Intl.NumberFormat("en", { maximumFractionDigits: 1, signDisplay: "exceptZero" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]);

/** @param {number} value */
export const number = (value) => NUMBER.format(value);
/** @param {number} value */
export const short = (value) => SHORT.format(value);
/** @param {number} ratio */
export const share = (ratio) => SHARE.format(ratio);
/** @param {number} ratio 0.25: a quarter more */
export const change = (ratio) => CHANGE.format(ratio);
/** A change of a ratio, in percentage points. @param {number} difference */
export const points = (difference) => `${POINTS.format(difference * 100)} pt`;

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** `HALF_OPEN` as `Half open`. @param {string | null | undefined} value */
export function words(value) {
  const text = (value ?? "unknown").toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a value of a closed field is called. @param {string} field @param {string | null | undefined} value */
export function valueName(field, value) {
  return NAMED[field]?.[(value ?? "").toLowerCase()] ?? words(value);
}

/** @param {string | number | Date} moment @param {number} now */
export function relative(moment, now) {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  const [unit, length] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  if (unit === "second") return Math.abs(seconds) < 10 ? "just now" : seconds < 0 ? "under a minute ago" : "in under a minute";
  return RELATIVE.format(Math.trunc(seconds / length), unit);
}

/** @param {string | number | Date} moment @param {string} zone */
export function absolute(moment, zone) {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(new Date(moment));
}

/** The time of day. @param {string | Date} moment @param {string} zone */
export function clock(moment, zone) {
  const parts = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...parts }).format(new Date(moment));
}

/** When a step of a trend begins. @param {string} moment @param {string} unit @param {string} zone */
export function stepName(moment, unit, zone) {
  /** @type {Record<string, Intl.DateTimeFormatOptions>} */
  const options = {
    HOUR: { weekday: "short", hour: "2-digit", minute: "2-digit" },
    DAY: { weekday: "short", day: "numeric", month: "short" },
    WEEK: { day: "numeric", month: "short", year: "numeric" },
    MONTH: { month: "long", year: "numeric" },
  };
  const text = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options[unit] }).format(new Date(moment));
  return unit === "WEEK" ? `Week of ${text}` : text;
}

/** The same, short, for an axis. @param {string} moment @param {string} unit @param {string} zone */
export function stepMark(moment, unit, zone) {
  /** @type {Record<string, Intl.DateTimeFormatOptions>} */
  const options = {
    HOUR: { hour: "2-digit", minute: "2-digit" },
    DAY: { day: "numeric", month: "short" },
    WEEK: { day: "numeric", month: "short" },
    MONTH: { month: "short", year: "2-digit" },
  };
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options[unit] }).format(new Date(moment));
}

/** @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3_600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}

/** @param {number} weekday Monday is 1 @param {"long" | "short"} [weekdayLength] */
export function weekdayName(weekday, weekdayLength = "long") {
  // The first day of 2024 was a Monday.
  return new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: weekdayLength }).format(Date.UTC(2024, 0, weekday));
}

/** The hour of a day, as `09:00 – 10:00`. @param {number} hour */
export const hourName = (hour) => `${two(hour)}:00 – ${two((hour + 1) % 24)}:00`;
/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");
