// @ts-check
/** The bearer token, where the service asks for one; it is forgotten with the tab. */

const KEY = "token";

export const isNeeded = document.documentElement.dataset.auth === "jwt";

export function read() {
  return isNeeded ? sessionStorage.getItem(KEY) : null;
}

/** @param {string} token */
export function keep(token) {
  sessionStorage.setItem(KEY, token.trim().replace(/^Bearer\s+/i, ""));
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** The headers of a request. @returns {Record<string, string>} */
export function headers() {
  const token = read();
  return token ? { authorization: `Bearer ${token}` } : {};
}
