// @ts-check
/** The page: who asks, the frame around every view, and the view that the address names. */
import { catchLinks, useAddress } from "./kit/address.js";
import { SIGNED_OUT } from "./kit/api.js";
import { html, render, useEffect, useState } from "./kit/html.js";
import { connect } from "./kit/live.js";
import * as token from "./kit/token.js";
import { useAnswer, useChanges } from "./kit/use-answer.js";
import { Header } from "./frame/header.js";
import { Help } from "./frame/help.js";
import { SignIn } from "./frame/sign-in.js";
import { Problem } from "./parts/states.js";
import { Home } from "./home/home.js";
import { Overview } from "./overview/overview.js";
import { Tickets } from "./tickets/tickets.js";

const TITLE = "Support ticket analytics";
export const VIEWS = { overview: Overview, tickets: Tickets };

function Page() {
  const [isSignedIn, signIn] = useState(!token.isNeeded || token.read() !== null);
  useEffect(() => {
    const signOut = () => token.isNeeded && signIn(false);
    addEventListener(SIGNED_OUT, signOut);
    return () => removeEventListener(SIGNED_OUT, signOut);
  }, []);
  return isSignedIn ? html`<${Signed} />` : html`<${SignIn} onToken=${() => signIn(true)} />`;
}

function Signed() {
  const address = useAddress();
  const tenant = address.get("tenant");
  const version = useChanges(tenant);
  const frame = useAnswer("frame", {}, version);
  const name = Object.hasOwn(VIEWS, address.get("view") ?? "") ? address.get("view") : "overview";
  const View = tenant ? VIEWS[/** @type {keyof VIEWS} */ (name)] : Home;
  useEffect(() => {
    document.title = tenant ? `${tenant} · ${name} · ${TITLE}` : TITLE;
  }, [tenant, name]);
  useEffect(connect, []);
  return html`
    <a class="skip" href="#main">Skip to content</a>
    <${Header} address=${address} frame=${frame} view=${tenant ? name : null} />
    <main id="main" tabindex="-1">
      <${Problem} text=${frame.problem} />
      <${View} key=${tenant} address=${address} frame=${frame} version=${version} />
    </main>
    <${Help} />
  `;
}

catchLinks();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(html`<${Page} />`, root);
