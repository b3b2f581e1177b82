// @ts-check
/** One list of a tenant's own words: look through it, add, change and remove. */
import { counted, number } from "../kit/format.js";
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { difference, entriesIn } from "./draft.js";

/** Beyond so many, a list has a field to find one in it. */
const MANY = 12;
/** Of either list. */
export const MOST = 200;
const LONGEST = 100;

/** @typedef {{list: string, entry: number | null, column: number | null, text: string | null, reason: string}} Fault `text`: the entry that it is about */

/**
 * @param {{name: import("./draft.js").ListName, title: string, children: any, words: string[], saved: string[], faults: Fault[],
 *   mayWrite: boolean, onChange: (words: string[]) => void}} props `saved`: those that the editor began with
 */
export function WordList({ name, title, children, words, saved, faults, mayWrite, onChange }) {
  const [news, setNews] = useState("");
  const [sought, seek] = useState("");
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const fresh = difference(saved, words).added;
  const shown = words.filter((each) => folded(each).includes(folded(sought)));
  /** @param {string[]} next @param {string} text */
  const change = (next, text) => {
    onChange(next);
    setNews(text);
  };
  /** @param {string[]} entries */
  const add = (entries) => {
    const [known, unknown] = [entries.filter((each) => words.includes(each)), entries.filter((each) => !words.includes(each))];
    const texts = [unknown.length && `Added: ${counted(unknown.length, "entry", "entries")}.`, known.length && `Already there: ${known.join(", ")}.`];
    seek("");
    change([...unknown, ...words], texts.filter(Boolean).join(" "));
  };
  /** Where somebody goes on after what had the focus is gone. @param {string} selector @param {number} place */
  const focus = (selector, place) =>
    requestAnimationFrame(() => {
      const all = /** @type {NodeListOf<HTMLElement> | undefined} */ (box.current?.querySelectorAll(selector));
      (all?.[Math.min(place, all.length - 1)] ?? /** @type {HTMLElement | null} */ (box.current?.querySelector(".word-add input")))?.focus();
    });
  /** @param {string} text */
  const remove = (text) => {
    focus(".word-remove", shown.indexOf(text));
    change(words.filter((each) => each !== text), `Removed: ${text}`);
  };
  /** @param {string} before @param {string} after @param {boolean} isByKey */
  const rewrite = (before, after, isByKey) => {
    if (isByKey) focus(".word-text", shown.indexOf(before));
    if (words.includes(after)) setNews(`Already there: ${after}.`);
    else change(words.map((each) => (each === before ? after : each)), `Changed: ${before} is ${after} now.`);
  };
  return html`
    <section class="card word-list ${name}" ref=${box} aria-labelledby=${`words-${name}`}>
      <div class="card-head"><h2 id=${`words-${name}`}>${title}</h2><span class="quiet">${number(words.length)} of ${MOST}</span></div>
      <p class="quiet">${children}</p>
      ${mayWrite && html`<${Add} name=${name} title=${title} onAdd=${add} />`}
      ${faults.filter(({ entry }) => entry === null).map(({ reason }) => html`<p class="fault" key=${reason}>${reason}</p>`)}
      ${words.length > MANY && html`<input type="search" class="word-find" value=${sought} placeholder="Find" aria-label=${`Find in: ${title}`} onInput=${(/** @type {any} */ event) => seek(event.target.value)} />`}
      ${words.length === 0 && html`<p class="none">None yet.</p>`}
      ${words.length > 0 && shown.length === 0 && html`<p class="none">None of them has “${sought}”.</p>`}
      <ul class="words-of" aria-label=${title} tabindex=${!mayWrite && words.length > MANY ? 0 : null}>
        ${shown.map((each) => html`<${Word} key=${each} text=${each} isFresh=${fresh.includes(each)} fault=${faults.find(({ text }) => text === each)} mayWrite=${mayWrite} onRemove=${() => remove(each)} onRewrite=${(/** @type {string} */ after, /** @type {boolean} */ isByKey) => rewrite(each, after, isByKey)} />`)}
      </ul>
      <p class="unseen" role="status">${news}</p>
    </section>
  `;
}

