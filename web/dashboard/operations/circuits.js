// @ts-check
/** Where alerts go, and whether the circuit breaker lets them. */
import { counted, duration, number, words } from "../kit/format.js";
import { html, useRef } from "../kit/html.js";
import { useAnswer } from "../kit/use-answer.js";

const COLOURS = { CLOSED: "green", OPEN: "red", HALF_OPEN: "amber" };
/** The operator's, for tenants that have no destination of their own. */
const USUAL = { destinationId: "notify", url: "The operator's notifier", isPaused: false };

/** @param {{tenant: string, look: number, now: number, pending: number}} props */
export function Circuits({ tenant, look, now, pending }) {
  // Only administrators may see destinations; for others it is the operator's notifier that counts.
  const own = useAnswer("destinations", { tenant }).data?.destinations ?? [];
  const shown = own.length ? own : [USUAL];
  return html`
    <section class="card">
      <h2>${own.length ? "Destinations" : "Destination"}</h2>
      <ul class="circuits">
        ${shown.map((/** @type {any} */ each) => html`<${Circuit} key=${each.destinationId} destination=${each} look=${look} now=${now} pending=${pending} />`)}
      </ul>
    </section>
  `;
}

/** @param {{destination: any, look: number, now: number, pending: number}} props */
function Circuit({ destination, look, now, pending }) {
  const circuit = useAnswer("circuit", { name: destination.destinationId }, look).data?.circuitBreaker;
  const heard = useRef({ circuit: null, at: 0 });
  if (heard.current.circuit !== circuit) heard.current = { circuit, at: Date.now() };
  const left = circuit?.retryAfter ? Math.max(0, Math.ceil(circuit.retryAfter - (now - heard.current.at) / 1000)) : 0;
  const state = destination.isPaused ? "paused" : circuit?.state;
  return html`
    <li>
      <p class="circuit">
        <strong><bdi>${destination.url}</bdi></strong>
        ${state && html`<span class="badge"><i class=${COLOURS[/** @type {keyof COLOURS} */ (state)] ?? "grey"} aria-hidden="true"></i>${state === "paused" ? "Paused" : `Circuit ${words(state).toLowerCase()}`}</span>`}
        ${circuit && html`<span class="quiet">${number(circuit.failureCount)} of the last ${number(circuit.windowSize)} failed</span>`}
        ${left > 0 && html`<span role="timer">next attempt in ${duration(left)}</span>`}
      </p>
      ${circuit?.state === "OPEN" &&
      html`<p class="quiet why">Too many of the last requests failed, so nothing is sent until one more is tried. That ${counted(pending, "notification")} wait${pending === 1 ? "s" : ""} is as it should be: waiting uses no attempt up, and nothing is lost.</p>`}
    </li>
  `;
}
