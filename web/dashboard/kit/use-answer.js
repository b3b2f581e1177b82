// @ts-check
/** An operation's answer as a hook: asked again when its variables or the tenant's tickets change. */
import { ask } from "./api.js";
import { useEffect, useState } from "./html.js";
import { follow } from "./live.js";

const AT_MOST_EVERY_MS = 2_000;

/** @typedef {{data: any, problem: string | null, code: string | null, isLoading: boolean, key: string}} Answer */
/** @type {Answer} */
const NOTHING = { data: null, problem: null, code: null, isLoading: true, key: "" };

/**
 * What was answered last stays until the next answer is there, so that nothing jumps; `data` of other variables is
 * marked by `isLoading`.
 * @param {string} name
 * @param {Record<string, unknown> | null} variables null: not yet
 * @param {number} version asked again when it changes
 * @returns {Answer}
 */
export function useAnswer(name, variables, version = 0) {
  const [answer, setAnswer] = useState(NOTHING);
  const key = variables && JSON.stringify(variables);
  useEffect(() => {
    if (key === null) return undefined;
    const stop = new AbortController();
    ask(name, JSON.parse(key), stop.signal).then(
      ({ data, problem }) => setAnswer({ data, problem, code: null, isLoading: false, key }),
      (failure) => {
        if (stop.signal.aborted) return;
        const said = { problem: failure.message, code: failure.code, isLoading: false, key };
        setAnswer((before) => ({ ...said, data: before.key === key ? before.data : null }));
      },
    );
    return () => stop.abort();
  }, [name, key, version]);
  return { ...answer, isLoading: answer.isLoading || answer.key !== key };
}

/**
 * A number that grows when a tenant's tickets have changed, at most every two seconds.
 *
 * An empty event says that they are followed from now on, so what was read before is read again: after a loss of the
 * connection, and for lists, which are filtered anew all the time. The first view does not ask twice for that.
 * @param {string | null} tenant
 * @param {Record<string, unknown> | null} filter only tickets that match it, or did
 */
export function useChanges(tenant, filter = null) {
  const [version, setVersion] = useState(0);
  const key = tenant && JSON.stringify({ tenant, filter });
  useEffect(() => {
    if (!key) return undefined;
    /** @type {number | undefined} */
    let waiting;
    let last = 0;
    const grow = () => {
      if (waiting) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        last = Date.now();
        setVersion((before) => before + 1);
      }, Math.max(0, last + AT_MOST_EVERY_MS - Date.now()));
    };
    let isKnown = filter !== null;
    const told = () => {
      if (isKnown) grow();
      isKnown = true;
    };
    const unfollow = follow("tickets-changed", JSON.parse(key), told, { isVital: filter === null });
    return () => {
      clearTimeout(waiting);
      unfollow();
    };
  }, [key]);
  return version;
}
