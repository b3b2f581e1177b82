// @ts-check
/** All tenants that the caller may see, each a way in. */
import { changed } from "../kit/address.js";
import { counted, number, share, words } from "../kit/format.js";
import { html, useState } from "../kit/html.js";
import { startOfDay, zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { Sparkline } from "../charts/sparkline.js";
import { Empty, Problem, Skeleton } from "../parts/states.js";
import { Moment, useNow } from "../parts/time.js";

/** Where there are more tenants, one is looked for by name, and their courses are not asked for, each of which is a command of its own. */
const FEW = 24;
const DAYS = 30;
/** How often all is looked at again, for nobody tells of all tenants' changes: of few tenants, and of more. */
const LOOK_MS = { few: 15_000, many: 120_000 };

/** @param {{address: URLSearchParams, frame: import("../kit/use-answer.js").Answer}} props */
export function Home({ address, frame }) {
  const zone = zoneOf(address);
  const tenants = frame.data?.tenants;
  const isFew = (tenants?.length ?? 0) <= FEW;
  const now = useNow(isFew ? LOOK_MS.few : LOOK_MS.many);
  const from = startOfDay(now, zone, 1 - DAYS).toISOString();
  const figures = useAnswer("home", tenants ? { zone, from, withTrend: isFew } : null, now);
  const [sought, seek] = useState("");
  const isSought = (/** @type {any} */ { tenantId }) => tenantId.toLowerCase().includes(sought.trim().toLowerCase());
  const shown = (figures.data?.tenants ?? tenants ?? []).filter(isSought);
  const known = new Map(figures.data?.tenants?.map((/** @type {any} */ each) => [each.tenantId, each]));
  return html`
    <h1>Tenants</h1>
    <${Problem} text=${figures.problem} />
    ${!tenants && frame.isLoading && html`<${Skeleton} lines=${4} tall />`}
    ${tenants?.length === 0 && html`<${Empty} title="No tenant has tickets yet"><p>A run brings them in: <code>python -m gql_app ingest TENANT</code></p><//>`}
    ${!isFew && html`
      <div class="toolbar">
        <input type="search" class="tenant-find" value=${sought} placeholder="Find a tenant" aria-label="Find a tenant" onInput=${(/** @type {any} */ event) => seek(event.target.value)} />
        <p class="quiet" role="status">${sought.trim() ? `${number(shown.length)} of ${number(tenants.length)}` : counted(tenants.length, "tenant")}</p>
      </div>
    `}
    <ul class="tenants">
      ${shown.map(
        (/** @type {any} */ tenant) => html`<${TenantCard} key=${tenant.tenantId} tenant=${tenant} known=${known.get(tenant.tenantId)} hasCourse=${isFew} zone=${zone} now=${now} />`,
      )}
    </ul>
  `;
}

/** @param {{tenant: any, known: any, hasCourse: boolean, zone: string, now: number}} props `known`: its figures, when they are there */
function TenantCard({ tenant, known, hasCourse, zone, now }) {
  const id = tenant.tenantId;
  const stats = known?.stats;
  const total = stats?.totalTickets ?? tenant.ticketCount;
  const high = stats?.byUrgency.find((/** @type {any} */ each) => each.urgency === "HIGH")?.count ?? 0;
  const closed = stats?.byStatusCategory.find((/** @type {any} */ each) => each.statusCategory === "CLOSED")?.count ?? 0;
  const list = (/** @type {Record<string, string>} */ filter) => changed({ tenant: id, view: "tickets", period: "all", ...filter });
  return html`
    <li class="card tenant">
      <h2><a href=${changed({ tenant: id })} data-top dir="auto">${id}</a></h2>
      <p class="value"><a href=${list({})} data-top>${number(total)}</a> <span class="unit">${total === 1 ? "ticket" : "tickets"}</span></p>
      ${hasCourse && html`<${Sparkline} values=${(stats?.trend ?? []).slice(0, -1).map((/** @type {any} */ step) => step.count)} />`}
      <dl class="facts">
        <div><dt>High urgency</dt><dd>${stats ? html`<a href=${list({ urgency: "high" })} data-top>${number(high)}</a> <span class="quiet">${share(stats.urgencyHighRatio)}</span>` : "–"}</dd></div>
        <div><dt>Open now</dt><dd>${stats ? html`<a href=${list({ status_category_not: "closed" })} data-top>${number(stats.totalTickets - closed)}</a>` : "–"}</dd></div>
        <div><dt>Notifications</dt><dd>${known?.notificationCounts ? html`<${Outbox} ...${known.notificationCounts} href=${changed({ tenant: id, view: "notifications" })} />` : "–"}</dd></div>
        <div><dt>Last run</dt><dd><${LastRun} run=${tenant.lastRun} href=${changed({ tenant: id, view: "ingestion" })} zone=${zone} now=${now} /></dd></div>
      </dl>
    </li>
  `;
}

/** @param {{run: any, href: string, zone: string, now: number}} props */
function LastRun({ run, href, zone, now }) {
  if (!run) return html`<span class="quiet">never</span>`;
  const tone = { FAILED: "red", CANCELLED: "amber" }[/** @type {string} */ (run.status)] ?? "";
  return html`<a href=${href} data-top class=${tone}>${words(run.status)}</a>${" "}
    <span class="quiet"><${Moment} at=${run.endedAt ?? run.startedAt} zone=${zone} now=${now} /></span>`;
}

/** @param {{pending: number, dead: number, href: string}} props */
function Outbox({ pending, dead, href }) {
  return html`<a href=${href} data-top>${number(pending)} waiting</a>${dead > 0 && html`, <a href=${href} data-top class="red">${counted(dead, "dead letter")}</a>`}`;
}
