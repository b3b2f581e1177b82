// @ts-check
/** A person's word on a ticket: what was said, the form that says it, and taking it back. */
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { useOrder } from "../operations/order.js";
import { Problem } from "../parts/states.js";
import { Moment } from "../parts/time.js";
import { answersOf, NAMES, saidIn, withAction } from "./labels.js";
import { judgeOf } from "./verdict.js";

/** Of a note, in characters. */
const MAX_NOTE = 500;
/** What to do where a correction was refused, by what came of it. @type {Record<string, string>} */
const ADVICE = {
  TicketNotFound: "It may have been deleted upstream: close it, and look for it in the list.",
  CorrectionRefused: "Nothing was changed.",
};

/**
 * @param {{tenant: string, ticket: any, mayWrite: boolean, zone: string, now: number, onTold: (ticket: any) => void}} props
 *   `onTold`: the service has answered with the ticket as it is now
 */
export function Correction({ tenant, ticket, mayWrite, zone, now, onTold }) {
  const order = useOrder(() => undefined);
  const [isOpen, open] = useState(false);
  const [news, setNews] = useState("");
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [trouble, setTrouble] = useState(/** @type {string | null} */ (null));
  const beginning = () => box.current?.querySelector("button.begins");
  useEffect(() => {
    if (!isOpen && news) /** @type {HTMLElement | null} */ (beginning())?.focus();
  }, [isOpen, news]);
  /** @param {string} name @param {Record<string, unknown>} input @param {string} text */
  const give = async (name, input, text) => {
    setNews("");
    const outcome = await order.give(name, { input: { tenantId: tenant, externalId: ticket.externalId, ...input } });
    setTrouble(ADVICE[outcome?.__typename] ?? null);
    if (!outcome?.ticket) return;
    onTold(outcome.ticket);
    open(false);
    setNews(text);
  };
  const correct = (/** @type {Record<string, unknown>} */ said) => give("correct-ticket", said, "Saved. It counts from now on.");
  const withdraw = () => give("withdraw-correction", {}, "Taken back: it is classified as if nobody had said anything.");
  const close = () => {
    open(false);
    setNews(" ");
  };
  const problem = order.problem && [order.problem, trouble].filter(Boolean).join(" ");
  return html`
    <section class="correction" ref=${box} aria-label="Correction">
      ${ticket.correction && html`<${Said} ticket=${ticket} zone=${zone} now=${now} />`}
      ${!isOpen && html`<${Problem} text=${problem} />`}
      ${!isOpen && html`
        <div class="acts">
          ${!ticket.correction && html`<p class="quiet judge">${judgeOf(ticket)}</p>`}
          ${mayWrite && html`<button type="button" class="begins" onClick=${() => { setNews(""); open(true); }}>${ticket.correction ? "Correct again …" : "Correct …"}</button>`}
          ${mayWrite && ticket.correction && html`<button type="button" disabled=${order.isGiven} onClick=${withdraw}>Take back</button>`}
        </div>
      `}
      ${!mayWrite && html`<p class="quiet">Classified wrongly? Your token may not correct it: that takes the scope <code>tickets:write</code>.</p>`}
      ${mayWrite && isOpen && html`<${Form} ticket=${ticket} problem=${problem} isGiven=${order.isGiven} onSave=${correct} onClose=${close} />`}
      <p class="news" role="status">${news.trim()}</p>
    </section>
  `;
}

/** @param {{ticket: any, zone: string, now: number}} props */
function Said({ ticket, zone, now }) {
  const { correction } = ticket;
  return html`
    <div class="said">
      <p>
        <strong>Corrected by ${correction.by ? html`<bdi>${correction.by}</bdi>` : "somebody"}</strong>
        <span class="quiet"> <${Moment} at=${correction.at} zone=${zone} now=${now} /></span>
      </p>
      <dl class="before-after">
        ${NAMES.filter(({ name }) => correction[name] !== null).map(
          ({ name, title, text }) => html`
            <div key=${name}><dt>${title}</dt><dd><del>${text(correction.machine[name])}</del> <span aria-hidden="true">→</span> <ins>${text(correction[name])}</ins></dd></div>
          `,
        )}
      </dl>
      ${correction.note && html`<p class="note-text" dir="auto">${correction.note}</p>`}
      <p class="quiet">Without it: ${NAMES.map(({ name, sentence }) => sentence(correction.machine[name])).join(", ")}. It counts until the ticket's text changes.</p>
    </div>
  `;
}

