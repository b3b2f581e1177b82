// @ts-check
/** How many tickets the coming hours are expected to bring, beside those that came; nothing where nothing is foretold. */
import { ceiling, marks } from "../charts/trend-chart.js";
import { number, short, stepMark, stepName } from "../kit/format.js";
import { html, useState } from "../kit/html.js";
import { HOUR_MS } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { useNow } from "../parts/time.js";

/** @typedef {{start: string, expected: number, low: number, high: number}} Point */

/** Asked by itself, as it is known later than the figures; and once an hour. @param {{tenant: string | null, zone: string}} props */
export function Outlook({ tenant, zone }) {
  const answer = useAnswer("forecast", { tenant, zone }, Math.floor(useNow() / HOUR_MS));
  const [shown, show] = useState(/** @type {Point | null} */ (null));
  const forecast = answer.isLoading ? null : answer.data?.forecast;
  if (!forecast?.points?.length) return null;
  /** @type {Point[]} */
  const points = forecast.points;
  const top = ceiling(Math.max(...points.map(({ high }) => high), 1));
  return html`
    <section class="ahead" aria-label=${messageOf(points, zone)}>
      <p class="readout">${shown ? html`<${Readout} point=${shown} zone=${zone} />` : html`<${Legend} band=${forecast.band} />`}</p>
      <div class="plot" aria-hidden="true">
        <div class="scale">${[1, 0.5, 0].map((part) => html`<span key=${part}>${short(top * part)}</span>`)}</div>
        <div class="columns" onPointerLeave=${() => show(null)}>
          ${points.map((point) => html`<${Hour} key=${point.start} point=${point} top=${top} onShow=${() => show(point)} />`)}
        </div>
        <div class="marks">${marks(points, 3).map(({ start }) => html`<span key=${start}>${stepMark(start, "HOUR", zone)}</span>`)}</div>
      </div>
      <${Table} points=${points} zone=${zone} />
    </section>
  `;
}

/** @param {{point: Point, top: number, onShow: () => void}} props */
function Hour({ point: { expected, low, high }, top, onShow }) {
  const part = (/** @type {number} */ value) => `${(100 * value) / top}%`;
  return html`
    <span class="column" onPointerEnter=${onShow}>
      <i class="band" style=${{ bottom: part(low), height: part(high - low) }}></i>
      <i class="dash" style=${{ bottom: part(expected) }}></i>
    </span>
  `;
}

/** @param {{band: number}} props */
function Legend({ band }) {
  return html`<strong>Next 24 hours</strong><span class="key"><i class="dash"></i>Expected</span><span class="key"><i class="band"></i>${Math.round(100 * band)} % of hours</span>`;
}

/** @param {{point: Point, zone: string}} props */
function Readout({ point, zone }) {
  return html`<strong>${stepName(point.start, "HOUR", zone)}</strong><span class="key"><i class="dash"></i>${short(point.expected)}</span>
    <span class="key"><i class="band"></i>${short(point.low)} to ${short(point.high)}</span>`;
}

/** @param {{points: Point[], zone: string}} props */
function Table({ points, zone }) {
  return html`
    <details class="twin">
      <summary>As a table</summary>
      <div class="scrolled" tabindex="0" role="region" aria-label="Tickets expected, as a table">
        <table>
          <thead><tr>${["Expected", "Tickets", "Low", "High"].map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
          <tbody>
            ${points.map(
              ({ start, expected, low, high }) => html`
                <tr key=${start}>
                  <th scope="row">${stepName(start, "HOUR", zone)}</th>
                  ${[expected, low, high].map((value, index) => html`<td key=${index}>${short(value)}</td>`)}
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

/** What the chart says. @param {Point[]} points @param {string} zone */
function messageOf(points, zone) {
  const total = Math.round(points.reduce((sum, { expected }) => sum + expected, 0));
  const most = points.reduce((best, point) => (point.expected > best.expected ? point : best));
  const band = `${short(most.low)} to ${short(most.high)}`;
  return `Next 24 hours: ${number(total)} tickets expected, most in ${stepName(most.start, "HOUR", zone)}: ${short(most.expected)}, ${band}`;
}
