// @ts-check
/** A tenant's figures for a period; each opens the tickets that it counts. What is clicked in a chart restricts all of them. */
import { choiceOf, filterOf, listOf } from "../kit/conditions.js";
import { counted } from "../kit/format.js";
import { html } from "../kit/html.js";
import { periodOf, precedingStart, startOfDay, unitFor, zoneOf } from "../kit/period.js";
import { slices, valued } from "../kit/series.js";
import { useAnswer } from "../kit/use-answer.js";
import { AtRisk } from "./at-risk.js";
import { Bars } from "../charts/bars.js";
import { FilterChips } from "../parts/filter-chips.js";
import { NoTickets } from "../parts/no-tickets.js";
import { Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { HeatMap } from "../charts/heat-map.js";
import { Figures } from "./figures.js";
import { Trend } from "./trend.js";

/** @param {{address: URLSearchParams, version: number, isNew: boolean}} props `isNew`: the tenant has no tickets */
export function Overview({ address, version, isNew }) {
  const now = useNow();
  const zone = zoneOf(address);
  const period = periodOf(address, now);
  const tenant = address.get("tenant");
  const filter = filterOf(address);
  const oldest = useAnswer("oldest", period.from ? null : { tenant }, version);
  const first = oldest.data?.tickets?.nodes[0]?.createdAt;
  const begin = period.from ?? (first ? new Date(first) : startOfDay(now, zone));
  const unit = unitFor((period.to?.getTime() ?? now) - begin.getTime());
  const isReady = period.from || !oldest.isLoading;
  const before = precedingStart(period, now);
  const asked = { tenant, from: iso(period.from), to: iso(period.to), beforeFrom: iso(before), hasBefore: before !== null };
  const variables = { ...asked, trendFrom: iso(begin), unit, zone, filter, isFiltered: filter !== null };
  const answer = useAnswer("overview", isReady ? variables : null, version);
  const stats = answer.data?.tenantStats;
  const title = html`<h1 class="unseen">Overview of ${tenant}</h1>`;
  if (stats?.totalTickets === 0 && isNew) return html`${title}<${NoTickets} address=${address} isNew />`;
  const problem = answer.isLoading ? null : answer.problem;
  return html`
    ${title}
    <${FilterChips} address=${address} />
    <p class="unseen" role="status">${filter && stats && !answer.isLoading && `${counted(stats.totalTickets, "ticket")} with these filters`}</p>
    <${Problem} text=${problem} onAgain=${answer.again} />
    ${!stats && !problem && html`<${Skeleton} lines=${6} tall />`}
    ${stats &&
    html`<div class=${answer.isLoading ? "overview stale" : "overview"} aria-busy=${answer.isLoading}>
      <${Figures} address=${address} stats=${stats} before=${answer.data.before ?? null} period=${period} beforeFrom=${before} />
      ${isAnyOf(stats)
        ? html`<${Charts} address=${address} stats=${stats} unit=${unit} zone=${zone} begin=${begin} end=${period.to} />`
        : html`<section class="card"><${NoTickets} address=${address} isNew=${isNew} /></section>`}
    </div>`}
  `;
}

/** Whether anything came or was closed. @param {any} stats */
function isAnyOf({ totalTickets, flow }) {
  return totalTickets > 0 || (flow ?? []).some((/** @type {any} */ step) => step.closed > 0);
}

/** @param {{address: URLSearchParams, stats: any, unit: any, zone: string, begin: Date, end: Date | null}} props */
function Charts({ address, stats, ...time }) {
  return html`
    <${Trend} address=${address} stats=${stats} ...${time} />
    ${stats.heatMap && html`<${HeatMap} cells=${stats.heatMap} total=${stats.totalTickets} hrefOf=${cellHref(address)} />`}
    <${Breakdowns} address=${address} stats=${stats} />
    <div class="halves">
      <${Keywords} address=${address} stats=${stats} />
      <${AtRisk} address=${address} customers=${stats.atRiskCustomers} />
    </div>
  `;
}

/** @param {{address: URLSearchParams, stats: any}} props */
function Breakdowns({ address, stats }) {
  const lists = /** @type {const} */ ([
    ["Status", "status", valued(stats.byStatus)],
    ["Urgency", "urgency", valued(stats.byUrgency, "urgency")],
    ["Sentiment", "sentiment", valued(stats.bySentiment, "sentiment")],
    ["Source", "source", valued(stats.bySource)],
    ...(stats.byLanguage.length > 1 ? /** @type {const} */ ([["Language", "language", valued(stats.byLanguage, "language")]]) : []),
  ]);
  return html`
    <div class="quarters">
      ${lists.map(
        ([title, field, counts]) => html`
          <${Bars} key=${field} title=${title} rows=${slices(field, counts)} total=${stats.totalTickets} choice=${choiceOf(address, field)}
            hrefOf=${(/** @type {string} */ value) => listOf(address, { [field]: value })} />
        `,
      )}
    </div>
  `;
}

/**
 * A ticket has several keywords, and no list is chosen by two that it must have both: beside a chosen one, others only count.
 * @param {{address: URLSearchParams, stats: any}} props
 */
function Keywords({ address, stats }) {
  const rows = stats.topKeywords.map((/** @type {any} */ each) => ({ value: each.keyword, name: each.keyword, colour: "blue", count: each.count }));
  const isAnyChosen = address.has("keyword");
  const choice = choiceOf(address, "keyword");
  const hrefOf = (/** @type {string} */ keyword) => (isAnyChosen && !choice.has(keyword) ? null : listOf(address, { keyword }));
  return html`
    <${Bars} title="Top keywords" rows=${rows} total=${stats.totalTickets} shown=${10} choice=${choice} hrefOf=${hrefOf}
      note=${isAnyChosen && "The others are those of the same tickets"} />
  `;
}

/** @param {URLSearchParams} address */
function cellHref(address) {
  return (/** @type {import("../charts/heat-map.js").Cell} */ { weekday, hour }) =>
    listOf(address, { created_weekday: String(weekday), created_hour: String(hour) });
}

/** @param {Date | null} moment */
function iso(moment) {
  return moment?.toISOString() ?? null;
}
