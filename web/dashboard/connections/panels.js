// @ts-check
/** What a connection's card opens: another schedule, another address, another secret, and its end. */
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { useOrder } from "../operations/order.js";
import { Problem } from "../parts/states.js";
import { closedByEscape } from "./add-connection.js";
import { Needs, typed } from "./needs.js";
import { Plan, planned } from "./plan.js";

/** @typedef {{tenant: string, connection: any, offered: any, zone: string, onDone: (news: string) => void, onClose: () => void}} Props */

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

/**
 * Another address, limit or account. With a new secret it is tried first; the one that stays only the service knows, so
 * what does not work with it is taken back.
 * @param {Props} props
 */
export function ChangeSettings({ tenant, connection, offered, onDone, onClose }) {
  const order = useOrder(() => undefined);
  const [refusal, setRefusal] = useState(/** @type {string | null} */ (null));
  const had = { settings: Object.fromEntries(connection.settings.map((/** @type {any} */ { name, value }) => [name, value])), secretNames: connection.secretNames };
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const { settings, secrets } = typed(form, offered.needs);
    const gone = Object.keys(had.settings).filter((name) => form.elements.namedItem(name) && !settings.some((each) => each.name === name));
    setRefusal(null);
    const tried = secrets.length ? await order.give("try-connection", { input: { tenantId: tenant, source: connection.source, settings, secrets } }) : null;
    if (secrets.length && !tried?.ok) {
      setRefusal(tried?.detail ?? null);
      return;
    }
    const connectionId = connection.connectionId;
    // What is taken back, if need be, is what the service has, which the page may not know yet.
    const connections = tried ? [] : await order.give("connection-settings", { tenant });
    if (!connections) return;
    const before = connections.find((/** @type {any} */ each) => each.connectionId === connectionId)?.settings ?? connection.settings;
    const saved = await order.give("change-connection", { input: { connectionId, settings: [...settings, ...without(gone)], secrets } });
    if (!saved?.connection) return;
    const checked = tried ?? (await order.give("check-connection", { input: { connectionId } }));
    if (checked?.ok) {
      form.reset();
      onDone(`${saved.connection.account} is read from now on. ${checked.detail}`);
      return;
    }
    const news = settings.map(({ name }) => name).filter((name) => !before.some((/** @type {any} */ each) => each.name === name));
    await order.give("change-connection", { input: { connectionId, settings: [...before, ...without(news)] } });
    setRefusal(checked?.detail ?? "It could not be checked.");
  };
  const problem = order.problem ?? refusal;
  return html`
    <${Panel} name="Settings" act="Save and check" problem=${problem && `Nothing was changed. ${problem}`} isGiven=${order.isGiven} onSubmit=${save} onClose=${onClose}>
      <${Needs} needs=${offered.needs} had=${had} />
    <//>
  `;
}

/** The new secret is tried before it takes the old one's place. @param {Props} props */
export function RotateSecret({ tenant, connection, offered, onDone, onClose }) {
  const order = useOrder(() => undefined);
  const [refusal, setRefusal] = useState(/** @type {string | null} */ (null));
  const known = connection.settings.map((/** @type {any} */ each) => each.name);
  /** @param {HTMLFormElement} form */
  const save = async (form) => {
    const { settings, secrets } = typed(form, offered.needs);
    setRefusal(null);
    const all = connection.settings.map((/** @type {any} */ { name, value }) => ({ name, value })).concat(settings);
    const tried = await order.give("try-connection", { input: { tenantId: tenant, source: connection.source, settings: all, secrets } });
    if (!tried?.ok) {
      setRefusal(tried?.detail ?? null);
      return;
    }
    // Where none was typed, it works without one.
    const gone = secrets.length ? [] : connection.secretNames.map((/** @type {string} */ name) => ({ name, value: null }));
    const saved = await order.give("change-connection", { input: { connectionId: connection.connectionId, settings, secrets: [...secrets, ...gone] } });
    if (!saved?.connection) return;
    form.reset();
    onDone(`${connection.account} has another secret. ${tried.detail}`);
  };
  const problem = order.problem ?? refusal;
  return html`
    <${Panel} name="Replace the secret" act="Check and replace" problem=${problem && `Nothing was changed. ${problem}`} isGiven=${order.isGiven} onSubmit=${save} onClose=${onClose}>
      <${Needs} needs=${offered.needs} known=${known} />
    <//>
  `;
}

/** These settings taken away. @param {string[]} names */
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
