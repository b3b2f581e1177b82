// @ts-check
/** All tenants that the caller may see, each a way in. */
import { changed } from "../kit/address.js";
import { counted, number, share, words } from "../kit/format.js";
import { html } from "../kit/html.js";
import { startOfDay, zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { Sparkline } from "../charts/sparkline.js";
import { Empty, Skeleton } from "../parts/states.js";
import { Moment, useNow } from "../parts/time.js";

/** Whose figures are asked for at once; the others show only their totals. */
const SUMMARISED = 24;
const DAYS = 30;

/** @param {{address: URLSearchParams, frame: import("../kit/use-answer.js").Answer, version: number}} props */
export function Home({ address, frame }) {
  const zone = zoneOf(address);
  const now = useNow();
  const tenants = frame.data?.tenants;
  const from = startOfDay(now, zone, 1 - DAYS).toISOString();
  return html`
    <h1>Tenants</h1>
    ${!tenants && frame.isLoading && html`<${Skeleton} lines=${4} tall />`}
    ${tenants?.length === 0 && html`<${Empty} title="No tenant has tickets yet"><p>A run brings them in: <code>python -m gql_app ingest TENANT</code></p><//>`}
    <ul class="tenants">
      ${(tenants ?? []).map(
        (/** @type {any} */ tenant, /** @type {number} */ index) => html`
          <${TenantCard} key=${tenant.tenantId} tenant=${tenant} zone=${zone} now=${now} from=${from} isSummarised=${index < SUMMARISED} />
        `,
      )}
    </ul>
  `;
}

/** @param {{tenant: any, zone: string, now: number, from: string, isSummarised: boolean}} props */
function TenantCard({ tenant, zone, now, from, isSummarised }) {
  const id = tenant.tenantId;
  const { data } = useAnswer("tenant-summary", isSummarised ? { tenant: id, zone, from } : null);
  const stats = data?.tenantStats;
  const high = stats?.byUrgency.find((/** @type {any} */ each) => each.urgency === "HIGH")?.count ?? 0;
  const closed = stats?.byStatusCategory.find((/** @type {any} */ each) => each.statusCategory === "CLOSED")?.count ?? 0;
  const list = (/** @type {Record<string, string>} */ filter) => changed({ tenant: id, view: "tickets", period: "all", ...filter });
  return html`
    <li class="card tenant">
      <h2><a href=${changed({ tenant: id })} data-top dir="auto">${id}</a></h2>
      <p class="value"><a href=${list({})} data-top>${number(tenant.ticketCount)}</a> <span class="unit">tickets</span></p>
      <${Sparkline} values=${(stats?.trend ?? []).slice(0, -1).map((/** @type {any} */ step) => step.count)} />
      <dl class="facts">
        <div><dt>High urgency</dt><dd>${stats ? html`<a href=${list({ urgency: "high" })} data-top>${number(high)}</a> <span class="quiet">${share(stats.urgencyHighRatio)}</span>` : "–"}</dd></div>
        <div><dt>Open now</dt><dd>${stats ? html`<a href=${list({ status_category_not: "closed" })} data-top>${number(stats.totalTickets - closed)}</a>` : "–"}</dd></div>
        <div><dt>Notifications</dt><dd>${data?.notificationCounts ? outbox(data.notificationCounts, changed({ tenant: id, view: "notifications" })) : "–"}</dd></div>
        <div><dt>Last run</dt><dd><${LastRun} run=${tenant.lastRun} zone=${zone} now=${now} /></dd></div>
      </dl>
    </li>
  `;
}

/** @param {{run: any, zone: string, now: number}} props */
function LastRun({ run, zone, now }) {
  if (!run) return html`<span class="quiet">never</span>`;
  const tone = { FAILED: "red", CANCELLED: "amber" }[/** @type {string} */ (run.status)] ?? "";
  return html`<span class=${tone}>${words(run.status)}</span>${" "}
    <span class="quiet"><${Moment} at=${run.endedAt ?? run.startedAt} zone=${zone} now=${now} /></span>`;
}

/** @param {{pending: number, dead: number}} counts @param {string} href */
function outbox({ pending, dead }, href) {
  return html`<a href=${href} data-top>${number(pending)} waiting</a>${dead ? html`, <span class="red">${counted(dead, "dead letter")}</span>` : ""}`;
}
