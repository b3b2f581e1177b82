// @ts-check
/** Which columns the list of tickets shows; the browser remembers. */
import { html, useState } from "../kit/html.js";
import { Menu } from "../parts/menu.js";

const KEY = "ticket-columns";
export const COLUMNS = {
  urgency: "Urgency",
  status: "Status",
  sentiment: "Sentiment",
  customer: "Customer",
  source: "Source",
  created: "Created",
  updated: "Updated",
};
const USUAL = ["urgency", "status", "customer", "source", "created"];

/** @returns {[Set<string>, (name: string) => void]} */
export function useColumns() {
  const [columns, setColumns] = useState(remembered);
  /** @param {string} name */
  const toggle = (name) => {
    const next = new Set(columns);
    if (!next.delete(name)) next.add(name);
    localStorage.setItem(KEY, JSON.stringify([...next]));
    setColumns(next);
  };
  return [columns, toggle];
}

function remembered() {
  try {
    const names = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return new Set(Array.isArray(names) ? names.filter((name) => Object.hasOwn(COLUMNS, name)) : USUAL);
  } catch {
    return new Set(USUAL);
  }
}

/** @param {{columns: Set<string>, toggle: (name: string) => void}} props */
export function ColumnMenu({ columns, toggle }) {
  return html`
    <${Menu} name="Columns" label="Columns" align="right">
      ${() => html`
        <fieldset class="options">
          <legend class="unseen">Columns</legend>
          ${Object.entries(COLUMNS).map(
            ([name, title]) => html`
              <label class="option" key=${name}><input type="checkbox" checked=${columns.has(name)} onChange=${() => toggle(name)} /> ${title}</label>
            `,
          )}
        </fieldset>
      `}
    <//>
  `;
}
