// @ts-check
/** The run that is under way, as it goes; without one, the button that starts one. */
import { clock, counted, duration, number, words } from "../kit/format.js";
import { html, useEffect, useState } from "../kit/html.js";
import { follow } from "../kit/live.js";
import { useOrder } from "./order.js";
import { Problem } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { COUNTS } from "./runs.js";

const ACTIVE = ["QUEUED", "RUNNING"];
/** The lock is looked at now and then only: of a run that has just begun it may not be known yet. */
const LOCK_NEWS_MS = 10_000;

/** @param {{tenant: string, present: any, zone: string, onChange: () => void}} props */
export function PresentRun({ tenant, present, zone, onChange }) {
  const order = useOrder(onChange);
  const id = present?.ingestionJobs?.nodes[0]?.jobId ?? null;
  const job = useJob(id, onChange);
  const isActive = job && ACTIVE.includes(job.status);
  return html`
    <section class="card run">
      <div class="card-head">
        <h2>${isActive ? "Run under way" : "Last run"}</h2>
        ${isActive
          ? html`<button type="button" disabled=${order.isGiven || job.cancelRequested} onClick=${() => order.give("cancel-ingestion", { job: job.jobId })}>${job.cancelRequested ? "Cancelling …" : "Cancel"}</button>`
          : html`<button type="button" class="primary" disabled=${order.isGiven || !present} onClick=${() => order.give("start-ingestion", { tenant })}>Start a run</button>`}
      </div>
      <${Problem} text=${order.problem} />
      ${job ? html`<${Progress} job=${job} lock=${present?.lock} zone=${zone} />` : html`<p class="quiet">${present && !id ? "There has been no run yet." : ""}</p>`}
    </section>
  `;
}

/** @param {{job: any, lock: any, zone: string}} props `lock`: the tenant's, which a worker that lives renews */
function Progress({ job, lock, zone }) {
  const now = useNow(1_000);
  const isActive = ACTIVE.includes(job.status);
  const end = job.endedAt ? new Date(job.endedAt).getTime() : now;
  const seconds = job.startedAt ? Math.max(1, (end - new Date(job.startedAt).getTime()) / 1000) : null;
  const tickets = job.counts.newIngested + job.counts.updated + job.counts.unchanged;
  return html`
    <progress max="100" value=${job.status === "COMPLETED" ? 100 : job.progress} aria-label="How much of the run is done"></progress>
    <p class="run-state" role="status">
      <strong class=${job.status === "FAILED" ? "red" : ""}>${words(job.status)}</strong>
      <span>${job.totalPages === null ? counted(job.processedPages, "page") : `page ${number(job.processedPages)} of ${number(job.totalPages)}`}</span>
      ${seconds !== null && html`<span>${number(Math.round(tickets / seconds))} tickets/s</span><span>${duration(seconds)}</span>`}
      ${job.retries > 0 && html`<span>${counted(job.retries, "repeated request")}</span>`}
    </p>
    <p class="run-wait">${isActive ? waiting(job, lock, now, zone) : (job.error ?? "")}</p>
    <${Counts} counts=${job.counts} />
  `;
}

/** What an active run waits for, or where it goes on. @param {any} job @param {any} lock @param {number} now @param {string} zone */
function waiting(job, lock, now, zone) {
  const left = job.waitingUntil ? Math.ceil((new Date(job.waitingUntil).getTime() - now) / 1000) : 0;
  if (left > 0) return `Waiting for the limit until ${clock(job.waitingUntil, zone)}, ${left} s`;
  if (isOrphan(job, lock, now)) return `Its worker is gone; the next one goes on ${job.processedPages ? `after page ${number(job.processedPages)}` : "from the first page"}.`;
  if (job.status === "RUNNING") return job.cancelRequested ? "Ends with the page at hand; what is stored stays." : "";
  return job.processedPages ? `Waits for a worker; goes on after page ${number(job.processedPages)}.` : "Waits for a worker.";
}

/** Whether nobody works on a run that is under way. @param {any} job @param {any} lock @param {number} now */
function isOrphan(job, lock, now) {
  const isNews = now - new Date(job.startedAt).getTime() < LOCK_NEWS_MS;
  return job.status === "RUNNING" && lock && !isNews && !(lock.locked && lock.ownerId === job.jobId && new Date(lock.expiresAt).getTime() > now);
}

/** @param {{counts: Record<string, number>}} props */
function Counts({ counts }) {
  return html`
    <dl class="counts">
      ${Object.entries(COUNTS).map(([name, title]) => html`<div key=${name}><dt>${title}</dt><dd class=${name === "errors" && counts[name] ? "red" : ""}>${number(counts[name])}</dd></div>`)}
    </dl>
  `;
}

/** The job as the service tells it. @param {string | null} id @param {() => void} onEnd */
function useJob(id, onEnd) {
  const [job, setJob] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (!id) return undefined;
    let wasActive = false;
    return follow("ingestion-progress", { job: id }, ({ ingestionProgress: told }) => {
      setJob(told);
      const isActive = ACTIVE.includes(told.status);
      if (wasActive && !isActive) onEnd();
      wasActive = isActive;
    });
  }, [id]);
  return job?.jobId === id ? job : null;
}
