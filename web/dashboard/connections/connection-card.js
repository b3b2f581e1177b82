// @ts-check
/** One connection: how it stands, and what can be done with it. */
import { absolute, counted, words } from "../kit/format.js";
import { html, useRef, useState } from "../kit/html.js";
import { dateOf } from "../kit/period.js";
import { useOrder } from "../operations/order.js";
import { Problem } from "../parts/states.js";
import { Moment } from "../parts/time.js";
import { ChangePlan, ChangeSettings, Remove, RotateSecret } from "./panels.js";
import { scheduleText } from "./plan.js";

const COLOURS = { CONNECTED: "green", FAILING: "red", NEW: "grey" };
/** What a card opens, by the words of its button. @type {Record<string, any>} */
const PANELS = { "Schedule …": ChangePlan, "Settings …": ChangeSettings, "Replace the secret …": RotateSecret, "Remove …": Remove };

/**
 * @param {{connection: any, offered: any, zone: string, now: number, onDone: (news: string) => void,
 *   onChange: () => void}} props `offered`: what its kind of source is told
 */
export function ConnectionCard({ connection, offered, zone, now, onDone, onChange }) {
  const order = useOrder(onChange);
  const [checked, setChecked] = useState(/** @type {any} */ (null));
  const [opened, open] = useState(/** @type {string | null} */ (null));
  const card = useRef(/** @type {HTMLElement | null} */ (null));
  const title = `connection-${connection.connectionId}`;
  const check = async () => setChecked(await order.give("check-connection", { input: { connectionId: connection.connectionId } }));
  const close = () => {
    const name = opened;
    open(null);
    [...(card.current?.querySelectorAll("button") ?? [])].find((button) => button.textContent === name)?.focus();
  };
  const Panel = opened && PANELS[opened];
  return html`
    <section class="card connection-card" ref=${card} aria-labelledby=${title}>
      <div class="card-head">
        <h2 id=${title}><bdi>${connection.account}</bdi></h2>
        <span class="badge"><i class=${COLOURS[/** @type {keyof COLOURS} */ (connection.state)] ?? "grey"} aria-hidden="true"></i>${words(connection.state)}</span>
      </div>
      <p class="quiet">${offered?.description ?? words(connection.source)}</p>
      ${connection.state === "FAILING" && html`<${Trouble} connection=${connection} />`}
      <${Facts} connection=${connection} zone=${zone} now=${now} />
      <${Problem} text=${order.problem} />
      ${checked?.detail && html`<p class="checked" role="status"><strong class=${checked.ok ? "" : "red"}>${checked.ok ? "The check went well." : "The check failed."}</strong> ${checked.detail}</p>`}
      <div class="acts">
        <button type="button" disabled=${order.isGiven} onClick=${check}>${order.isGiven ? "Checking …" : "Check"}</button>
        ${Object.keys(PANELS).filter((name) => ![ChangeSettings, RotateSecret].includes(PANELS[name]) || offered).map(
          (name) => html`<button type="button" key=${name} aria-expanded=${name === opened} onClick=${() => open(name === opened ? null : name)}>${name}</button>`,
        )}
      </div>
      ${Panel && html`<${Panel} key=${opened} connection=${connection} offered=${offered} zone=${zone} onDone=${(/** @type {string} */ news) => { open(null); setChecked(null); onDone(news); }} onClose=${close} />`}
    </section>
  `;
}

/** Why it fails, and what to do. @param {{connection: any}} props */
function Trouble({ connection }) {
  return html`
    <div class="problem trouble">
      <p><span aria-hidden="true">!</span> <strong>${connection.advice}</strong></p>
      <p>${counted(connection.failures, "run")} failed in a row${connection.problemDetail ? html`, the last one because: <bdi>${connection.problemDetail}</bdi>` : ""}.</p>
    </div>
  `;
}

/** @param {{connection: any, zone: string, now: number}} props */
function Facts({ connection, zone, now }) {
  const moment = (/** @type {string | null} */ at) => html`<${Moment} at=${at} zone=${zone} now=${now} />`;
  /** @type {[string, any][]} */
  const facts = [
    ["Last run", connection.lastRunAt ? moment(connection.lastRunAt) : "none yet"],
    ["Last success", connection.lastSuccessAt ? moment(connection.lastSuccessAt) : "none yet"],
    ["Next run", connection.nextRunAt ? moment(connection.nextRunAt) : "when somebody asks"],
    ["Read", scheduleText(connection.scheduleMinutes)],
    ["Announces tickets from", html`<time datetime=${connection.announceFrom} title=${absolute(connection.announceFrom, zone)}>${dateOf(new Date(connection.announceFrom), zone)}</time>`],
    ["Ids of its tickets", connection.prefix ? html`<code>${connection.prefix}:…</code>` : "as it has them"],
  ];
  return html`<dl class="standing">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
