// @ts-check
/** What is shown where there is nothing to show: something failed, is empty, or has not come yet. */
import { html } from "../kit/html.js";

/** @param {{text: string | null}} props */
export function Problem({ text }) {
  return text ? html`<p class="problem" role="alert"><span aria-hidden="true">!</span> ${text}</p>` : null;
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
