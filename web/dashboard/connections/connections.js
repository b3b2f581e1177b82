// @ts-check
/** A tenant's access to its help desks: what is connected, how it stands, and what to do where it fails. */
import { viewed } from "../kit/address.js";
import { counted } from "../kit/format.js";
import { html, useRef, useState } from "../kit/html.js";
import { zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { useOrder } from "../operations/order.js";
import { Empty, Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { AddConnection } from "./add-connection.js";
import { ConnectionCard } from "./connection-card.js";

/** How connections stand changes without telling: they are looked at so often. */
const LOOK_MS = 4_000;

/** @param {{address: URLSearchParams}} props */
export function Connections({ address }) {
  const tenant = /** @type {string} */ (address.get("tenant"));
  const look = useNow(LOOK_MS);
  const [changes, setChanges] = useState(0);
  const [isAllowed, allow] = useState(true);
  const answer = useAnswer("connections", { tenant }, isAllowed ? look + changes : 0);
  const data = answer.data;
  if (!data) return answer.problem ? html`<${Problem} text=${answer.problem} />` : html`<${Skeleton} lines=${8} />`;
  const isAdmin = Boolean(data.viewer?.scopes.includes("ADMIN"));
  if (isAdmin !== isAllowed) allow(isAdmin);
  return html`
    <h1 class="unseen">Connections of ${tenant}</h1>
    ${isAdmin
      ? html`<${Problem} text=${answer.problem} />
          <${List} tenant=${tenant} zone=${zoneOf(address)} data=${data} onChange=${() => setChanges((before) => before + 1)} />`
      : html`<${Empty} title="Connections are for administrators"><p>They hold what lets the service into help desks, so they are shown to tokens with the scope <code>admin</code> only. Whoever runs the service can give you one.</p><//>`}
  `;
}

/** @param {{tenant: string, zone: string, data: any, onChange: () => void}} props */
function List({ tenant, zone, data, onChange }) {
  const now = useNow();
  const sources = useAnswer("offered-sources", {});
  const [isAdding, setAdding] = useState(false);
  const [news, setNews] = useState("");
  const top = useRef(/** @type {HTMLElement | null} */ (null));
  const offered = sources.data?.offeredSources ?? [];
  const connections = data.connections ?? [];
  const isNone = data.connections && connections.length === 0;
  /** What was done has taken its place, and the focus goes where that is said. @param {string} text */
  const done = (text) => {
    setAdding(false);
    setNews(text);
    onChange();
    top.current?.focus();
  };
  return html`
    <div class="connections">
      <${Problem} text=${sources.problem} />
      <div class="card-head" ref=${top} tabindex="-1">
        ${!isNone && html`<h2>${counted(connections.length, "connection")}</h2>`}
        <div class="acts">
          ${connections.length > 0 && html`<${RunNow} tenant=${tenant} isIdle=${data.ingestionStatus?.status === "IDLE"} onChange=${onChange} />`}
          ${!isNone && !isAdding && html`<button type="button" class="opens-form" disabled=${!offered.length} onClick=${() => setAdding(true)}>Connect a help desk</button>`}
        </div>
      </div>
      <p role="status">${news}${news && " "}<${UnderWay} status=${data.ingestionStatus?.status} /></p>
      ${isAdding && html`<${AddConnection} tenant=${tenant} zone=${zone} sources=${offered} onDone=${done} onClose=${() => done("")} />`}
      ${isNone && !isAdding && html`<${NoConnections} isReady=${offered.length > 0} onAdd=${() => setAdding(true)} />`}
      ${connections.map((/** @type {any} */ each) => html`<${ConnectionCard} key=${each.connectionId} connection=${each} offered=${offered.find((/** @type {any} */ one) => one.source === each.source)} zone=${zone} now=${now} onDone=${done} onChange=${onChange} />`)}
    </div>
  `;
}

/** @param {{isReady: boolean, onAdd: () => void}} props */
function NoConnections({ isReady, onAdd }) {
  return html`
    <${Empty} title="This tenant has no help desk of its own">
      <p>Its runs read the operator's API. Connect a help desk, and from then on they read that instead.</p>
      <p><button type="button" class="primary opens-form" disabled=${!isReady} onClick=${onAdd}>Connect a help desk</button></p>
    <//>
  `;
}

/** A run reads all of the tenant's connections in turn. @param {{tenant: string, isIdle: boolean, onChange: () => void}} props */
function RunNow({ tenant, isIdle, onChange }) {
  const order = useOrder(onChange);
  return html`
    <${Problem} text=${order.problem} />
    <button type="button" class="primary run-now" disabled=${order.isGiven || !isIdle} onClick=${() => order.give("start-ingestion", { tenant })}>Run now</button>
  `;
}

/** @param {{status: string | undefined}} props */
function UnderWay({ status }) {
  if (status !== "QUEUED" && status !== "RUNNING") return null;
  return html`<span class="under-way">A run ${status === "QUEUED" ? "waits for a worker" : "is under way"}: <a href=${viewed("ingestion")}>see how far it is</a>.</span>`;
}
