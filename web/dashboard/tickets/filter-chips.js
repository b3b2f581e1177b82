// @ts-check
/** What restricts a list, as chips that can be turned round and removed, and a menu that adds more. */
import { changed } from "../kit/address.js";
import { FIELDS, FIRST_PAGE, chipsOf } from "./conditions.js";
import { html } from "../kit/html.js";
import { FilterMenu } from "./filter-menu.js";

/** @param {{address: URLSearchParams}} props */
export function FilterChips({ address }) {
  const chips = chipsOf(address);
  const names = [...chips.map((chip) => chip.key), "q"];
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
      <${FilterMenu} address=${address} fields=${FIELDS} />
      ${chips.length > 1 && html`<a class="clear" href=${changed({ ...FIRST_PAGE, ...Object.fromEntries(names.map((name) => [name, null])) })}>Clear all</a>`}
    </div>
  `;
}
