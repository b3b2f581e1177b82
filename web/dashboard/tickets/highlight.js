// @ts-check
/** Where words occur in a text, so that they can be marked; the text itself stays text. */

const WORD = /[\p{L}\p{N}]+(?:['’_][\p{L}\p{N}]+)*/gu;
/** Marks beyond that help nobody. */
const MOST = 200;

/** @typedef {{start: number, end: number, rule: string | null}} Mark */

/** @param {string} text @returns {{word: string, start: number, end: number}[]} */
function wordsOf(text) {
  return [...text.matchAll(WORD)].map((match) => ({
    word: plain(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** @param {string} word */
function plain(word) {
  return word.normalize("NFKC").toLowerCase().replaceAll("’", "'");
}

/** @typedef {{rule: string, text: string, field: string | null, start: number | null, end: number | null}} Reason */

/**
 * The places of what the classification matched, without overlaps, in order. Tickets that were judged before places were
 * kept are searched for the words.
 * @param {string} field @param {string} text @param {Reason[]} reasons
 * @returns {Mark[]}
 */
export function reasonMarks(field, text, reasons) {
  const words = wordsOf(text);
  const unitsAt = codeUnits(text);
  const marks = reasons.flatMap((reason) => {
    if (reason.field !== null && reason.start !== null && reason.end !== null) {
      return reason.field === field ? [{ start: unitsAt(reason.start), end: unitsAt(reason.end), rule: reason.rule }] : [];
    }
    const wanted = wordsOf(reason.text).map((each) => each.word);
    return wanted.length ? places(words, wanted).map((place) => ({ ...place, rule: reason.rule })) : [];
  });
  return apart(marks);
}

/** From code points, which places are told in, to the code units of JavaScript's texts. @param {string} text */
function codeUnits(text) {
  if (!/[\u{10000}-\u{10ffff}]/u.test(text)) return (/** @type {number} */ point) => point;
  const starts = [0];
  for (const character of text) starts.push(starts[starts.length - 1] + character.length);
  return (/** @type {number} */ point) => starts[Math.min(point, starts.length - 1)];
}

/** The places of a search's words; a word that begins like one counts. @param {string} text @param {string} query @returns {Mark[]} */
export function searchMarks(text, query) {
  const wanted = wordsOf(query).map((each) => each.word);
  if (wanted.length === 0) return [];
  const hits = wordsOf(text).filter(({ word }) => wanted.some((each) => word.startsWith(each)));
  return apart(hits.map(({ start, end }) => ({ start, end, rule: null })));
}

/** @param {{word: string, start: number, end: number}[]} words @param {string[]} wanted */
function places(words, wanted) {
  const found = [];
  for (let first = 0; first + wanted.length <= words.length; first += 1) {
    if (wanted.every((word, index) => words[first + index].word === word)) {
      found.push({ start: words[first].start, end: words[first + wanted.length - 1].end });
    }
  }
  return found;
}

/** The longest of those that overlap. @param {Mark[]} marks */
function apart(marks) {
  const sorted = [...marks].sort((a, b) => a.start - b.start || b.end - a.end);
  /** @type {Mark[]} */
  const kept = [];
  for (const mark of sorted) if (mark.start >= (kept.at(-1)?.end ?? 0)) kept.push(mark);
  return kept.slice(0, MOST);
}

/** The text in pieces, marked or not. @param {string} text @param {Mark[]} marks */
export function pieces(text, marks) {
  /** @type {{text: string, mark: Mark | null}[]} */
  const found = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.start > at) found.push({ text: text.slice(at, mark.start), mark: null });
    found.push({ text: text.slice(mark.start, mark.end), mark });
    at = mark.end;
  }
  if (at < text.length) found.push({ text: text.slice(at), mark: null });
  return found;
}
