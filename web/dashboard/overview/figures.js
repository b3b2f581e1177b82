// @ts-check
/** The first row of the overview. */
import { viewed } from "../kit/address.js";
import { change, counted, duration, number, points, share } from "../kit/format.js";
import { html } from "../kit/html.js";
import { FigureCard } from "../charts/figure-card.js";

/** @param {{stats: any, period: {name: string}}} props */
export function Figures({ stats, period }) {
  const before = stats.comparison;
  const open = stats.byStatusCategory.filter((/** @type {any} */ each) => each.statusCategory !== "CLOSED");
  const pending = open.find((/** @type {any} */ each) => each.statusCategory === "PENDING")?.count ?? 0;
  const notClosed = open.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.count, 0);
  const high = countOf(stats.byUrgency, "urgency", "HIGH");
  const negative = countOf(stats.bySentiment, "sentiment", "NEGATIVE");
  const note = period.name === "all" ? "in all" : before ? compared(before) : null;
  return html`
    <div class="figures">
      <${FigureCard} title="Tickets" value=${number(stats.totalTickets)} href=${viewed("tickets")} note=${note}
        change=${totalChange(before)} values=${course(stats.byUrgencyOverTime, null)} />
      <${FigureCard} title="High urgency" value=${number(high)} href=${viewed("tickets", { urgency: "high" })} colour="red"
        note=${share(stats.urgencyHighRatio)} change=${ratioChange(before, "urgencyHighRatioChange")}
        values=${course(stats.byUrgencyOverTime, "HIGH")} />
      <${FigureCard} title="Negative" value=${number(negative)} href=${viewed("tickets", { sentiment: "negative" })} colour="amber"
        note=${share(stats.negativeSentimentRatio)} change=${ratioChange(before, "negativeSentimentRatioChange")}
        values=${course(stats.bySentimentOverTime, "NEGATIVE")} />
      <${FigureCard} title="Open now" value=${number(notClosed)} href=${viewed("tickets", { status_category_not: "closed" })}
        note=${pending ? `${number(pending)} of them pending` : "none of them pending"}
        values=${course(stats.byCategoryOverTime, "OPEN")} />
      <${TimeToClose} time=${stats.timeToClose} />
    </div>
  `;
}

/** @param {{time: any}} props */
function TimeToClose({ time }) {
  if (!time?.ticketCount) {
    return html`<${FigureCard} title="Time to close" value="–" note="No ticket of this period was seen being closed yet." />`;
  }
  return html`
    <section class="figure">
      <h2>Time to close</h2>
      <p class="value">${duration(time.medianSeconds)} <span class="unit">median</span></p>
      <p class="note">90 % within ${duration(time.p90Seconds)}, of ${counted(time.ticketCount, "ticket")}</p>
    </section>
  `;
}

/** @param {any[]} list @param {string} name @param {string} value @returns {number} */
function countOf(list, name, value) {
  return list.find((each) => each[name] === value)?.count ?? 0;
}

/** A count's course over the steps but the last, which has only begun. @param {any[] | null} steps @param {string | null} value null: all */
function course(steps, value) {
  return (steps ?? []).slice(0, -1).map((step) =>
    value === null ? step.count : (step.breakdown.find((/** @type {any} */ each) => each.value.toUpperCase() === value)?.count ?? 0),
  );
}

/** @param {any} before */
function compared(before) {
  return before.totalTickets ? `${number(before.totalTickets)} in the period before` : "No earlier data";
}

/** @param {any} before */
function totalChange(before) {
  return before?.totalTickets ? { text: change(before.totalTicketsChange), tone: "" } : null;
}

/** More urgency or bad mood is bad news. @param {any} before @param {string} name */
function ratioChange(before, name) {
  if (!before?.totalTickets) return null;
  const difference = before[name];
  return { text: points(difference), tone: difference > 0 ? "bad" : difference < 0 ? "good" : "" };
}
