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
/** What the page is told: live only once what must be followed is. @type {State} */
let shown = "connecting";
/** How often the page has become live. */
let lives = 0;
/** @type {Set<() => void>} */
const watchers = new Set();
/** The subscriptions without which the page is not live, and whether their first event is still to come. @type {Map<object, boolean>} */
const awaited = new Map();

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
  if (next !== "live") for (const each of awaited.keys()) awaited.set(each, true);
  tell();
}

function tell() {
  const isAwaiting = state === "live" && [...awaited.values()].includes(true);
  const before = shown;
  shown = !isAwaiting ? state : shown === "lost" ? "lost" : "connecting";
  if (shown === "live" && before !== "live") lives += 1;
  for (const watcher of [...watchers]) watcher();
}

/** The state of the connection, for the dot in the header. @returns {State} */
export const useConnection = () => useTold(() => shown);

/** How often the page has become live: what was read before may have changed unseen. @returns {number} */
export const useLives = () => useTold(() => lives);

/** @template {string | number} T @param {() => T} read @returns {T} */
function useTold(read) {
  const [present, setPresent] = useState(read);
  useEffect(() => {
    const look = () => setPresent(read());
    watchers.add(look);
    look();
    return () => {
      watchers.delete(look);
    };
  }, []);
  return present;
}

/**
 * @param {string} name the operation's file in `queries/`
 * @param {Record<string, unknown>} variables
 * @param {(data: any) => void} told
 * @param {{isVital?: boolean}} options `isVital`: it tells something at once, before which the page is not live
 * @returns {() => void} ends it
 */
export function follow(name, variables, told, { isVital = false } = {}) {
  const key = {};
  if (isVital) awaited.set(key, true);
  tell();
  /** @param {{data?: any}} message */
  const next = (message) => {
    if (awaited.get(key)) {
      awaited.set(key, false);
      tell();
    }
    if (message.data) told(message.data);
  };
  const end = connect().subscribe({ query: operations[name], variables }, { next, error: () => undefined, complete: () => undefined });
  return () => {
    awaited.delete(key);
    end();
  };
}
