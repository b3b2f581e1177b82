// @ts-check
/**
 * The fields of what a source is told, as the service describes it. What is typed stays in the fields of the form, and
 * is read when it is sent: secrets are in no state, address or storage.
 */
import { html, useState } from "../kit/html.js";

const SPELLED = { url: "URL", api: "API", oauth: "OAuth" };

/** `base_url` as `Base URL`. @param {string} name */
export function titled(name) {
  const text = name.split("_").map((word) => SPELLED[/** @type {"url"} */ (word)] ?? word).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A sentence in which `this` is code. @param {string} sentence */
export function sentence(sentence) {
  return sentence.split("`").map((part, place) => (place % 2 ? html`<code>${part}</code>` : part));
}

/** @typedef {{settings: Record<string, string>, secretNames: string[]}} Had what a connection was told, secrets by name only */

/**
 * @param {{needs: any[], known?: string[], had?: Had}} props `needs`: all of a source; `known`: settings that it has, where only
 *   its secrets are asked for, and what they need beside them; `had`: of a connection that is changed, where a secret may stay
 */
export function Needs({ needs, known, had }) {
  const [chosen, choose] = useState(() => chosenBefore(needs, had));
  const groups = new Map(needs.filter((need) => need.insteadOf.length).map((need) => [need.name, groupOf(need, needs)]));
  const isThere = (/** @type {any} */ need) => {
    const group = groups.get(need.name);
    return !group || (chosen[group[0]] ?? group[0]) === need.name;
  };
  const present = needs.filter(isThere).map((need) => need.name);
  const calls = (/** @type {any} */ need) => need.neededWith.some((/** @type {string} */ name) => present.includes(name));
  const isAsked = (/** @type {any} */ need) => {
    if (known && !need.isSecret && !(calls(need) && !known.includes(need.name))) return false;
    return isThere(need) && (need.neededWith.length === 0 || calls(need));
  };
  return [...needs].sort((one, other) => rank(one) - rank(other)).map((need) => {
    const group = groups.get(need.name);
    const isFirst = group?.[0] === need.name && (!known || need.isSecret);
    return html`
      ${isFirst && html`<${Alternatives} key=${`of ${need.name}`} names=${group} chosen=${chosen[need.name] ?? need.name} onChoose=${(/** @type {string} */ name) => choose({ ...chosen, [need.name]: name })} />`}
      ${isAsked(need) && html`<${Need} key=${need.name} need=${need} had=${had} isRequired=${need.isRequired || Boolean(group) || need.neededWith.length > 0} />`}
    `;
  });
}

/** Which of several that exclude each other a connection has, by the first of them. @param {any[]} needs @param {Had | undefined} had @returns {Record<string, string>} */
function chosenBefore(needs, had) {
  const names = had ? [...Object.keys(had.settings), ...had.secretNames] : [];
  const those = needs.filter(({ name, insteadOf }) => insteadOf.length && names.includes(name));
  return Object.fromEntries(those.map((need) => [groupOf(need, needs)[0], need.name]));
}

/** What has to be given comes first, and then secrets. @param {any} need */
function rank({ isRequired, insteadOf, neededWith, isSecret }) {
  return isRequired || insteadOf.length || neededWith.length ? 0 : isSecret ? 1 : 2;
}

/** Of these names exactly one is given. @param {any} need @param {any[]} needs @returns {string[]} */
function groupOf(need, needs) {
  return needs.map((each) => each.name).filter((name) => name === need.name || need.insteadOf.includes(name));
}

/** @param {{names: string[], chosen: string, onChoose: (name: string) => void}} props */
function Alternatives({ names, chosen, onChoose }) {
  return html`
    <fieldset class="alternatives">
      <legend>Give one of these</legend>
      ${names.map((name) => html`<label key=${name}><input type="radio" name=${`one of ${names[0]}`} value=${name} checked=${name === chosen} onChange=${() => onChoose(name)} /> ${titled(name)}</label>`)}
    </fieldset>
  `;
}

/** @param {{need: any, had: Had | undefined, isRequired: boolean}} props */
function Need({ need, had, isRequired }) {
  const id = `need-${need.name}`;
  const mayStay = need.isSecret && had?.secretNames.includes(need.name);
  return html`
    <div class="form-row">
      <label for=${id}>${titled(need.name)}${(!isRequired || mayStay) && html` <span class="quiet">optional</span>`}</label>
      <input id=${id} name=${need.name} type=${need.isSecret ? "password" : "text"} required=${isRequired && !mayStay} defaultValue=${had?.settings[need.name] ?? ""} autocomplete="off" autocapitalize="off"
        spellcheck="false" placeholder=${mayStay ? "stays as it is" : (need.default ?? "")} aria-describedby=${`${id}-told`} />
      <p class="quiet told" id=${`${id}-told`}>${sentence(need.description)}${need.isSecret ? " It is stored encrypted and never shown again." : ""}</p>
    </div>
  `;
}

/**
 * What was typed, as the API takes it; what is blank is left out.
 * @param {HTMLFormElement} form @param {any[]} needs
 */
export function typed(form, needs) {
  const data = new FormData(form);
  const given = needs
    .map(({ name, isSecret }) => ({ name, isSecret, value: String(data.get(name) ?? "").trim() }))
    .filter(({ value }) => value);
  const those = (/** @type {boolean} */ secret) => given.filter((each) => each.isSecret === secret).map(({ name, value }) => ({ name, value }));
  return { settings: those(false), secrets: those(true) };
}
