// @ts-check
/** Tickets created in each step, stacked by a field, and those closed in it as a line. A step opens its tickets, dragging over several sets the period. */
import { number, short, stepMark, stepName } from "../kit/format.js";
import { html, useRef, useState } from "../kit/html.js";
import { TrendTable } from "./trend-table.js";

const MARKS = 6;

/** @typedef {{start: string, end: string | null, count: number, closed: number | null, slices: import("../kit/series.js").Slice[]}} Step */

/**
 * @param {{title: string, steps: Step[], unit: string, zone: string, legend: import("../kit/series.js").Slice[],
 *   choice: import("../kit/conditions.js").Choice, note?: string | null, ahead?: any, hrefOf: (step: Step, value?: string) => string,
 *   onBrush: (first: Step, last: Step) => void, children?: any}} props `note`: what the chart does not show; `ahead`: stands beside it
 */
export function TrendChart({ title, steps, unit, zone, legend, choice, note, ahead, hrefOf, onBrush, children }) {
  const [shown, show] = useState(/** @type {Step | null} */ (null));
  const top = ceiling(Math.max(...steps.map((step) => Math.max(step.count, step.closed ?? 0)), 1));
  const hasClosed = steps.some((step) => step.closed !== null);
  const message = messageOf(title, steps, unit, zone);
  return html`
    <section class="card trend" aria-label=${message}>
      <div class="card-head"><h2>${title}</h2>${children}</div>
      <div class="plots">
        <div>
          <p class="readout">${shown ? html`<${Readout} step=${shown} unit=${unit} zone=${zone} />` : html`<${Legend} slices=${legend} choice=${choice} hasClosed=${hasClosed} note=${note} />`}</p>
          <div class="plot" aria-hidden="true">
            <div class="scale">${[1, 0.5, 0].map((part) => html`<span key=${part}>${short(top * part)}</span>`)}</div>
            <${Columns} steps=${steps} top=${top} hrefOf=${hrefOf} onBrush=${onBrush} onShow=${show} />
            <div class="marks">${marks(steps).map((step) => html`<span key=${step.start}>${stepMark(step.start, unit, zone)}</span>`)}</div>
          </div>
          <${TrendTable} steps=${steps} unit=${unit} zone=${zone} legend=${legend} hasClosed=${hasClosed} hrefOf=${hrefOf} />
        </div>
        ${ahead}
      </div>
    </section>
  `;
}

/** @param {{steps: Step[], top: number, hrefOf: (step: Step) => string, onBrush: (first: Step, last: Step) => void, onShow: (step: Step | null) => void}} props */
function Columns({ steps, top, hrefOf, onBrush, onShow }) {
  const [brushed, setBrushed] = useState(/** @type {[number, number] | null} */ (null));
  const wasBrushed = useRef(false);
  const [low, high] = brushed ? [Math.min(...brushed), Math.max(...brushed)] : [1, 0];
  /** @param {PointerEvent} event */
  const at = (event) => {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) / box.width) * steps.length);
    return Math.max(0, Math.min(steps.length - 1, index));
  };
  const end = () => {
    wasBrushed.current = low < high;
    if (low < high) onBrush(steps[low], steps[high]);
    setBrushed(null);
  };
  return html`
    <div class="columns"
      onPointerDown=${(/** @type {PointerEvent} */ event) => event.button === 0 && event.pointerType === "mouse" && setBrushed([at(event), at(event)])}
      onPointerMove=${(/** @type {PointerEvent} */ event) => {
        onShow(steps[at(event)]);
        if (brushed) setBrushed([brushed[0], at(event)]);
      }}
      onPointerUp=${end}
      onPointerLeave=${() => {
        onShow(null);
        setBrushed(null);
      }}
      onClickCapture=${(/** @type {Event} */ event) => wasBrushed.current && (event.preventDefault(), event.stopPropagation())}>
      ${steps.map(
        (step, index) => html`
          <a key=${step.start} href=${hrefOf(step)} data-top tabindex="-1" draggable=${false}
            class=${low < high && index >= low && index <= high ? "column brushed" : "column"}>
            ${step.slices.map(
              (slice) => html`<span key=${slice.value} class=${slice.colour} style=${{ height: `${(100 * slice.count) / top}%` }}></span>`,
            )}
          </a>
        `,
      )}
      <${ClosedLine} steps=${steps} top=${top} />
    </div>
  `;
}

/** How many were closed in each step. @param {{steps: Step[], top: number}} props */
function ClosedLine({ steps, top }) {
  const points = steps.map(({ closed }, index) => (closed === null ? "" : `${index + 0.5},${100 - (100 * closed) / top}`));
  return html`
    <svg class="closed-line" viewBox="0 0 ${steps.length} 100" preserveAspectRatio="none" aria-hidden="true">
      ${["halo", "line"].map((name) => html`<polyline key=${name} class=${name} points=${points.join(" ")} />`)}
    </svg>
  `;
}

/** @param {{slices: import("../kit/series.js").Slice[], choice: import("../kit/conditions.js").Choice, hasClosed: boolean, note?: string | null}} props */
function Legend({ slices, choice, hasClosed, note }) {
  return html`${slices.map(
      ({ value, name, colour }) => html`
        <button type="button" class="key" key=${value} aria-pressed=${choice.has(value)} onClick=${() => choice.toggle(value)}><i class=${colour}></i>${name}</button>
      `,
    )}
    ${hasClosed && html`<span class="key"><i class="dash"></i>Closings</span>`}
    ${note && html`<span class="quiet">${note}</span>`}`;
}

/** @param {{step: Step, unit: string, zone: string}} props */
function Readout({ step, unit, zone }) {
  return html`<strong>${stepName(step.start, unit, zone)}</strong><span class="key">${number(step.count)} in all</span>
    ${step.slices.map((slice) => html`<span class="key" key=${slice.value}><i class=${slice.colour}></i>${slice.name} ${number(slice.count)}</span>`)}
    ${step.closed !== null && html`<span class="key"><i class="dash"></i>Closings ${number(step.closed)}</span>`}`;
}

/** What the chart says. @param {string} title @param {Step[]} steps @param {string} unit @param {string} zone */
function messageOf(title, steps, unit, zone) {
  const total = steps.reduce((sum, step) => sum + step.count, 0);
  if (total === 0) return `${title}: none`;
  const most = steps.reduce((best, step) => (step.count > best.count ? step : best));
  return `${title}: ${number(total)} in all, most in ${stepName(most.start, unit, zone)}: ${number(most.count)}`;
}

/** The next round number at the top of a scale, of which the half is a whole number, too. @param {number} value */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const tops = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((each) => Math.round(each * power));
  return /** @type {number} */ (tops.find((each) => each >= value && each % 2 === 0));
}

/** Evenly spread steps that get a mark on the axis. @template T @param {T[]} steps @param {number} [most] */
export function marks(steps, most = MARKS) {
  const every = Math.max(1, Math.ceil(steps.length / most));
  return steps.filter((_, index) => index % every === 0);
}
