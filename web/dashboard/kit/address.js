// @ts-check
/**
 * The page's state lies in its address alone: tenant, view, period, zone, filters, page of the list, open ticket.
 * Filters have the names and values of the REST parameters, so an export is the same query.
 */
import { useEffect, useState } from "./html.js";

const CHANGED = "address-changed";
/** What stays when another view is opened. */
const FRAME = ["tenant", "period", "from", "to", "zone"];

/** @typedef {Record<string, string | string[] | null | undefined>} Changes */

export function current() {
  return new URLSearchParams(location.search);
}

/** The address as a hook. */
export function useAddress() {
  const [search, setSearch] = useState(location.search);
  useEffect(() => {
    const look = () => setSearch(location.search);
    addEventListener("popstate", look);
    addEventListener(CHANGED, look);
    return () => {
      removeEventListener("popstate", look);
      removeEventListener(CHANGED, look);
    };
  }, []);
  return new URLSearchParams(search);
}

/** The present address with changes; null takes something out. @param {Changes} changes */
export function changed(changes, from = current()) {
  const params = new URLSearchParams(from);
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name);
    for (const each of [value ?? []].flat()) if (each !== "") params.append(name, each);
  }
  const text = params.toString();
  return text ? `?${text}` : "/";
}

/** A view with these filters and no others. @param {string} view @param {Changes} changes */
export function viewed(view, changes = {}) {
  const present = current();
  const frame = new URLSearchParams();
  for (const name of FRAME) for (const value of present.getAll(name)) frame.append(name, value);
  return changed({ view: view === "overview" ? null : view, ...changes }, frame);
}

/** @param {string} href @param {{replaces?: boolean}} options */
export function go(href, { replaces = false } = {}) {
  history[replaces ? "replaceState" : "pushState"](null, "", href);
  dispatchEvent(new Event(CHANGED));
}

/** Links within the page change the address without loading it anew. */
export function catchLinks() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const link = /** @type {HTMLAnchorElement | null} */ (target.closest?.("a[href]"));
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname !== "/" || link.hash) return;
    event.preventDefault();
    go(link.href);
    if (link.dataset.top !== undefined) scrollTo(0, 0);
  });
}
