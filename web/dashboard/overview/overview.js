// @ts-check
/** A tenant's figures for a period; each opens the tickets that it counts. */
import { changed, go, viewed } from "../kit/address.js";
import { html, useState } from "../kit/html.js";
import { dateOf, periodOf, startOfDay, unitFor, zoneOf } from "../kit/period.js";
import { slices, valued } from "../kit/series.js";
import { useAnswer } from "../kit/use-answer.js";
import { AtRisk } from "./at-risk.js";
import { Bars } from "../charts/bars.js";
import { Empty, Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { TrendChart } from "../charts/trend-chart.js";
import { Figures } from "./figures.js";

const UNITS = { HOUR: "hour", DAY: "day", WEEK: "week", MONTH: "month" };
const BREAKDOWNS = {
  urgency: { title: "Urgency", part: "byUrgencyOverTime" },
  status_category: { title: "Status", part: "byCategoryOverTime" },
  sentiment: { title: "Sentiment", part: "bySentimentOverTime" },
  source: { title: "Source", part: "bySourceOverTime" },
};

/** @param {{address: URLSearchParams, version: number}} props */
export function Overview({ address, version }) {
  const now = useNow();
  const zone = zoneOf(address);
  const period = periodOf(address, now);
  const tenant = address.get("tenant");
  const oldest = useAnswer("oldest", period.from ? null : { tenant }, version);
  const first = oldest.data?.tickets?.nodes[0]?.createdAt;
  const begin = period.from ?? (first ? new Date(first) : startOfDay(now, zone));
  const unit = unitFor((period.to?.getTime() ?? now) - begin.getTime());
  const isReady = period.from || !oldest.isLoading;
  const variables = { tenant, from: iso(period.from), to: iso(period.to), trendFrom: iso(begin), unit, zone };
  const answer = useAnswer("overview", isReady ? variables : null, version);
  const stats = answer.data?.tenantStats;
  if (!stats) return answer.problem ? html`<${Problem} text=${answer.problem} />` : html`<${Skeleton} lines=${6} tall />`;
  if (stats.totalTickets === 0 && period.name === "all") return html`<${NoTickets} tenant=${tenant} />`;
  return html`
    <h1 class="unseen">Overview of ${tenant}</h1>
    <${Problem} text=${answer.problem} />
    <div class=${answer.isLoading ? "overview stale" : "overview"} aria-busy=${answer.isLoading}>
      <${Figures} stats=${stats} period=${period} />
      <${Trend} stats=${stats} unit=${unit} zone=${zone} begin=${begin} end=${period.to} />
      <${Breakdowns} stats=${stats} />
      <div class="halves">
        <${Bars} title="Top keywords" rows=${keywords(stats)} total=${stats.totalTickets} shown=${10} hrefOf=${(/** @type {string} */ keyword) => viewed("tickets", { keyword })} />
        <${AtRisk} customers=${stats.atRiskCustomers} />
      </div>
    </div>
  `;
}

/** @param {{tenant: string}} props */
function NoTickets({ tenant }) {
  return html`
    <h1 class="unseen">Overview of ${tenant}</h1>
    <${Empty} title="No tickets of this tenant yet"><p><a href=${viewed("ingestion")}>Start a run</a></p><//>
  `;
}

/** @param {{stats: any, unit: keyof UNITS, zone: string, begin: Date, end: Date | null}} props */
function Trend({ stats, unit, zone, begin, end }) {
  const [field, setField] = useState(/** @type {keyof BREAKDOWNS} */ ("urgency"));
  const found = stats[BREAKDOWNS[field].part];
  if (!found) return null;
  const legend = slices(field, totals(found));
  const steps = found.map((/** @type {any} */ step, /** @type {number} */ index) => ({
    start: index === 0 ? begin.toISOString() : step.start,
    end: found[index + 1]?.start ?? iso(end),
    count: step.count,
    slices: legend.map((slice) => ({ ...slice, count: countOf(step, slice.value) })).filter((slice) => slice.count > 0),
  }));
  /** @param {any} step @param {string} [value] */
  const hrefOf = (step, value) => viewed("tickets", { period: null, from: step.start, to: step.end, [field]: value });
  /** @param {any} from @param {any} to */
  const brush = (from, to) => {
    const until = new Date(to.end ?? Date.now());
    const days = { from: dateOf(new Date(from.start), zone), to: dateOf(until.getTime() - 1, zone) };
    go(changed({ period: null, ...(unit === "HOUR" ? { from: from.start, to: until.toISOString() } : days) }));
  };
  return html`
    <${TrendChart} title="Created per ${UNITS[unit]}" steps=${steps} unit=${unit} zone=${zone} legend=${legend} hrefOf=${hrefOf} onBrush=${brush}>
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

/** @param {{stats: any}} props */
function Breakdowns({ stats }) {
  const lists = /** @type {const} */ ([
    ["Status", "status", valued(stats.byStatus)],
    ["Urgency", "urgency", valued(stats.byUrgency, "urgency")],
    ["Sentiment", "sentiment", valued(stats.bySentiment, "sentiment")],
    ["Source", "source", valued(stats.bySource)],
  ]);
  return html`
    <div class="quarters">
      ${lists.map(
        ([title, field, counts]) => html`
          <${Bars} key=${field} title=${title} rows=${slices(field, counts)} total=${stats.totalTickets}
            hrefOf=${(/** @type {string} */ value) => viewed("tickets", { [field]: value })} />
        `,
      )}
    </div>
  `;
}

/** @param {any} stats */
function keywords(stats) {
  return stats.topKeywords.map((/** @type {any} */ each) => ({ value: each.keyword, name: each.keyword, colour: "blue", count: each.count }));
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

/** @param {Date | null} moment */
function iso(moment) {
  return moment?.toISOString() ?? null;
}
