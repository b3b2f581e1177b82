// @ts-check
import { html } from "../kit/html.js";

const HEIGHT = 100;

/** The shape of a row of numbers; what it says stands in words beside it. @param {{values: number[], colour?: string}} props */
export function Sparkline({ values, colour = "blue" }) {
  if (values.length < 2) return html`<svg class="sparkline" aria-hidden="true"></svg>`;
  const top = Math.max(...values, 1);
  const points = values.map((value, index) => `${index},${HEIGHT - (value / top) * (HEIGHT - 8) - 4}`);
  const end = values.length - 1;
  return html`
    <svg class="sparkline ${colour}" viewBox="0 0 ${end} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
      <polygon class="area" points="0,${HEIGHT} ${points.join(" ")} ${end},${HEIGHT}" />
      <polyline points=${points.join(" ")} />
    </svg>
  `;
}
