// @ts-check
/** The first row of the overview: each figure with its change against the period before. */
import { listOf } from "../kit/conditions.js";
import { change, counted, duration, number, points, share } from "../kit/format.js";
import { html } from "../kit/html.js";
import { FigureCard } from "../charts/figure-card.js";
import { Sparkline } from "../charts/sparkline.js";

/** @typedef {{text: string, tone: string}} Change */

/**
 * @param {{address: URLSearchParams, stats: any, before: any, period: {from: Date | null}, beforeFrom: Date | null}} props
 *   `before`: the figures of the period before, which began at `beforeFrom`; null where there is none
 */
export function Figures({ address, stats, before, period, beforeFrom }) {
  const high = countOf(stats.byUrgency, "urgency", "HIGH");
  const negative = countOf(stats.bySentiment, "sentiment", "NEGATIVE");
  const had = before?.totalTickets ? before : null;
  const nothing = before && !had ? ", no earlier data" : "";
  const earlier = listOf(address, {}, { period: null, from: iso(beforeFrom), to: iso(period.from) });
  const inPeriodBefore = had && html`<a href=${earlier} data-top>${number(had.totalTickets)}</a> in the period before`;
  return html`
    <div class="figures">
      <${FigureCard} title="Tickets" value=${number(stats.totalTickets)} href=${listOf(address)}
        note=${inPeriodBefore ?? (before ? "No earlier data" : "in all")} change=${had && growth(stats.totalTickets, had.totalTickets)}
        values=${course(stats.byUrgencyOverTime)} />
      <${FigureCard} title="High urgency" value=${number(high)} href=${listOf(address, { urgency: "high" })} colour="red"
        note=${share(stats.urgencyHighRatio) + nothing} change=${had && difference(stats.urgencyHighRatio - had.urgencyHighRatio)}
        values=${course(stats.byUrgencyOverTime, "HIGH")} />
      <${FigureCard} title="Negative" value=${number(negative)} href=${listOf(address, { sentiment: "negative" })} colour="amber"
        note=${share(stats.negativeSentimentRatio) + nothing}
        change=${had && difference(stats.negativeSentimentRatio - had.negativeSentimentRatio)}
        values=${course(stats.bySentimentOverTime, "NEGATIVE")} />
      <${OpenNow} address=${address} stats=${stats} had=${had} nothing=${nothing} />
      <${TimeToClose} time=${stats.timeToClose} before=${before?.timeToClose} closings=${closings(stats.flow)} />
    </div>
  `;
}

/** @param {{address: URLSearchParams, stats: any, had: any, nothing: string}} props */
function OpenNow({ address, stats, had, nothing }) {
  const open = notClosed(stats);
  const pending = countOf(stats.byStatusCategory, "statusCategory", "PENDING");
  const list = listOf(address, { status_category: "pending" });
  const note = pending ? html`<a href=${list} data-top>${number(pending)}</a> of them pending${nothing}` : `none of them pending${nothing}`;
  return html`
    <${FigureCard} title="Open now" value=${number(open)} href=${listOf(address, { status_category_not: "closed" })} note=${note}
      change=${had && growth(open, notClosed(had))} values=${course(stats.byCategoryOverTime, "OPEN", "PENDING")} />
  `;
}

/**
 * The course is that of the closings: of a step's few tickets, a median says little.
 * @param {{time: any, before: any, closings?: number[]}} props `before`: that of the period before, if there is one
 */
function TimeToClose({ time, before, closings }) {
  if (!time?.ticketCount) {
    return html`<${FigureCard} title="Time to close" value="–" note="No ticket of this period was seen being closed yet." values=${closings} />`;
  }
  const had = before?.ticketCount ? before : null;
  const [median, p90] = ["medianSeconds", "p90Seconds"].map((name) => had && slower(time[name], had[name]));
  return html`
    <section class="figure">
      <h2>Time to close <span class="quiet">of ${counted(time.ticketCount, "ticket")}</span></h2>
      <p class="value">${duration(time.medianSeconds)} <span class="unit">median <${Changed} change=${median} /></span></p>
      <p class="note">90 % within <strong>${duration(time.p90Seconds)}</strong> <${Changed} change=${p90} /></p>
      ${before && !had && html`<p class="note">No earlier data</p>`}
      ${closings && html`<${Sparkline} values=${closings} />`}
    </section>
  `;
}

/** How many tickets were closed in each step but the last, which has only begun. @param {{closed: number}[] | undefined} flow */
function closings(flow) {
  return flow?.slice(0, -1).map(({ closed }) => closed);
}

/** @param {{change: Change | null}} props */
function Changed({ change: shown }) {
  return shown && html`<span class="change ${shown.tone}" title="Against the period before">${shown.text}</span>`;
}

/** @param {any[]} list @param {string} name @param {string} value @returns {number} */
function countOf(list, name, value) {
  return list.find((each) => each[name] === value)?.count ?? 0;
}

/** @param {any} stats @returns {number} */
function notClosed({ totalTickets, byStatusCategory }) {
  return totalTickets - countOf(byStatusCategory, "statusCategory", "CLOSED");
}

/** A count's course over the steps but the last, which has only begun. @param {any[] | null} steps @param {...string} values none: all */
function course(steps, ...values) {
  return (steps ?? []).slice(0, -1).map(({ count, breakdown }) => {
    const counts = breakdown.filter((/** @type {any} */ each) => values.includes(each.value.toUpperCase()));
    return values.length ? counts.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.count, 0) : count;
  });
}

/** @param {number} now @param {number} then @returns {Change | null} */
function growth(now, then) {
  return then ? { text: change(now / then - 1), tone: "" } : null;
}

/** More urgency or bad mood is bad news. @param {number} by @returns {Change} */
function difference(by) {
  return { text: points(by), tone: by > 0 ? "bad" : by < 0 ? "good" : "" };
}

/** So is taking longer. @param {number} now @param {number} then @returns {Change | null} */
function slower(now, then) {
  const by = then ? now / then - 1 : 0;
  return then ? { text: change(by), tone: by > 0 ? "bad" : by < 0 ? "good" : "" } : null;
}

/** @param {Date | null} moment */
function iso(moment) {
  return moment?.toISOString() ?? null;
}
