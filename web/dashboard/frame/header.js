// @ts-check
/** The head of every view: tenant, period, zone, connection, health, and the views. */
import { viewed } from "../kit/address.js";
import { words } from "../kit/format.js";
import { html, useEffect, useRef } from "../kit/html.js";
import { useConnection } from "../kit/live.js";
import { PeriodMenu } from "./period-menu.js";
import { TenantMenu } from "./tenant-menu.js";
import { ZoneMenu } from "./zone-menu.js";

const TABS = { overview: "Overview", tickets: "Tickets", customers: "Customers", ingestion: "Ingestion", notifications: "Notifications", connections: "Connections", words: "Words" };
/** Views that show what is now, whatever the period. */
const TIMELESS = ["ingestion", "notifications", "connections", "words"];
const CONNECTION = {
  connecting: ["Connecting", "Connecting to the service"],
  live: ["Live", "Figures move by themselves"],
  lost: ["Reconnecting", "The connection is lost; what is shown may be old. Trying again."],
};

/** @param {{view: string}} props */
function Tabs({ view }) {
  const tabs = useRef(/** @type {HTMLElement | null} */ (null));
  // On a narrow screen the present view's tab may lie outside of what is seen.
  useEffect(() => {
    const tab = /** @type {HTMLElement | null} */ (tabs.current?.querySelector("[aria-current]"));
    if (tab && tabs.current) tabs.current.scrollLeft = tab.offsetLeft - tabs.current.clientWidth / 2;
  }, [view]);
  return html`
    <nav class="tabs" aria-label="Views" ref=${tabs}>
      ${Object.entries(TABS).map(
        ([name, title]) => html`<a key=${name} href=${viewed(name)} aria-current=${name === view ? "page" : null}>${title}</a>`,
      )}
    </nav>
  `;
}

/** @param {{address: URLSearchParams, frame: import("../kit/use-answer.js").Answer, view: string | null}} props */
export function Header({ address, frame, view }) {
  return html`
    <header class="top">
      <div class="bar">
        <a class="brand" href="/" aria-label="Tickets: all tenants"><span class="logo" aria-hidden="true"></span><span class="brand-name">Tickets</span></a>
        <${TenantMenu} address=${address} tenants=${frame.data?.tenants ?? []} />
        <span class="spring"></span>
        ${view && !TIMELESS.includes(view) && html`<${PeriodMenu} address=${address} />`}
        <${ZoneMenu} address=${address} />
        <${Health} health=${frame.data?.health} />
        <${Connection} />
      </div>
      ${view && html`<${Tabs} view=${view} />`}
    </header>
  `;
}

function Connection() {
  const state = useConnection();
  const [text, meaning] = CONNECTION[state];
  return html`
    <span class="connection ${state}" role="status" title=${meaning}>
      <span class="dot" aria-hidden="true"></span><span class="dot-text">${text}</span>
    </span>
  `;
}

/** Shown only when something is wrong: that all is well needs no words. @param {{health: any}} props */
function Health({ health }) {
  const ill = (health?.dependencies ?? []).filter((/** @type {any} */ each) => !each.healthy);
  if (ill.length === 0) return null;
  const names = ill.map((/** @type {any} */ each) => words(each.name)).join(", ");
  return html`<span class="health" role="status" title="Did not answer within 2 s">${names} unreachable</span>`;
}
