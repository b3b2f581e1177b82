// @ts-check
/** When tickets come: counts by weekday and hour, each of which opens its tickets. */
import { hourName, number, weekdayName } from "../kit/format.js";
import { html, useState } from "../kit/html.js";

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
/** Of a hundred, how much of its colour the fullest cell has: a number on it can still be read. */
const STRONGEST = 62;

/** @typedef {{weekday: number, hour: number, count: number}} Cell */

/** @param {{cells: Cell[], total: number, hrefOf: (cell: Cell) => string}} props `cells`: all 168, from Monday 0:00 on */
export function HeatMap({ cells, total, hrefOf }) {
  const [shown, show] = useState(/** @type {Cell | null} */ (null));
  const most = cells.reduce((best, cell) => (cell.count > best.count ? cell : best));
  const message = most.count ? `most on ${nameOf(most)}: ${number(most.count)} of ${number(total)}` : "none";
  return html`
    <section class="card" aria-label=${`When tickets come: ${message}`}>
      <h2>When tickets come</h2>
      <p class="readout"><span class="quiet">${shown ? `${nameOf(shown)}: ${number(shown.count)}` : `By weekday and hour, ${message}`}</span></p>
      <div class="heat" aria-hidden="true" onPointerLeave=${() => show(null)}>
        <div class="heat-hours">${HOURS.map((hour) => html`<span key=${hour}>${hour}</span>`)}</div>
        <div class="heat-days">${WEEKDAYS.map((day) => html`<span key=${day}>${weekdayName(day, "short")}</span>`)}</div>
        <div class="heat-cells">
          ${cells.map((cell) => {
            const style = { "--heat": `${Math.round((STRONGEST * cell.count) / Math.max(most.count, 1))}%` };
            const props = { key: cell.weekday * 100 + cell.hour, style, onPointerEnter: () => show(cell) };
            return cell.count
              ? html`<a ...${props} href=${hrefOf(cell)} data-top tabindex="-1">${number(cell.count)}</a>`
              : html`<span ...${props}></span>`;
          })}
        </div>
      </div>
      <${HeatTable} cells=${cells} hrefOf=${hrefOf} />
    </section>
  `;
}

/** The same as a table, for those who do not see or point. @param {{cells: Cell[], hrefOf: (cell: Cell) => string}} props */
function HeatTable({ cells, hrefOf }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <details class="twin" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      ${isOpen &&
      html`<div class="scrolled" tabindex="0" role="region" aria-label="Tickets by weekday and hour, as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">Hour</th>
              ${WEEKDAYS.map((day) => html`<th scope="col" key=${day}>${weekdayName(day)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${HOURS.map(
              (hour) => html`
                <tr key=${hour}>
                  <th scope="row">${hourName(hour)}</th>
                  ${cells.filter((cell) => cell.hour === hour).map(
                    (cell) => html`<td key=${cell.weekday}>${cell.count ? html`<a href=${hrefOf(cell)} data-top>${number(cell.count)}</a>` : "0"}</td>`,
                  )}
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>`}
    </details>
  `;
}

/** @param {Cell} cell */
function nameOf({ weekday, hour }) {
  return `${weekdayName(weekday)}, ${hourName(hour)}`;
}
