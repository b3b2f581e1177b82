// @ts-check
/** Counts by value, as bars of one scale: a bar restricts the page to its value, its number opens the list. It is its own table: name, count, share. */
import { number, share } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Empty } from "../parts/states.js";

/** @typedef {import("../kit/series.js").Slice} Slice */

/**
 * @param {{title: string, rows: Slice[], total: number, choice: import("../kit/conditions.js").Choice,
 *   hrefOf: (value: string) => string | null, shown?: number, note?: string | false}} props `total`: what shares are of;
 *   what opens no list restricts nothing
 */
export function Bars({ title, rows, total, choice, hrefOf, shown = 8, note }) {
  const longest = Math.max(...rows.map((row) => row.count), 1);
  const [first, rest] = [rows.slice(0, shown), rows.slice(shown)];
  const line = (/** @type {Slice} */ row) => {
    const props = { row, href: hrefOf(row.value), length: row.count / longest, part: total ? share(row.count / total) : "" };
    return html`<${Bar} key=${row.value} ...${props} choice=${choice} />`;
  };
  return html`
    <section class="card">
      <h2>${title}</h2>
      ${note && html`<p class="note">${note}</p>`}
      ${rows.length === 0 ? html`<${Empty} title="Nothing in this period" />` : html`<ol class="bars">${first.map(line)}</ol>`}
      ${rest.length > 0 && html`<details><summary>${rest.length} more</summary><ol class="bars">${rest.map(line)}</ol></details>`}
    </section>
  `;
}

/** @param {{row: Slice, href: string | null, length: number, part: string, choice: import("../kit/conditions.js").Choice}} props `length`: from 0 to 1 */
function Bar({ row: { value, name, colour, count }, href, length, part, choice }) {
  return html`
    <li>
      <span class="bar-track"><span class="bar-fill ${colour}" style=${{ width: `${100 * length}%` }}></span></span>
      ${href
        ? html`<button type="button" class="bar-name" dir="auto" aria-pressed=${choice.has(value)} onClick=${() => choice.toggle(value)}>${name}</button>
            <a class="bar-count" href=${href} data-top aria-label=${`${number(count)}: the list of ${name}`}>${number(count)}</a>`
        : html`<span class="bar-name" dir="auto">${name}</span><span class="bar-count">${number(count)}</span>`}
      <span class="bar-share">${part}</span>
    </li>
  `;
}
