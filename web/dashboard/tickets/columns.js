// @ts-check
/** Which columns the list of tickets shows; the browser remembers. */
import { occurs } from "../kit/choices.js";
import { html, useState } from "../kit/html.js";
import { useAnswer } from "../kit/use-answer.js";
import { Menu } from "../parts/menu.js";

const KEY = "ticket-columns";
export const COLUMNS = {
  urgency: "Urgency",
  status: "Status",
  sentiment: "Sentiment",
  customer: "Customer",
  source: "Source",
  priority: "Priority",
  assignee: "Assignee",
  tag: "Tags",
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

/** @param {{tenant: string | null, columns: Set<string>, toggle: (name: string) => void}} props */
export function ColumnMenu({ tenant, columns, toggle }) {
  return html`
    <${Menu} name="Columns" label="Columns" align="right">
      ${() => html`<${Columns} tenant=${tenant} columns=${columns} toggle=${toggle} />`}
    <//>
  `;
}

/** @param {{tenant: string | null, columns: Set<string>, toggle: (name: string) => void}} props */
function Columns({ tenant, columns, toggle }) {
  const { data } = useAnswer("choices", { tenant });
  const offered = Object.entries(COLUMNS).filter(([name]) => columns.has(name) || occurs(name, data?.tenantStats));
  return html`
    <fieldset class="options">
      <legend class="unseen">Columns</legend>
      ${offered.map(
        ([name, title]) => html`
          <label class="option" key=${name}><input type="checkbox" checked=${columns.has(name)} onChange=${() => toggle(name)} /> ${title}</label>
        `,
      )}
    </fieldset>
  `;
}
