// @ts-check
/** What is shown where there is nothing to show: something failed, is empty, or has not come yet. */
import { html } from "../kit/html.js";

/** @param {{text: string | null, onAgain?: () => void}} props `onAgain`: what tries once more, where somebody may ask for that */
export function Problem({ text, onAgain }) {
  if (!text) return null;
  const button = onAgain && html`<button type="button" onClick=${onAgain}>Try again</button>`;
  return html`<div class="problem" role="alert"><p><span aria-hidden="true">!</span> ${text}</p>${button}</div>`;
}

/** @param {{title: string, children?: any}} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><p class="empty-title">${title}</p>${children}</div>`;
}

/** Grey bars in the place of what comes. @param {{lines?: number, tall?: boolean}} props */
export function Skeleton({ lines = 3, tall = false }) {
  return html`
    <div class="skeleton ${tall ? "tall" : ""}" role="status" aria-label="Loading">
      ${Array.from({ length: lines }, (_, line) => html`<span key=${line}></span>`)}
    </div>
  `;
}
