// @ts-check
/** What runs need: requests to the external API, which all tenants share, and the lock on the tenant. */
import { clock, number } from "../kit/format.js";
import { html } from "../kit/html.js";
import { useNow } from "../parts/time.js";

/** @param {{present: any, zone: string}} props */
export function Supply({ present, zone }) {
  const now = useNow(1_000);
  const { lock, rateLimit, ingestionJobs } = present ?? {};
  const job = ingestionJobs?.nodes[0];
  return html`
    <section class="card supply">
      <h2>Requests to the external API</h2>
      ${rateLimit ? html`<${Budget} budget=${rateLimit} now=${now} zone=${zone} />` : html`<p class="quiet">–</p>`}
      <h2>Lock</h2>
      <p>${lock ? lockText(lock, now, zone) : "–"}</p>
      ${lock?.locked && lock.ownerId === job?.jobId && html`<p class="quiet">If its worker has died, another one goes on then, ${job.processedPages ? `after page ${number(job.processedPages)}` : "from the first page"}.</p>`}
    </section>
  `;
}

/** @param {{budget: any, now: number, zone: string}} props */
function Budget({ budget, now, zone }) {
  if (budget.limit === 0) return html`<p>Not limited; ${number(budget.used)} in the last ${number(budget.windowSeconds)} s</p>`;
  const isBlocked = budget.blockedUntil && new Date(budget.blockedUntil).getTime() > now;
  return html`
    <meter min="0" max=${budget.limit} value=${budget.used} aria-label="Requests used"></meter>
    <p>${number(budget.used)} of ${number(budget.limit)} in ${number(budget.windowSeconds)} s used, by all tenants together</p>
    ${isBlocked && html`<p class="red">The external API wants none before ${clock(budget.blockedUntil, zone)}.</p>`}
  `;
}

/** @param {any} lock @param {number} now @param {string} zone */
function lockText(lock, now, zone) {
  if (!lock.locked) return "Free";
  const left = Math.max(0, Math.ceil((new Date(lock.expiresAt).getTime() - now) / 1000));
  return html`Held by job <code>${lock.ownerId.slice(0, 8)}</code> since ${clock(lock.acquiredAt, zone)}; runs out in ${number(left)} s unless renewed`;
}
