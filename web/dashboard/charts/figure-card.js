// @ts-check
/** One figure: its value, which opens the tickets that it counts, its change, and its course. */
import { html } from "../kit/html.js";
import { Sparkline } from "./sparkline.js";

/**
 * @param {{title: string, value: string, href?: string, note?: any, change?: {text: string, tone: string} | null,
 *   values?: number[], colour?: string}} props `tone`: good, bad or none
 */
export function FigureCard({ title, value, href, note, change, values, colour }) {
  return html`
    <section class="figure">
      <h2>${title}</h2>
      <p class="value">${href ? html`<a href=${href} data-top>${value}</a>` : value}</p>
      <p class="note">
        ${change && html`<span class="change ${change.tone}" title="Against the period before">${change.text}</span> `}
        ${note}
      </p>
      ${values && html`<${Sparkline} values=${values} colour=${colour} />`}
    </section>
  `;
}
