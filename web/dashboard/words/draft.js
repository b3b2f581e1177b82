// @ts-check
/** A tenant's own words while somebody edits them: what they began with, what they have now, and how it differs. */

/** @typedef {{high: string[], harmless: string[]}} Words */
/** @typedef {{revision: number, words: Words}} Base the words that were saved last, as far as the editor knows */
/** @typedef {{base: Base, words: Words}} Draft */
/** @typedef {keyof Words} ListName */

/** @type {ListName[]} */
export const LISTS = ["high", "harmless"];

/** Those of each tenant that are not saved: they outlive a look at another view. @type {Map<string, Draft>} */
const unsaved = new Map();

// What was typed is lost with the page, and with nothing less. Browsers ask only those who have done something on it.
addEventListener("beforeunload", (event) => {
  if (unsaved.size && navigator.userActivation.hasBeenActive) event.preventDefault();
});

/** @param {string} tenant @returns {Draft | null} */
export function kept(tenant) {
  return unsaved.get(tenant) ?? null;
}

/** @param {string} tenant @param {Draft} draft */
export function keep(tenant, draft) {
  if (isChanged(draft)) unsaved.set(tenant, draft);
  else unsaved.delete(tenant);
}

/** The words of a revision as a draft that changes nothing. @param {any} revision @returns {Draft} */
export function begun(revision) {
  const words = wordsOf(revision);
  return { base: { revision: revision.revision, words }, words };
}

/** @param {any} revision @returns {Words} */
export function wordsOf({ high, harmless }) {
  return { high, harmless };
}

/** @typedef {{added: string[], removed: string[]}} Difference */

/** What has to be done to the first list to have what is in the second. @param {string[]} before @param {string[]} after @returns {Difference} */
export function difference(before, after) {
  const [old, young] = [new Set(before), new Set(after)];
  return { added: after.filter((each) => !old.has(each)), removed: before.filter((each) => !young.has(each)) };
}

/** The same of both lists. @param {Words} before @param {Words} after @returns {Record<ListName, Difference>} */
export function differences(before, after) {
  return { high: difference(before.high, after.high), harmless: difference(before.harmless, after.harmless) };
}

/** @param {Draft} draft */
export function isChanged({ base, words }) {
  return LISTS.some((name) => JSON.stringify(base.words[name]) !== JSON.stringify(words[name]));
}

/** How much differs, in words; empty where nothing does. @param {Words} before @param {Words} after */
export function told(before, after) {
  const all = Object.values(differences(before, after));
  const counts = { added: all.flatMap((each) => each.added).length, removed: all.flatMap((each) => each.removed).length };
  return Object.entries(counts).filter(([, count]) => count).map(([what, count]) => `${count} ${what}`).join(", ");
}

/** The draft with what somebody else has saved meanwhile as well. @param {Draft} draft @param {any} theirs their revision @returns {Draft} */
export function merged({ base, words }, theirs) {
  const saved = begun(theirs);
  const merge = (/** @type {ListName} */ name) => {
    const { added, removed } = difference(base.words[name], words[name]);
    const rest = saved.words[name].filter((each) => !removed.includes(each));
    return [...added.filter((each) => !rest.includes(each)), ...rest];
  };
  return { base: saved.base, words: { high: merge("high"), harmless: merge("harmless") } };
}

/** The draft over what somebody else has saved meanwhile: what they changed is undone. @param {Draft} draft @param {any} theirs @returns {Draft} */
export function over({ words }, theirs) {
  return { ...begun(theirs), words };
}

/** Text that was typed or pasted, as entries: one a line. @param {string} text */
export function entriesIn(text) {
  return [...new Set(text.split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean))];
}
