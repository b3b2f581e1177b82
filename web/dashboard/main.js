// @ts-check
/** The page: who asks, the frame around every view, and the view that the address names. */
import { Header } from "./frame/header.js";
import { Help } from "./frame/help.js";
import { SignIn } from "./frame/sign-in.js";
import { Home } from "./home/home.js";
import { catchLinks, useAddress } from "./kit/address.js";
import { html, render, useEffect, useState } from "./kit/html.js";
import { connect } from "./kit/live.js";
import * as token from "./kit/token.js";
import { useAnswer, useChanges } from "./kit/use-answer.js";
import { Overview } from "./overview/overview.js";
import { Problem, Skeleton } from "./parts/states.js";

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
  const View = useView(name);
  useEffect(() => {
    document.title = tenant ? `${tenant} · ${name} · ${TITLE}` : TITLE;
  }, [tenant, name]);
  useEffect(() => void connect(), []);
  return html`
    <a class="skip" href="#main">Skip to content</a>
    <${Header} address=${address} frame=${frame} view=${tenant ? name : null} />
    <main id="main" tabindex="-1">
      <${Problem} text=${frame.problem} />
      ${tenant
        ? View
          ? html`<${View} key=${tenant + name} address=${address} version=${version} />`
          : html`<${Skeleton} lines=${12} />`
        : html`<${Home} address=${address} frame=${frame} />`}
    </main>
    <${Help} />
  `;
}

/** The component of a view, null until it is here. @param {string} name */
function useView(name) {
  const [views, setViews] = useState(/** @type {Record<string, any>} */ ({ overview: Overview }));
  useEffect(() => {
    if (!views[name]) LATER[name]().then((View) => setViews((known) => ({ ...known, [name]: View })));
  }, [name]);
  return views[name] ?? null;
}

catchLinks();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${Page} />`, root);
