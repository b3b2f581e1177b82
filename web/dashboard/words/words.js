// @ts-check
/** A tenant's own words: which make its tickets urgent, which say nothing, and what other ones would do. */
import { html, useState } from "../kit/html.js";
import { zoneOf } from "../kit/period.js";
import { useAnswer } from "../kit/use-answer.js";
import { useOrder } from "../operations/order.js";
import { Problem, Skeleton } from "../parts/states.js";
import { useNow } from "../parts/time.js";
import { Conflict } from "./conflict.js";
import { begun, isChanged, keep, kept, merged, over } from "./draft.js";
import { Learning } from "./learning.js";
import { Preview } from "./preview.js";
import { Reclassification } from "./reclassification.js";
import { Revisions } from "./revisions.js";
import { SaveBar } from "./save-bar.js";
import { placed, useTrial } from "./trial.js";
import { WordList } from "./word-list.js";

/** How far judging anew is, and what others save, changes without telling: it is looked at so often. */
const LOOK_MS = 3_000;

/** @param {{address: URLSearchParams}} props */
export function Words({ address }) {
  const tenant = /** @type {string} */ (address.get("tenant"));
  const look = useNow(LOOK_MS);
  const [changes, setChanges] = useState(0);
  const answer = useAnswer("own-words", { tenant }, look + changes);
  const data = answer.data;
  if (!data?.classificationRules) return answer.problem ? html`<${Problem} text=${answer.problem} />` : html`<${Skeleton} lines=${10} />`;
  return html`
    <h1 class="unseen">Words of ${tenant}</h1>
    <${Problem} text=${answer.problem} />
    <${Editor} tenant=${tenant} zone=${zoneOf(address)} data=${data} onChange=${() => setChanges((before) => before + 1)} />
  `;
}

/** @param {{tenant: string, zone: string, data: any, onChange: () => void}} props */
function Editor({ tenant, zone, data, onChange }) {
  const now = useNow();
  const { classificationRules: rules, learning, viewer } = data;
  const [draft, setDraft] = useState(kept(tenant));
  const [saved, setSaved] = useState(/** @type {any} */ (null));
  const [refused, setRefused] = useState(/** @type {import("./word-list.js").Fault[]} */ ([]));
  const [news, setNews] = useState("");
  const order = useOrder(onChange);
  // What was just saved is in use, although it has not been read again yet.
  const present = saved && saved.revision > rules.words.revision ? saved : rules.words;
  const edited = draft && isChanged(draft) ? draft : begun(present);
  const isEdited = isChanged(edited);
  const isBehind = isEdited && edited.base.revision !== present.revision;
  const trial = useTrial(tenant, isEdited ? edited.words : null);
  const mayWrite = Boolean(viewer?.scopes.includes("ADMIN"));
  const faults = [...trial.faults, ...refused];
  /** @param {import("./draft.js").Draft} next */
  const edit = (next) => {
    keep(tenant, next);
    setDraft(next);
    setRefused([]);
    setNews("");
  };
  /** @param {boolean} announce */
  const save = async (announce) => {
    const { base, words } = edited;
    const outcome = await order.give("save-own-words", { input: { tenantId: tenant, ...words, expectedRevision: base.revision, announce } });
    setRefused(placed(outcome?.faults, words));
    if (!outcome?.rules) return;
    setSaved(outcome.rules.words);
    edit(begun(outcome.rules.words));
    setNews("Saved. The words count for every ticket that comes; those that you have are judged anew.");
  };
  const list = (/** @type {import("./draft.js").ListName} */ name, /** @type {string} */ title, /** @type {any} */ text) => html`
    <${WordList} name=${name} title=${title} words=${edited.words[name]} saved=${edited.base.words[name]} faults=${faults.filter((each) => each.list === name)} mayWrite=${mayWrite}
      onChange=${(/** @type {string[]} */ entries) => edit({ ...edited, words: { ...edited.words, [name]: entries } })}>${text}<//>
  `;
  return html`
    <div class="words">
      <div class="words-lists">
        ${!mayWrite && html`<p class="read-only">Your token may read the words and not change them: that takes the scope <code>admin</code>. Whoever runs the service can give you one.</p>`}
        ${isBehind && html`<${Conflict} draft=${edited} theirs=${present} zone=${zone} now=${now} onMerge=${() => edit(merged(edited, present))} onKeep=${() => edit(over(edited, present))} onDiscard=${() => edit(begun(present))} />`}
        ${list("high", "Words that make a ticket urgent", "A ticket in which one of these stands has high urgency, unless it is denied there.")}
        ${list("harmless", "Words that are harmless", "Signals inside these do not count: “refund policy” is no demand for a refund.")}
        ${mayWrite && html`<${Spelling} />`}
        <p class="news" role="status">${news}</p>
        ${isEdited && mayWrite && html`<${SaveBar} draft=${edited} trial=${trial} isBehind=${isBehind} isGiven=${order.isGiven} problem=${refused.length || isBehind ? null : order.problem} onSave=${save} onDiscard=${() => edit(begun(present))} />`}
      </div>
      <div class="words-beside">
        ${mayWrite && html`<${Preview} trial=${trial} />`}
        <${Reclassification} tenant=${tenant} progress=${rules.reclassification} hasWords=${present.high.length > 0} isAdmin=${mayWrite} zone=${zone} now=${now} onChange=${onChange} />
      </div>
      <div class="words-below">
        <${Learning} learning=${learning} zone=${zone} now=${now} />
        <${Revisions} present=${present} before=${rules.before} mayWrite=${mayWrite} zone=${zone} now=${now} onBringBack=${(/** @type {import("./draft.js").Words} */ words) => edit({ ...begun(present), words })} />
      </div>
    </div>
  `;
}

/** How entries are written. */
function Spelling() {
  return html`
    <details class="card spelling">
      <summary>How to write them</summary>
      <dl>
        <div><dt><code>data leak</code></dt><dd>These words, one after the other; case, accents and punctuation do not matter.</dd></div>
        <div><dt><code>leak~</code></dt><dd>The word in all its forms: leaks, leaked, leaking.</dd></div>
        <div><dt><code>pump/valve leaks</code></dt><dd>Either word.</dd></div>
        <div><dt><code>pump * smoke</code></dt><dd>With up to three words of any kind between.</dd></div>
      </dl>
    </details>
  `;
}