/** @param {{name: string, title: string, onAdd: (entries: string[]) => void}} props */
function Add({ name, title, onAdd }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  /** @param {string} text */
  const add = (text) => {
    const entries = entriesIn(text);
    if (entries.length) onAdd(entries);
    if (field.current) field.current.value = "";
    field.current?.focus();
  };
  /** @param {ClipboardEvent} event */
  const onPaste = (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    // A column of a sheet, say: each line is one.
    if (entriesIn(text).length < 2) return;
    event.preventDefault();
    add(text);
  };
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    add(field.current?.value ?? "");
  };
  return html`
    <form class="word-add" autocomplete="off" onSubmit=${submit}>
      <input ref=${field} name=${`add-${name}`} dir="auto" maxlength=${LONGEST} autocapitalize="off" placeholder="A word or phrase" aria-label=${`Add to: ${title}`} onPaste=${onPaste} />
      <button>Add</button>
    </form>
  `;
}

/** @param {{text: string, isFresh: boolean, fault: Fault | undefined, mayWrite: boolean, onRemove: () => void, onRewrite: (text: string, isByKey: boolean) => void}} props */
function Word({ text, isFresh, fault, mayWrite, onRemove, onRewrite }) {
  const [isOpen, open] = useState(false);
  const item = useRef(/** @type {HTMLElement | null} */ (null));
  const label = html`${isFresh && html`<span class="fresh" title="Not saved yet" aria-hidden="true">+</span>`}<bdi>${text}</bdi>`;
  /** @param {string | null} after null: it stays as it is @param {boolean} isByKey */
  const close = (after, isByKey) => {
    open(false);
    if (after && after !== text) onRewrite(after, isByKey);
    else if (isByKey) requestAnimationFrame(() => /** @type {HTMLElement | null} */ (item.current?.querySelector(".word-text"))?.focus());
  };
  return html`
    <li class="word ${fault ? "faulty" : ""} ${isOpen ? "opened" : ""}" ref=${item}>
      <span class="word-box">
        ${isOpen && html`<${Rewrite} text=${text} onClose=${close} />`}
        ${!isOpen && (mayWrite ? html`<button type="button" class="word-text" title=${isFresh ? "Change; not saved yet" : "Change"} onClick=${() => open(true)}>${label}</button>` : html`<span class="word-text">${label}</span>`)}
        ${mayWrite && !isOpen && html`<button type="button" class="word-remove" aria-label=${`Remove ${text}`} onClick=${onRemove}>×</button>`}
      </span>
      ${fault && html`<span class="fault">${fault.column ? `At character ${fault.column}: ` : ""}${fault.reason}</span>`}
    </li>
  `;
}

/** @param {{text: string, onClose: (text: string | null, isByKey: boolean) => void}} props */
function Rewrite({ text, onClose }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const isDone = useRef(false);
  useEffect(() => field.current?.select(), []);
  /** A field that goes loses the focus, too: only what comes first counts. @param {string | null} after @param {boolean} isByKey */
  const close = (after, isByKey) => {
    if (isDone.current) return;
    isDone.current = true;
    onClose(after, isByKey);
  };
  const typed = () => field.current?.value.trim() ?? null;
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    event.stopPropagation();
    if (event.key === "Enter") close(typed(), true);
    if (event.key === "Escape") close(null, true);
  };
  return html`
    <input class="word-rewrite" ref=${field} dir="auto" maxlength=${LONGEST} autocapitalize="off" defaultValue=${text} aria-label=${`Change ${text}`}
      onKeyDown=${onKeyDown} onBlur=${() => close(typed(), false)} />
  `;
}

/** @param {string} text */
function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
