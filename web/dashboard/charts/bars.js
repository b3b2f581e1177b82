// @ts-check
/** Counts by value, as bars of one scale; each opens its tickets. It is its own table: name, count, share. */
import { number, share } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Empty } from "../parts/states.js";

/**
 * @param {{title: string, rows: import("../kit/series.js").Slice[], total: number, hrefOf: (value: string) => string,
 *   shown?: number}} props `total`: what shares are of
 */
export function Bars({ title, rows, total, hrefOf, shown = 8 }) {
  const longest = Math.max(...rows.map((row) => row.count), 1);
  const [first, rest] = [rows.slice(0, shown), rows.slice(shown)];
  const line = (/** @type {import("../kit/series.js").Slice} */ row) => html`
    <li key=${row.value}>
      <a href=${hrefOf(row.value)} data-top>
        <span class="bar-track"><span class="bar-fill ${row.colour}" style=${{ width: `${(100 * row.count) / longest}%` }}></span></span>
        <span class="bar-name" dir="auto">${row.name}</span>
        <span class="bar-count">${number(row.count)}</span>
        <span class="bar-share">${total ? share(row.count / total) : ""}</span>
      </a>
    </li>
  `;
  return html`
    <section class="card">
      <h2>${title}</h2>
      ${rows.length === 0 ? html`<${Empty} title="Nothing in this period" />` : html`<ol class="bars">${first.map(line)}</ol>`}
      ${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ol class="bars">${rest.map(line)}</ol></details>`}
    </section>
  `;
}