/** @param {{ticket: any, problem: string | null, isGiven: boolean, onSave: (said: Record<string, unknown>) => void, onClose: () => void}} props */
function Form({ ticket, problem, isGiven, onSave, onClose }) {
  const [answers, setAnswers] = useState(() => answersOf(ticket));
  const [touched, touch] = useState(/** @type {string[]} */ ([]));
  const [announce, setAnnounce] = useState(false);
  const [hint, setHint] = useState(/** @type {string | null} */ (null));
  const [begunAt] = useState(ticket.correction?.at ?? null);
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => /** @type {HTMLElement | null} */ (form.current?.querySelector("input:checked") ?? form.current?.querySelector("input"))?.focus(), []);
  /** @param {string} name @param {unknown} value */
  const choose = (name, value) => {
    setHint(null);
    touch((before) => [...before, name]);
    setAnswers((before) => withAction({ ...before, [name]: value }, name, touched));
  };
  const isRaised = answers.urgency === "HIGH" && ticket.urgency !== "HIGH";
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    const said = saidIn(answers, ticket, touched);
    if (Object.keys(said).length === 0) {
      setHint("This is what it is classified as already: choose something else, or cancel.");
      return;
    }
    const note = String(new FormData(/** @type {HTMLFormElement} */ (form.current)).get("note")).trim();
    onSave({ ...said, note: note || null, announce: isRaised && announce });
  };
  return html`
    <form class="correcting" ref=${form} autocomplete="off" aria-label="Correct the classification" onSubmit=${submit} onKeyDown=${keptInside(onClose)}>
      ${NAMES.map((label) => html`<${Choice} key=${label.name} label=${label} value=${answers[label.name]} onChoose=${choose} />`)}
      <div class="form-row">
        <label for="correction-note">Note <span class="quiet">optional, for colleagues</span></label>
        <textarea id="correction-note" name="note" rows="2" maxlength=${MAX_NOTE} dir="auto" defaultValue=${ticket.correction?.note ?? ""}></textarea>
      </div>
      ${isRaised && html`<label class="announce"><input type="checkbox" checked=${announce} onChange=${() => setAnnounce(!announce)} /> Announce it to those who are told of urgent tickets</label>`}
      ${(ticket.correction?.at ?? null) !== begunAt && html`<p class="problem" role="alert">Somebody else has corrected it while this was open. Saving replaces that.</p>`}
      <${Problem} text=${problem ?? hint} />
      <div class="acts">
        <button type="submit" class="primary" disabled=${isGiven}>${isGiven ? "Saving …" : "Save"}</button>
        <button type="button" onClick=${onClose}>Cancel</button>
      </div>
    </form>
  `;
}

/** One of a few values. @param {{label: import("./labels.js").Label, value: unknown, onChoose: (name: string, value: unknown) => void}} props */
function Choice({ label, value, onChoose }) {
  return html`
    <fieldset class="segments">
      <legend>${label.title}</legend>
      <div>
        ${label.values.map(
          (each) => html`
            <label key=${String(each)}><input type="radio" name=${label.name} value=${String(each)} checked=${each === value} onChange=${() => onChoose(label.name, each)} /><span>${label.text(each)}</span></label>
          `,
        )}
      </div>
    </fieldset>
  `;
}

/** What is typed is for the form: neither its letters nor its Esc mean anything to the page around it. @param {() => void} onClose */
function keptInside(onClose) {
  return (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    onClose();
  };
}
