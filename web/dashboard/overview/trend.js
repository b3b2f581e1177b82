// @ts-check
/** How tickets came and were closed, over the period. */
import { changed, go } from "../kit/address.js";
import { choiceOf, filterOf, listOf } from "../kit/conditions.js";
import { html, useState } from "../kit/html.js";
import { dateOf } from "../kit/period.js";
import { slices } from "../kit/series.js";
import { Outlook } from "./outlook.js";
import { TrendChart } from "../charts/trend-chart.js";

const UNITS = { HOUR: "hour", DAY: "day", WEEK: "week", MONTH: "month" };
const BREAKDOWNS = {
  urgency: { title: "Urgency", part: "byUrgencyOverTime" },
  status_category: { title: "Status", part: "byCategoryOverTime" },
  sentiment: { title: "Sentiment", part: "bySentimentOverTime" },
  source: { title: "Source", part: "bySourceOverTime" },
};

/** @param {{address: URLSearchParams, stats: any, unit: keyof UNITS, zone: string, begin: Date, end: Date | null}} props */
export function Trend({ address, stats, unit, zone, begin, end }) {
  const [field, setField] = useState(/** @type {keyof BREAKDOWNS} */ ("urgency"));
  const found = stats[BREAKDOWNS[field].part];
  if (!found) return null;
  const filter = filterOf(address);
  const legend = slices(field, totals(found));
  const closed = new Map(stats.flow?.map((/** @type {any} */ step) => [step.start, step.closed]));
  const steps = found.map((/** @type {any} */ step, /** @type {number} */ index) => ({
    start: index === 0 ? begin.toISOString() : step.start,
    end: found[index + 1]?.start ?? end?.toISOString() ?? null,
    count: step.count,
    closed: closed.get(step.start) ?? null,
    slices: legend.map((slice) => ({ ...slice, count: countOf(step, slice.value) })).filter((slice) => slice.count > 0),
  }));
  /** @param {any} step @param {string} [value] */
  const hrefOf = (step, value) => listOf(address, { [field]: value }, { period: null, from: step.start, to: step.end });
  /** @param {any} from @param {any} to */
  const brush = (from, to) => {
    const until = new Date(to.end ?? Date.now());
    const days = { from: dateOf(new Date(from.start), zone), to: dateOf(until.getTime() - 1, zone) };
    go(changed({ period: null, ...(unit === "HOUR" ? { from: from.start, to: until.toISOString() } : days) }));
  };
  return html`
    <${TrendChart} title="Created per ${UNITS[unit]}" steps=${steps} unit=${unit} zone=${zone} legend=${legend} choice=${choiceOf(address, field)}
      note=${filter && "No closings: they are known of all tickets together only"}
      ahead=${!filter && !end && html`<${Outlook} tenant=${address.get("tenant")} zone=${zone} />`} hrefOf=${hrefOf} onBrush=${brush}>
      <div class="switch" role="group" aria-label="Stacked by">
        ${Object.entries(BREAKDOWNS).map(
          ([name, { title }]) => html`
            <button type="button" key=${name} aria-pressed=${name === field} onClick=${() => setField(/** @type {keyof BREAKDOWNS} */ (name))}>${title}</button>
          `,
        )}
      </div>
    <//>
  `;
}

/** How often each value occurs in all steps, most frequent first. @param {any[]} steps */
function totals(steps) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const step of steps) for (const { value, count } of step.breakdown) sums.set(value, (sums.get(value) ?? 0) + count);
  return [...sums].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

/** @param {any} step @param {string} value as the address spells it */
function countOf(step, value) {
  return step.breakdown.find((/** @type {any} */ each) => each.value === value || each.value.toLowerCase() === value)?.count ?? 0;
}
