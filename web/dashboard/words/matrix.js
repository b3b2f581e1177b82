// @ts-check
/** How many tickets would go from which urgency to which. */
import { number, words } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Badge } from "../tickets/badges.js";

const ORDER = ["high", "medium", "low"];

/** Where on the page those stand that would go from one value to another. @param {{label: string, before: string | null, after: string}} transition */
export function movedId({ label, before, after }) {
  return `moved-${label}-${before}-${after}`;
}

/** @param {{transitions: any[]}} props those of the urgency */
export function UrgencyMatrix({ transitions }) {
  const isUnknown = transitions.some(({ before }) => !ORDER.includes(before));
  const rows = isUnknown ? [...ORDER, null] : ORDER;
  const cell = (/** @type {string | null} */ before, /** @type {string} */ after) => {
    const those = transitions.filter((each) => each.after === after && (before === null ? !ORDER.includes(each.before) : each.before === before));
    const count = those.reduce((sum, { tickets }) => sum + tickets, 0);
    if (before === after || count === 0) return html`<td key=${after} class=${before === after ? "same" : "none-move"}>${number(count)}</td>`;
    return html`<td key=${after} class="moves"><a href=${`#${movedId(those[0])}`}>${number(count)}</a></td>`;
  };
  return html`
    <table class="matrix">
      <caption>Urgency of the tickets: today in the rows, then in the columns</caption>
      <thead><tr><td></td>${ORDER.map((after) => html`<th scope="col" key=${after}><span class="quiet">then</span> ${words(after)}</th>`)}</tr></thead>
      <tbody>
        ${rows.map(
          (before) => html`
            <tr key=${before}>
              <th scope="row"><span class="quiet">today</span> <${Badge} field="urgency" value=${before} text=${words(before)} /></th>
              ${ORDER.map((after) => cell(before, after))}
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}
