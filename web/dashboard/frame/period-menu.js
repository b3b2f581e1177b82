// @ts-check
/** The period that the figures are about. */
import { changed, go } from "../kit/address.js";
import { html } from "../kit/html.js";
import { DAY_MS, PERIODS, dateOf, periodOf, zoneOf } from "../kit/period.js";
import { Menu } from "../parts/menu.js";

/** What a new period ends: the old one's ends, and the page of a list. */
const FORGOTTEN = { from: null, to: null, after: null, before: null };

/** @param {{address: URLSearchParams}} props */
export function PeriodMenu({ address }) {
  const zone = zoneOf(address);
  const period = periodOf(address, Date.now());
  const label = period.name === "custom" ? customName(period, zone) : PERIODS[/** @type {"all"} */ (period.name)];
  return html`
    <${Menu} name=${`Period: ${label}`} label=${label} align="right">
      ${(/** @type {() => void} */ close) => html`
        <ul class="choices">
          ${Object.entries(PERIODS).map(
            ([name, title]) => html`
              <li key=${name}>
                <a href=${changed({ ...FORGOTTEN, period: name })} onClick=${close}
                  aria-current=${name === period.name ? "true" : null}>${name === "all" ? title : `Last ${title}`}</a>
              </li>
            `,
          )}
        </ul>
        <${Custom} period=${period} zone=${zone} close=${close} />
      `}
    <//>
  `;
}

/** @param {{period: {from: Date | null, to: Date | null}, zone: string, close: () => void}} props */
function Custom({ period, zone, close }) {
  const from = period.from ? dateOf(period.from, zone) : "";
  const to = period.to ? lastDay(period.to, zone) : dateOf(Date.now(), zone);
  /** @param {SubmitEvent} event */
  const apply = (event) => {
    event.preventDefault();
    const given = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const days = [String(given.get("from")), String(given.get("to"))].sort();
    go(changed({ ...FORGOTTEN, period: null, from: days[0], to: days[1] }));
    close();
  };
  return html`
    <form class="custom" onSubmit=${apply}>
      <label>From <input type="date" name="from" required defaultValue=${from} /></label>
      <label>To <input type="date" name="to" required defaultValue=${to} /></label>
      <button type="submit">Show these days</button>
    </form>
  `;
}

/** @param {{from: Date | null, to: Date | null}} period @param {string} zone */
export function customName({ from, to }, zone) {
  const thisYear = dateOf(Date.now(), zone).slice(0, 4);
  const isOld = [from, to && new Date(Number(to) - 1)].some((moment) => moment && dateOf(moment, zone).slice(0, 4) !== thisYear);
  const day = (/** @type {Date} */ moment) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", ...(isOld && { year: "numeric" }) }).format(moment);
  const isShort = from && to && Number(to) - Number(from) < 1.5 * DAY_MS;
  const hours = (/** @type {Date} */ moment) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(moment);
  if (isShort && hours(from) !== "00:00") return `${day(from)}, ${hours(from)} – ${hours(to)}`;
  const [start, end] = [from ? day(from) : "…", to ? day(new Date(Number(to) - 1)) : "now"];
  return start === end ? start : `${start} – ${end}`;
}

/** @param {Date} end which is no longer part of the period @param {string} zone */
function lastDay(end, zone) {
  return dateOf(Number(end) - 1, zone);
}
