// @ts-check
/** A tenant's figures for a period; each opens the tickets that it counts. */
import { viewed } from "../kit/address.js";
import { html } from "../kit/html.js";
import { periodOf, precedingStart, startOfDay, unitFor, zoneOf } from "../kit/period.js";
import { slices, valued } from "../kit/series.js";
import { useAnswer } from "../kit/use-answer.js";
import { AtRisk } from "./at-risk.js";
import { Bars } from "../charts/bars.js";
import { Empty, Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { HeatMap } from "../charts/heat-map.js";
import { Figures } from "./figures.js";
import { Trend } from "./trend.js";

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
  const before = precedingStart(period, now);
  const asked = { tenant, from: iso(period.from), to: iso(period.to), beforeFrom: iso(before), hasBefore: before !== null };
  const variables = { ...asked, trendFrom: iso(begin), unit, zone };
  const answer = useAnswer("overview", isReady ? variables : null, version);
  const stats = answer.data?.tenantStats;
  if (!stats) return answer.problem ? html`<${Problem} text=${answer.problem} />` : html`<${Skeleton} lines=${6} tall />`;
  if (stats.totalTickets === 0 && period.name === "all") return html`<${NoTickets} tenant=${tenant} />`;
  return html`
    <h1 class="unseen">Overview of ${tenant}</h1>
    <${Problem} text=${answer.problem} />
    <div class=${answer.isLoading ? "overview stale" : "overview"} aria-busy=${answer.isLoading}>
      <${Figures} stats=${stats} before=${answer.data.before ?? null} period=${period} beforeFrom=${before} />
      <${Trend} stats=${stats} unit=${unit} zone=${zone} begin=${begin} end=${period.to} />
      ${stats.heatMap && html`<${HeatMap} cells=${stats.heatMap} total=${stats.totalTickets} hrefOf=${cellHref} />`}
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

/** @param {import("../charts/heat-map.js").Cell} cell */
function cellHref({ weekday, hour }) {
  return viewed("tickets", { created_weekday: String(weekday), created_hour: String(hour) });
}

/** @param {any} stats */
function keywords(stats) {
  return stats.topKeywords.map((/** @type {any} */ each) => ({ value: each.keyword, name: each.keyword, colour: "blue", count: each.count }));
}

/** @param {Date | null} moment */
function iso(moment) {
  return moment?.toISOString() ?? null;
}
