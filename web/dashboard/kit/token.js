// @ts-check
/** The bearer token, where the service asks for one; it is forgotten with the tab. */

const KEY = "token";
/** Told to `window` when the service does not take the token. */
export const SIGNED_OUT = "signed-out";

export const isNeeded = document.documentElement.dataset.auth === "jwt";

export function read() {
  return isNeeded ? sessionStorage.getItem(KEY) : null;
}

/** @param {string} token */
export function keep(token) {
  sessionStorage.setItem(KEY, token.trim().replace(/^Bearer\s+/i, ""));
}

/** Forget a token that was refused, unless there is another one by now. @param {string | null} used */
export function refuse(used) {
  if (read() !== used) return;
  sessionStorage.removeItem(KEY);
  window.dispatchEvent(new Event(SIGNED_OUT));
}

/** The headers of a request. @returns {Record<string, string>} */
export function headers() {
  const token = read();
  return token ? { authorization: `Bearer ${token}` } : {};
}
