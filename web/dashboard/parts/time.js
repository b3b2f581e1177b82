// @ts-check
/** Moments: relative to now, with the exact one on hover. */
import { absolute, relative } from "../kit/format.js";
import { html, useEffect, useState } from "../kit/html.js";

/** The present moment, looked at again every so often. @param {number} everyMs */
export function useNow(everyMs = 30_000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    // A page that nobody sees need not keep up.
    const timer = setInterval(() => document.hidden || setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** @param {{at: string | null, zone: string, now: number}} props */
export function Moment({ at, zone, now }) {
  if (!at) return html`<span class="quiet">–</span>`;
  return html`<time datetime=${at} title=${absolute(at, zone)}>${relative(at, now)}</time>`;
}
