// @ts-check
/** The runs that have ended. */
import { counted, duration, number, words } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";
import { Pager } from "./pager.js";

export const COUNTS = {
  newIngested: "New",
  updated: "Updated",
  unchanged: "Unchanged",
  deleted: "Deleted",
  skipped: "Skipped",
  errors: "Errors",
};
const COLOURS = { SUCCESS: "green", PARTIAL_SUCCESS: "amber", FAILED: "red", CANCELLED: "grey" };

/** @param {{logs: any, zone: string, now: number, cursor: string | null, onPage: (cursor: string | null) => void}} props */
export function Runs({ logs, zone, now, cursor, onPage }) {
  return html`
    <section>
      <h2>Past runs <span class="quiet">${number(logs.totalCount)}</span></h2>
      ${logs.nodes.length === 0
        ? html`<p class="quiet">No run has ended yet.</p>`
        : html`<table class="list runs">
            <thead>
              <tr>
                <th scope="col">Outcome</th>
                <th scope="col">Started</th>
                <th scope="col">Took</th>
                ${Object.entries(COUNTS).map(([name, title]) => html`<th scope="col" class="amount" key=${name}>${title}</th>`)}
                <th scope="col" class="amount">Pages</th>
              </tr>
            </thead>
            <tbody>${logs.nodes.map((/** @type {any} */ log) => html`<${Run} key=${log.id} log=${log} zone=${zone} now=${now} />`)}</tbody>
          </table>`}
      <${Pager} info=${logs.pageInfo} cursor=${cursor} onPage=${onPage} name="Pages of past runs" />
    </section>
  `;
}

/** @param {{log: any, zone: string, now: number}} props */
function Run({ log, zone, now }) {
  const remarks = [log.error, ...(log.job?.irregularities ?? []), ...(log.job?.remarks ?? [])].filter(Boolean);
  const colour = COLOURS[/** @type {keyof COLOURS} */ (log.status)] ?? "grey";
  return html`
    <tr>
      <td class="outcome">
        <span class="badge"><i class=${colour} aria-hidden="true"></i>${words(log.status)}</span>
        ${remarks.length > 0 && html`<details class="remarks"><summary>${counted(remarks.length, "remark")}</summary><ul>${[...new Set(remarks)].map((each) => html`<li key=${each}>${each}</li>`)}</ul></details>`}
      </td>
      <td><${Moment} at=${log.startedAt} zone=${zone} now=${now} /></td>
      <td data-title="took">${log.durationMs === null ? "–" : duration(log.durationMs / 1000)}</td>
      ${Object.entries(COUNTS).map(([name, title]) => html`<td class="amount" key=${name} data-title=${title.toLowerCase()}>${number(log.counts[name])}</td>`)}
      <td class="amount" data-title="pages">${number(log.pages)}</td>
    </tr>
  `;
}
