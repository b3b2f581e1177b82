// @ts-check
/** By whose clock days begin and times are shown. */
import { changed, go } from "../kit/address.js";
import { html, useState } from "../kit/html.js";
import { browserZone, isZone, zoneOf } from "../kit/period.js";
import { Menu } from "../parts/menu.js";

const SHOWN = 8;
const ZONES = ["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])];

/** @param {{address: URLSearchParams}} props */
export function ZoneMenu({ address }) {
  const zone = zoneOf(address);
  const place = zone.split("/").at(-1)?.replaceAll("_", " ");
  const label = html`<span class="zone-name">${place}</span>`;
  return html`
    <${Menu} name=${`Time zone: ${place} (${zone})`} label=${label} align="right">
      ${(/** @type {() => void} */ close) => html`<${Zones} zone=${zone} close=${close} />`}
    <//>
  `;
}

/** @param {{zone: string, close: () => void}} props */
function Zones({ zone, close }) {
  const [wanted, setWanted] = useState("");
  const like = wanted.trim().toLowerCase().replaceAll(" ", "_");
  const found = wanted ? ZONES.filter((each) => each.toLowerCase().includes(like)) : [...new Set([browserZone(), "UTC", zone])];
  /** @param {SubmitEvent} event */
  const take = (event) => {
    event.preventDefault();
    const chosen = isZone(wanted) ? wanted : found[0];
    if (!chosen) return;
    go(changed({ zone: chosen }));
    close();
  };
  return html`
    <form onSubmit=${take}>
      <input type="search" placeholder="Find a time zone" aria-label="Find a time zone" value=${wanted}
        onInput=${(/** @type {any} */ event) => setWanted(event.target.value)} />
    </form>
    <ul class="choices">
      ${found.slice(0, SHOWN).map(
        (each) => html`
          <li key=${each}>
            <a href=${changed({ zone: each === browserZone() ? null : each })} onClick=${close}
              aria-current=${each === zone ? "true" : null}>
              <span>${each}</span>${each === browserZone() && html`<span class="quiet">this browser</span>`}
            </a>
          </li>
        `,
      )}
    </ul>
    ${found.length === 0 && html`<p class="quiet">No time zone is called that.</p>`}
  `;
}
