// @ts-check
/** Urgency, sentiment and status as words with a colour beside them. */
import { words } from "../kit/format.js";
import { html } from "../kit/html.js";
import { colourOf } from "../kit/series.js";

/** @param {{field: "urgency" | "sentiment" | "status_category", value: string | null, text?: string | null}} props */
export function Badge({ field, value, text }) {
  const colour = colourOf(field, (value ?? "unknown").toLowerCase());
  return html`<span class="badge"><i class=${colour} aria-hidden="true"></i>${text ?? words(value)}</span>`;
}
