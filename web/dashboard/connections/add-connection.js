// @ts-check
/** The form that connects a help desk: what is typed is tried first, and stored if that goes well. */
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { useOrder } from "../operations/order.js";
import { Problem } from "../parts/states.js";
import { Needs, typed } from "./needs.js";
import { Plan, planned } from "./plan.js";

/** What stands in the form at first. */
const USUAL_MINUTES = 15;

/** @param {{tenant: string, zone: string, sources: any[], onDone: (news: string) => void, onClose: () => void}} props */
export function AddConnection({ tenant, zone, sources, onDone, onClose }) {
  const order = useOrder(() => undefined);
  const [source, setSource] = useState(sources[0].source);
  const [refusal, setRefusal] = useState(/** @type {string | null} */ (null));
  const select = useRef(/** @type {HTMLSelectElement | null} */ (null));
  useEffect(() => select.current?.focus(), []);
  const { needs } = sources.find((each) => each.source === source);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const input = { tenantId: tenant, source, ...typed(form, needs) };
    const plan = planned(form, zone);
    setRefusal(null);
    const tried = await order.give("try-connection", { input });
    if (!tried?.ok) {
      setRefusal(tried?.detail ?? null);
      return;
    }
    const made = await order.give("create-connection", { input: { ...input, ...plan } });
    if (!made?.connection) return;
    form.reset();
    onDone(`Connected to ${made.connection.account}. ${tried.detail}`);
  };
  const problem = order.problem ?? refusal;
  return html`
    <form class="card connection-form" autocomplete="off" aria-label="Connect a help desk" onSubmit=${submit} onKeyDown=${closedByEscape(onClose)}>
      <h2>Connect a help desk</h2>
      <div class="form-row">
        <label for="connection-source">What is to be read</label>
        <select id="connection-source" ref=${select} value=${source} onChange=${(/** @type {any} */ event) => setSource(event.target.value)}>
          ${sources.map((each) => html`<option key=${each.source} value=${each.source}>${each.description.replace(/\.$/, "")}</option>`)}
        </select>
      </div>
      <${Needs} key=${source} needs=${needs} />
      <${Plan} zone=${zone} minutes=${USUAL_MINUTES} announceFrom=${null} />
      <${Problem} text=${problem && `Nothing was stored. ${problem}`} />
      <div class="acts">
        <button type="submit" class="primary" disabled=${order.isGiven}>${order.isGiven ? "Checking …" : "Check and connect"}</button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>
    </form>
  `;
}

/** @param {() => void} onClose */
export function closedByEscape(onClose) {
  return (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onClose();
  };
}
