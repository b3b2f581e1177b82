// @ts-check
/** The page: who asks, the frame around every view, and the view that the address names. */
import { Header } from "./frame/header.js";
import { Help } from "./frame/help.js";
import { SignIn } from "./frame/sign-in.js";
import { Home } from "./home/home.js";
import { catchLinks, useAddress } from "./kit/address.js";
import { html, render, useEffect, useState } from "./kit/html.js";
import { connect, useConnection } from "./kit/live.js";
import * as token from "./kit/token.js";
import { useAnswer, useChanges } from "./kit/use-answer.js";
import { Overview } from "./overview/overview.js";
import { Empty, Problem, Skeleton } from "./parts/states.js";

const TITLE = "Support ticket analytics";
/** The views that are fetched when they are first opened. @type {Record<string, () => Promise<any>>} */
const LATER = {
  connections: () => import("./connections/connections.js").then((module) => module.Connections),
  customers: () => import("./customers/customers.js").then((module) => module.Customers),
  notifications: () => import("./operations/notifications.js").then((module) => module.Notifications),
  ingestion: () => import("./operations/ingestion.js").then((module) => module.Ingestion),
  tickets: () => import("./tickets/tickets.js").then((module) => module.Tickets),
  words: () => import("./words/words.js").then((module) => module.Words),
};

function Page() {
  const [isSignedIn, signIn] = useState(!token.isNeeded || token.read() !== null);
  const [isRefused, refuse] = useState(false);
  useEffect(() => {
    const signOut = () => {
      signIn(false);
      refuse(true);
    };
    addEventListener(token.SIGNED_OUT, signOut);
    return () => removeEventListener(token.SIGNED_OUT, signOut);
  }, []);
  return isSignedIn ? html`<${Signed} />` : html`<${SignIn} isRefused=${isRefused} onToken=${() => signIn(true)} />`;
}

function Signed() {
  const address = useAddress();
  const tenant = address.get("tenant");
  const version = useChanges(tenant);
  const frame = useAnswer("frame", {}, version);
  const wanted = address.get("view") ?? "";
  const name = Object.hasOwn(LATER, wanted) ? wanted : "overview";
  const { View, isMissing } = useView(name);
  const isNew = isWithoutTickets(frame.data?.tenants, tenant);
  useEffect(() => {
    document.title = tenant ? `${tenant} · ${name} · ${TITLE}` : TITLE;
  }, [tenant, name]);
  useEffect(() => void connect(), []);
  return html`
    <a class="skip" href="#main">Skip to content</a>
    <${Header} address=${address} frame=${frame} view=${tenant ? name : null} />
    <main id="main" tabindex="-1">
      <${Problem} text=${frame.problem} />
      ${!tenant && html`<${Home} address=${address} frame=${frame} />`}
      ${tenant && View && html`<${View} key=${tenant + name} address=${address} version=${version} isNew=${isNew} />`}
      ${tenant && !View && (isMissing ? html`<${Missing} />` : html`<${Skeleton} lines=${12} />`)}
    </main>
    <${Help} />
  `;
}

/** Whether nothing is stored of a tenant; false as long as that is not known. @param {any[] | undefined} tenants @param {string | null} tenant */
function isWithoutTickets(tenants, tenant) {
  return tenants !== undefined && !tenants.some(({ tenantId, ticketCount }) => tenantId === tenant && ticketCount > 0);
}

/**
 * The component of a view, null until it is here. One that could not be fetched is fetched with the next connection.
 * @param {string} name
 */
function useView(name) {
  const [views, setViews] = useState(/** @type {Record<string, any>} */ ({ overview: Overview }));
  const [missing, setMissing] = useState(/** @type {string | null} */ (null));
  const connection = useConnection();
  useEffect(() => {
    if (views[name]) return;
    LATER[name]().then(
      (View) => setViews((known) => ({ ...known, [name]: View })),
      () => setMissing(name),
    );
  }, [name, connection]);
  return { View: views[name] ?? null, isMissing: missing === name };
}

function Missing() {
  return html`
    <${Empty} title="This part of the page could not be fetched">
      <p>The service cannot be reached, or has been renewed since the page was opened.</p>
      <p><button type="button" onClick=${() => location.reload()}>Load the page again</button></p>
    <//>
  `;
}

catchLinks();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${Page} />`, root);
