// @ts-check
/** The trend's numbers as a table, each of them a link, for those who do not see or point. */
import { number, stepName } from "../kit/format.js";
import { html, useState } from "../kit/html.js";

/**
 * @param {{steps: import("./trend-chart.js").Step[], unit: string, zone: string,
 *   legend: import("../kit/series.js").Slice[], hasClosed: boolean,
 *   hrefOf: (step: import("./trend-chart.js").Step, value?: string) => string}} props
 */
export function TrendTable({ steps, unit, zone, legend, hasClosed, hrefOf }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <details class="twin" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      ${isOpen &&
      html`<div class="scrolled" tabindex="0" role="region" aria-label="Tickets created, as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">Created</th>
              <th scope="col">All</th>
              ${legend.map((slice) => html`<th scope="col" key=${slice.value}>${slice.name}</th>`)}
              ${hasClosed && html`<th scope="col">Closings</th>`}
            </tr>
          </thead>
          <tbody>
            ${steps.map(
              (step) => html`
                <tr key=${step.start}>
                  <th scope="row">${stepName(step.start, unit, zone)}</th>
                  <td><a href=${hrefOf(step)} data-top>${number(step.count)}</a></td>
                  ${legend.map(
                    ({ value }) => html`
                      <td key=${value}>
                        <a href=${hrefOf(step, value)} data-top>
                          ${number(step.slices.find((slice) => slice.value === value)?.count ?? 0)}
                        </a>
                      </td>
                    `,
                  )}
                  ${hasClosed && html`<td>${step.closed === null ? "–" : number(step.closed)}</td>`}
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>`}
    </details>
  `;
}
