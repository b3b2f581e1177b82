// @ts-check
/** Records that could not be stored: why, and as they came. */
import { counted, number, words } from "../kit/format.js";
import { html } from "../kit/html.js";
import { Moment } from "../parts/time.js";
import { Pager } from "./pager.js";

/** @param {{records: any, zone: string, now: number, cursor: string | null, onPage: (cursor: string | null) => void}} props */
export function Quarantine({ records, zone, now, cursor, onPage }) {
  return html`
    <section>
      <h2>Quarantine <span class="quiet">${number(records.totalCount)}</span></h2>
      ${records.nodes.length === 0 && html`<p class="quiet">Every record could be stored.</p>`}
      <ul class="records">
        ${records.nodes.map((/** @type {any} */ record) => html`<${Quarantined} key=${record.id} record=${record} zone=${zone} now=${now} />`)}
      </ul>
      <${Pager} info=${records.pageInfo} cursor=${cursor} onPage=${onPage} name="Pages of the quarantine" />
    </section>
  `;
}

/** @param {{record: any, zone: string, now: number}} props */
function Quarantined({ record, zone, now }) {
  return html`
    <li>
      <details>
        <summary>
          <strong><bdi>${record.reason}</bdi></strong>
          <span><bdi>${record.externalId ?? "without an id"}</bdi></span>
          <span>${record.state === "STORED" ? "mended upstream, stored since" : words(record.state)}</span>
          <span>${counted(record.timesSeen, "run")}</span>
          <span><${Moment} at=${record.recordedAt} zone=${zone} now=${now} /></span>
        </summary>
        ${record.page !== null && html`<p class="quiet">Page ${number(record.page)}, record ${number((record.position ?? 0) + 1)}</p>`}
        ${record.raw ? html`<pre class="raw" tabindex="0">${record.raw}</pre>` : html`<p class="quiet">The record is not shown: it may belong to a tenant that you may not see.</p>`}
      </details>
    </li>
  `;
}
