// @ts-check
/** The list as a file. A link cannot carry a token, so where one is needed the file is fetched and then saved. */
import { html, useState } from "../kit/html.js";
import * as token from "../kit/token.js";
import { Menu } from "../parts/menu.js";
import { Problem } from "../parts/states.js";
import { exportOf } from "./listing.js";

const FORMATS = /** @type {const} */ ({ csv: "CSV, for spreadsheets", ndjson: "NDJSON, exact" });

/** @param {{address: URLSearchParams, now: number}} props */
export function ExportLinks({ address, now }) {
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  /** @param {Event} event @param {string} href @param {string} format */
  const save = async (event, href, format) => {
    if (!token.isNeeded) return;
    event.preventDefault();
    setProblem(await saved(href, `tickets.${format}`));
  };
  return html`
    <${Menu} name="Export" label="Export" align="right">
      ${(/** @type {() => void} */ close) => html`
        <ul class="choices">
          ${Object.entries(FORMATS).map(([format, title]) => {
            const href = exportOf(address, /** @type {"csv"} */ (format), now);
            return html`<li key=${format}><a href=${href} download onClick=${(/** @type {Event} */ event) => (save(event, href, format), close())}>${title}</a></li>`;
          })}
        </ul>
      `}
    <//>
    <${Problem} text=${problem} />
  `;
}

/** @param {string} href @param {string} name @returns {Promise<string | null>} why not */
async function saved(href, name) {
  try {
    const answer = await fetch(href, { headers: token.headers() });
    if (!answer.ok) return (await answer.json()).detail;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    return null;
  } catch {
    return "The export broke off; try again.";
  }
}
