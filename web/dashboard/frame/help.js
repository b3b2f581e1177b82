// @ts-check
/** Which keys there are; `?` opens it. */
import { html, useEffect, useRef } from "../kit/html.js";
import { useKeys } from "../kit/keys.js";

const KEYS = [
  ["/", "Search"],
  ["j", "Next ticket"],
  ["k", "Previous ticket"],
  ["Enter", "Open the ticket"],
  ["Esc", "Close"],
  ["?", "This help"],
];

export function Help() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useKeys({ "?": () => dialog.current?.showModal() });
  useEffect(() => () => dialog.current?.close(), []);
  return html`
    <dialog class="help" ref=${dialog} aria-label="Keys" onClick=${closeOutside}>
      <div class="dialog-body">
      <h2>Keys</h2>
      <dl>${KEYS.map(([key, meaning]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}</dl>
      <form method="dialog"><button>Close</button></form>
      </div>
    </dialog>
  `;
}

/** @param {MouseEvent} event */
export function closeOutside(event) {
  // Only the backdrop is the dialog itself; all else lies in a child of it.
  if (event.target === event.currentTarget) /** @type {HTMLDialogElement} */ (event.currentTarget).close();
}
