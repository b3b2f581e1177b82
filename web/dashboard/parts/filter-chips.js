// @ts-check
/** What restricts a page, as chips that can be turned round and removed, and a menu that adds more. */
import { changed } from "../kit/address.js";
import { FIRST_PAGE, NO_CONDITION, chipsOf } from "../kit/conditions.js";
import { html } from "../kit/html.js";
import { FilterMenu } from "./filter-menu.js";

/** @param {{address: URLSearchParams, hasSearch?: boolean}} props `hasSearch`: words that are searched for stand elsewhere */
export function FilterChips({ address, hasSearch = false }) {
  const chips = chipsOf(address).filter((chip) => chip.key !== "q" || !hasSearch);
  return html`
    <div class="chips" role="group" aria-label="Filters">
      ${chips.map(
        (chip) => html`
          <span class="chip" key=${chip.key}>
            <span class="chip-title">${chip.title}</span>
            ${chip.opposite
              ? html`<a class="chip-verb" href=${changed({ ...FIRST_PAGE, ...chip.opposite })} title="Turn round" aria-label=${`${chip.title} ${chip.verb} ${chip.text}: turn round`}>${chip.verb}</a>`
              : html`<span class="chip-verb">${chip.verb}</span>`}
            <bdi class="chip-text">${chip.text}</bdi>
            <a class="chip-close" href=${changed({ ...FIRST_PAGE, ...chip.without })} aria-label=${`Remove: ${chip.title} ${chip.verb} ${chip.text}`}>×</a>
          </span>
        `,
      )}
      <${FilterMenu} address=${address} />
      ${chips.length > 1 && html`<a class="clear" href=${changed({ ...FIRST_PAGE, ...NO_CONDITION })}>Clear all</a>`}
    </div>
  `;
}
