// @ts-check
/** What a reader sees of a message that is HTML. The browser's own parser reads it, into a document that does nothing. */

/** Elements of which one shows that a text is HTML throughout; a lone `<urgent>` or `<me@example.com>` is text. */
const LAID_OUT = /<(?:br|p|div|td|li|body|html)[\s/>]/i;
const UNSEEN = "head, template, title";
/** A tag up to its end, as none reaches over the next `<`; or the beginning of what only looks like one. */
const TAG = /<(\/?)([a-z][a-z0-9:]*)(?=[\s/>])(?:[^<>"']|"[^"<]*"|'[^'<]*')*>|<(?=\/?[a-z])/gi;
const ON_A_LINE_OF_THEIR_OWN = "blockquote, div, h1, h2, h3, h4, h5, h6, li, p, pre, table, tr";
/** Two characters that Unicode keeps for such inner use. */
const [BEGIN, END] = ["\ufdd0", "\ufdd1"];
const EDGES = /[\ufdd0\ufdd1]/;
/** The one use of markup that the page's content security policy allows: of what is parsed, only the text is taken. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("readable", { createHTML: (/** @type {string} */ markup) => markup });

/** @typedef {import("./highlight.js").Mark} Mark */

/**
 * The text without its markup, and where its marks are then.
 * @param {string} text @param {Mark[]} marks in order, without overlaps
 * @returns {{text: string, marks: Mark[]}}
 */
export function readable(text, marks = []) {
  if (!LAID_OUT.test(text) || EDGES.test(text)) return { text, marks };
  let markup = "";
  let at = 0;
  for (const { start, end } of marks) {
    markup += `${text.slice(at, start)}${BEGIN}${text.slice(start, end)}${END}`;
    at = end;
  }
  const parts = seen(markup + text.slice(at)).split(EDGES);
  const places = [];
  let length = 0;
  for (const [index, part] of parts.entries()) {
    if (index % 2) places.push({ start: length, end: length + part.length, rule: marks[(index - 1) / 2].rule });
    length += part.length;
  }
  return { text: parts.join(""), marks: places };
}

/** @param {string} markup */
function seen(markup) {
  const bare = markup.replace(TAG, bareTag);
  const flowing = /<pre>/i.test(bare) ? bare : bare.replace(/\s+/g, " ");
  const { documentElement: page } = new DOMParser().parseFromString(policy?.createHTML(flowing) ?? flowing, "text/html");
  for (const element of page.querySelectorAll(UNSEEN)) element.remove();
  for (const element of page.querySelectorAll("br")) element.replaceWith("\n");
  for (const element of page.querySelectorAll("td, th")) element.append(" ");
  for (const element of page.querySelectorAll(ON_A_LINE_OF_THEIR_OWN)) element.append("\n");
  return (page.textContent ?? "").replace(/ *\n */g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}

/**
 * Without attributes and styles: the page's policy would complain of them, though nothing comes of them here. What is no
 * element, such as `<urgent>` and `<me@example.com>`, is text here, as it is for those who judge the ticket.
 * @param {string} tag @param {string} [slash] @param {string} [name]
 */
function bareTag(tag, slash, name) {
  if (name?.includes(":")) return "";
  if (!name || document.createElement(name) instanceof HTMLUnknownElement) return tag.replace("<", "&lt;");
  return `<${slash}${/^(script|style)$/i.test(name) ? "template" : name}>`;
}
