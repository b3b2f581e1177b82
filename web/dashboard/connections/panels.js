// @ts-check
/** What a connection's card opens: another schedule, another address, another secret, and its end. */
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { useOrder } from "../operations/order.js";
import { Problem } from "../parts/states.js";
import { closedByEscape } from "./add-connection.js";
import { Needs, typed } from "./needs.js";
import { Plan, planned } from "./plan.js";

/** @typedef {{connection: any, offered: any, zone: string, onDone: (news: string) => void, onClose: () => void}} Props */

/** @param {Props} props */
export function ChangePlan({ connection, zone, onDone, onClose }) {
  const order = useOrder(() => undefined);
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const { scheduleMinutes, announceFrom } = planned(form, zone, connection.announceFrom);
    // Of a change, 0 ends the schedule, and null leaves what there is.
    const input = { connectionId: connection.connectionId, scheduleMinutes: scheduleMinutes ?? 0, announceFrom };
    const saved = await order.give("change-connection", { input });
    if (saved?.connection) onDone(`${connection.account} has another schedule.`);
  };
  return html`
    <${Panel} name="Schedule" act="Save" problem=${order.problem} isGiven=${order.isGiven} onSubmit=${save} onClose=${onClose}>
      <${Plan} zone=${zone} minutes=${connection.scheduleMinutes} announceFrom=${connection.announceFrom} />
    <//>
  `;
}

/** Another address, limit or account. @param {Props} props */
export function ChangeSettings({ connection, offered, onDone, onClose }) {
  const tried = useTriedChange();
  const had = { settings: Object.fromEntries(connection.settings.map((/** @type {any} */ { name, value }) => [name, value])), secretNames: connection.secretNames };
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const { settings, secrets } = typed(form, offered.needs);
    const gone = Object.keys(had.settings).filter((name) => form.elements.namedItem(name) && !settings.some((each) => each.name === name));
    const done = await tried.change({ connectionId: connection.connectionId, settings: [...settings, ...without(gone)], secrets });
    if (!done) return;
    form.reset();
    onDone(`${done.account} is read from now on. ${done.detail}`);
  };
  return html`
    <${Panel} name="Settings" act="Check and save" problem=${tried.problem} isGiven=${tried.isGiven} onSubmit=${save} onClose=${onClose}>
      <${Needs} needs=${offered.needs} had=${had} />
    <//>
  `;
}

/** @param {Props} props */
export function RotateSecret({ connection, offered, onDone, onClose }) {
  const tried = useTriedChange();
  const known = connection.settings.map((/** @type {any} */ each) => each.name);
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const { settings, secrets } = typed(form, offered.needs);
    // Where none was typed, it works without one.
    const gone = secrets.length ? [] : connection.secretNames;
    const done = await tried.change({ connectionId: connection.connectionId, settings, secrets: [...secrets, ...without(gone)] });
    if (!done) return;
    form.reset();
    onDone(`${done.account} has another secret. ${done.detail}`);
  };
  return html`
    <${Panel} name="Replace the secret" act="Check and replace" problem=${tried.problem} isGiven=${tried.isGiven} onSubmit=${save} onClose=${onClose}>
      <${Needs} needs=${offered.needs} known=${known} />
    <//>
  `;
}

/** Changes of settings and secrets, which are tried before: what does not work is never stored. */
function useTriedChange() {
  const order = useOrder(() => undefined);
  const [refusal, setRefusal] = useState(/** @type {string | null} */ (null));
  /** @param {{connectionId: string, settings: object[], secrets: object[]}} input @returns {Promise<{account: string, detail: string} | null>} null: nothing was changed */
  const change = async (input) => {
    setRefusal(null);
    const checked = await order.give("check-connection", { input });
    if (!checked?.ok) {
      setRefusal(checked?.detail ?? null);
      return null;
    }
    const saved = await order.give("change-connection", { input });
    return saved?.connection ? { account: saved.connection.account, detail: checked.detail } : null;
  };
  const problem = order.problem ?? refusal;
  return { change, isGiven: order.isGiven, problem: problem && `Nothing was changed. ${problem}` };
}

/** These settings or secrets taken away. @param {string[]} names */
function without(names) {
  return names.map((name) => ({ name, value: null }));
}

/** @param {Props} props */
export function Remove({ connection, onDone, onClose }) {
  const order = useOrder(() => undefined);
  const remove = async () => {
    const removed = await order.give("delete-connection", { input: { connectionId: connection.connectionId } });
    if (removed?.connection) onDone(`${connection.account} is no longer connected.`);
  };
  return html`
    <${Panel} name="Remove" act="Remove the connection" look="danger" problem=${order.problem} isGiven=${order.isGiven} onSubmit=${remove} onClose=${onClose}>
      <p>Really remove the connection to <bdi>${connection.account}</bdi>? Its secret is deleted, and it is not read any more; its tickets stay.</p>
    <//>
  `;
}

/**
 * @param {{name: string, act: string, look?: string, problem: string | null, isGiven: boolean, children: any,
 *   onSubmit: (form: HTMLFormElement) => void, onClose: () => void}} props `act`: what its button says
 */
function Panel({ name, act, look = "primary", problem, isGiven, children, onSubmit, onClose }) {
  const box = useRef(/** @type {HTMLFormElement | null} */ (null));
  // The first field, or where there is none, the button that leaves all as it is.
  useEffect(() => /** @type {HTMLElement | null} */ (box.current?.querySelector("input, .cancel"))?.focus(), []);
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    onSubmit(/** @type {HTMLFormElement} */ (event.target));
  };
  return html`
    <form class="panel-form connection-form" ref=${box} autocomplete="off" aria-label=${name} onSubmit=${submit} onKeyDown=${closedByEscape(onClose)}>
      ${children}
      <${Problem} text=${problem} />
      <div class="acts">
        <button type="submit" class=${look} disabled=${isGiven}>${isGiven ? "A moment …" : act}</button>
        <button type="button" class="cancel" onClick=${onClose}>Cancel</button>
      </div>
    </form>
  `;
}
