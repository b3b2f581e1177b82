// @ts-check
import { pieces } from "./highlight.js";
import { html } from "../kit/html.js";

/** A text with marks in it. @param {{text: string, marks: import("./highlight.js").Mark[]}} props */
export function Marked({ text, marks }) {
  return pieces(text, marks).map((piece, index) =>
    piece.mark ? html`<mark key=${index} data-rule=${piece.mark.rule} tabindex=${piece.mark.rule ? "-1" : null}>${piece.text}</mark>` : piece.text,
  );
}
