// @ts-check
import { useLayoutEffect } from "./html.js";

/**
 * Single keys that do something, unless somebody is typing.
 * @param {Record<string, (event: KeyboardEvent) => void>} actions
 */
export function useKeys(actions) {
  // Before anything is painted: a key may be pressed as soon as what it is for can be seen.
  useLayoutEffect(() => {
    /** @param {KeyboardEvent} event */
    const pressed = (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const isTyping = target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(actions, event.key)) return;
      event.preventDefault();
      actions[event.key](event);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
}
