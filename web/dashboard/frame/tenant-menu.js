// @ts-check
/** Which tenant is looked at; found by typing a part of the name. */
import { changed } from "../kit/address.js";
import { number } from "../kit/format.js";
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { Menu } from "../parts/menu.js";

const SHOWN = 50;
/** What belongs to one tenant only. */
const FORGOTTEN = ["ticket", "after", "before", "customer_id", "customer_id_not"];

/** @param {{address: URLSearchParams, tenants: any[]}} props */
export function TenantMenu({ address, tenants }) {
  const tenant = address.get("tenant");
  return html`
    <${Menu} name=${`Tenant: ${tenant ?? "All tenants"}`} label=${tenant ?? "All tenants"}>
      ${(/** @type {() => void} */ close) => html`<${Choices} tenants=${tenants} tenant=${tenant} close=${close} />`}
    <//>
  `;
}

/** @param {{tenants: any[], tenant: string | null, close: () => void}} props */
function Choices({ tenants, tenant, close }) {
  const [wanted, setWanted] = useState("");
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => input.current?.focus(), []);
  const found = tenants.filter((each) => each.tenantId.toLowerCase().includes(wanted.trim().toLowerCase()));
  const forgotten = Object.fromEntries(FORGOTTEN.map((name) => [name, null]));
  return html`
    <input ref=${input} type="search" placeholder="Find a tenant" aria-label="Find a tenant" value=${wanted}
      onInput=${(/** @type {any} */ event) => setWanted(event.target.value)} />
    <ul class="choices">
      ${!wanted && html`<li><a href="/" onClick=${close} aria-current=${tenant ? null : "true"}>All tenants</a></li>`}
      ${found.slice(0, SHOWN).map(
        (each) => html`
          <li key=${each.tenantId}>
            <a href=${changed({ tenant: each.tenantId, ...forgotten })} onClick=${close}
              aria-current=${each.tenantId === tenant ? "true" : null}>
              <span>${each.tenantId}</span><span class="quiet">${number(each.ticketCount)}</span>
            </a>
          </li>
        `,
      )}
    </ul>
    ${found.length === 0 && html`<p class="quiet">No tenant is called that.</p>`}
    ${found.length > SHOWN && html`<p class="quiet">${found.length - SHOWN} more: go on typing.</p>`}
  `;
}
