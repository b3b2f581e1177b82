// @ts-check
import { html } from "../kit/html.js";

/**
 * From page to page of a short list.
 * @param {{info: {hasNextPage: boolean, endCursor: string | null}, cursor: string | null, name: string,
 *   onPage: (cursor: string | null) => void}} props `cursor`: behind which the page begins; null: the first
 */
export function Pager({ info, cursor, name, onPage }) {
  if (!info.hasNextPage && cursor === null) return null;
  return html`
    <nav class="pages" aria-label=${name}>
      <button type="button" disabled=${cursor === null} onClick=${() => onPage(null)}>Newest</button>
      <button type="button" disabled=${!info.hasNextPage} onClick=${() => onPage(info.endCursor)}>Older →</button>
    </nav>
  `;
}
