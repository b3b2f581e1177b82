// @ts-check
/** A button that opens a panel; the panel closes with Esc, a click outside, or a choice. */
import { html, useEffect, useRef, useState } from "../kit/html.js";

/**
 * @param {{label: any, name: string, align?: "left" | "right", children: (close: () => void) => any}} props
 *   `name`: what the button is called for those who do not see it
 */
export function Menu({ label, name, align = "left", children }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!isOpen) return undefined;
    const outside = (/** @type {Event} */ event) => {
      if (!box.current?.contains(/** @type {Node} */ (event.target))) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
    };
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    close();
  };
  return html`
    <div class="menu ${align}" ref=${box} onKeyDown=${onKeyDown}>
      <button type="button" class="menu-button" aria-haspopup="true" aria-expanded=${isOpen} aria-label=${name}
        onClick=${() => setOpen(!isOpen)}>
        ${label}<span class="caret" aria-hidden="true"></span>
      </button>
      ${isOpen && html`<div class="panel">${children(close)}</div>`}
    </div>
  `;
}
