// @ts-check
/** Adds a condition: a field, then one of its values or several. */
import { changed, go } from "../kit/address.js";
import { occurs, offeredBy } from "../kit/choices.js";
import { FIELDS, FIRST_PAGE, isChosen, toggled } from "../kit/conditions.js";
import { valueName } from "../kit/format.js";
import { html, useState } from "../kit/html.js";
import { useAnswer } from "../kit/use-answer.js";
import { Menu } from "./menu.js";

/** @param {{address: URLSearchParams}} props */
export function FilterMenu({ address }) {
  return html`
    <${Menu} name="Add a filter" label="+ Filter">
      ${() => html`<${Fields} address=${address} />`}
    <//>
  `;
}

/** @param {{address: URLSearchParams}} props */
function Fields({ address }) {
  const [name, setName] = useState("urgency");
  const { data } = useAnswer("choices", { tenant: address.get("tenant") });
  const { values, isEnum, title } = FIELDS[name];
  const offered = values ?? offeredBy(name, data?.tenantStats);
  return html`
    <label class="field">
      <span class="unseen">Field</span>
      <select value=${name} onChange=${(/** @type {any} */ event) => setName(event.target.value)}>
        ${Object.entries(FIELDS).filter(([each]) => occurs(each, data?.tenantStats)).map(([each, field]) => html`<option key=${each} value=${each}>${field.title}</option>`)}
      </select>
    </label>
    ${offered.length > 0 &&
    html`<fieldset class="options">
      <legend class="unseen">${title}</legend>
      ${offered.map((value) => html`<${Option} key=${value} address=${address} name=${name} value=${value} text=${isEnum ? valueName(name, value) : value} />`)}
    </fieldset>`}
    ${!isEnum && html`<${Typed} key=${name} address=${address} name=${name} title=${title} />`}
  `;
}

/** @param {{address: URLSearchParams, name: string, value: string, text: string}} props */
function Option({ address, name, value, text }) {
  const key = address.getAll(`${name}_not`).length ? `${name}_not` : name;
  return html`<label class="option"><input type="checkbox" checked=${isChosen(address, key, value)} onChange=${() => go(toggled(address, key, value))} /> <bdi>${text}</bdi></label>`;
}

/** Any other value. @param {{address: URLSearchParams, name: string, title: string}} props */
function Typed({ address, name, title }) {
  /** @param {SubmitEvent} event */
  const add = (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const value = String(new FormData(form).get("value")).trim();
    if (!value) return;
    go(changed({ ...FIRST_PAGE, [name]: [...new Set([...address.getAll(name), value])] }));
    form.reset();
  };
  return html`
    <form class="typed" onSubmit=${add}>
      <input name="value" maxlength="200" placeholder=${`${title} …`} aria-label=${`${title}: another value`} />
      <button>Add</button>
    </form>
  `;
}
