// @ts-check
/** What the service tells by itself: one WebSocket for all subscriptions, opened with the first of them. */
import { createClient } from "../lib/graphql-ws.js";
import operations from "../queries.js";
import { useEffect, useState } from "./html.js";
import * as token from "./token.js";

const PING_MS = 10_000;
const LONGEST_WAIT_MS = 8_000;
const FORBIDDEN = 4403;

/** @typedef {"connecting" | "live" | "lost"} State */
/** @type {State} */
let state = "connecting";
/** @type {Set<(state: State, again: boolean) => void>} */
const watchers = new Set();
let wasLive = false;

const url = new URL("/graphql", location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
/** A ping that is not answered within the time of the next one ends the connection. @type {number | undefined} */
let unanswered;

/** @type {ReturnType<typeof createClient> | undefined} */
let client;
/** The token that the connection was opened with. @type {string | null} */
let used = null;

/** Open the WebSocket, and keep it open. */
export function connect() {
  client ??= createClient(OPTIONS);
  return client;
}

const OPTIONS = {
  url: url.href,
  lazy: false,
  onNonLazyError: (/** @type {any} */ reason) => {
    client = undefined;
    if (reason?.code === FORBIDDEN) token.refuse(used);
  },
  connectionParams: () => {
    used = token.read();
    return token.headers();
  },
  keepAlive: PING_MS,
  retryAttempts: Infinity,
  shouldRetry: (/** @type {any} */ reason) => reason?.code !== FORBIDDEN,
  retryWait: (/** @type {number} */ retries) => new Promise((done) => setTimeout(done, Math.min(LONGEST_WAIT_MS, 500 * 2 ** retries))),
  on: {
    connected: () => become("live"),
    closed: () => become("lost"),
    ping: (/** @type {boolean} */ received) => {
      if (!received) unanswered = setTimeout(() => client?.terminate(), PING_MS);
    },
    pong: (/** @type {boolean} */ received) => {
      if (received) clearTimeout(unanswered);
    },
  },
};

/** @param {State} next */
function become(next) {
  clearTimeout(unanswered);
  state = next;
  const again = next === "live" && wasLive;
  wasLive ||= next === "live";
  for (const watcher of [...watchers]) watcher(next, again);
}

/** The state of the connection, for the dot in the header. @returns {State} */
export function useConnection() {
  const [shown, show] = useState(state);
  useEffect(() => watch((next) => show(next)), []);
  return shown;
}

/** @param {(state: State, again: boolean) => void} watcher `again`: it is live after it was lost */
export function watch(watcher) {
  watchers.add(watcher);
  watcher(state, false);
  return () => {
    watchers.delete(watcher);
  };
}

/**
 * @param {string} name the operation's file in `queries/`
 * @param {Record<string, unknown>} variables
 * @param {(data: any) => void} told
 * @returns {() => void} ends it
 */
export function follow(name, variables, told) {
  return connect().subscribe(
    { query: operations[name], variables },
    { next: (/** @type {{data?: any}} */ message) => message.data && told(message.data), error: () => undefined, complete: () => undefined },
  );
}
