// @ts-check
/** An operation's answer as a hook: asked again when its variables or the tenant's tickets change. */
import { ask as request } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { follow } from "./live.js";

/** All pages of a tenant ask in the same moments, as far as their clocks agree: what they ask alike is computed once. */
const EVERY_MS = 2_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** Why something fails that the same question may soon be answered: it is asked again. */
const PASSING = ["UNREACHABLE", "UNAVAILABLE", "RATE_LIMITED"];

/** @typedef {{data: any, problem: string | null, code: string | null, isLoading: boolean, key: string}} Said */
/** @typedef {Said & {again: () => void}} Answer `again`: asks once more */
/** @type {Said} */
const NOTHING = { data: null, problem: null, code: null, isLoading: true, key: "" };

/**
 * What was answered last stays until the next answer is there, so that nothing jumps; `data` of other variables is
 * marked by `isLoading`. What failed and may pass is asked again by itself, after longer and longer waits.
 * @param {string} name
 * @param {Record<string, unknown> | null} variables null: not yet
 * @param {number} version asked again when it changes
 * @returns {Answer}
 */
export function useAnswer(name, variables, version = 0) {
  const [answer, setAnswer] = useState(NOTHING);
  const question = useRef(/** @type {ReturnType<typeof questionOf> | null} */ (null));
  const key = variables && JSON.stringify(variables);
  useEffect(() => {
    if (key === null) return undefined;
    const asked = questionOf(name, key, setAnswer);
    question.current = asked;
    return () => {
      question.current = null;
      asked.stop();
    };
  }, [name, key]);
  useEffect(() => question.current?.ask(), [name, key, version]);
  return { ...answer, isLoading: answer.isLoading || answer.key !== key, again: () => question.current?.ask() };
}

/**
 * A question, of which one request is on its way at a time: what changes meanwhile is asked for once it is answered, so
 * that a slow server is asked less, and its answers are shown.
 * @param {string} name @param {string} key its variables
 * @param {(change: Said | ((before: Said) => Said)) => void} tell
 */
function questionOf(name, key, tell) {
  const stopped = new AbortController();
  /** @type {number | undefined} */
  let waiting;
  let failures = 0;
  let isAsking = false;
  let isOutdated = false;
  const ask = () => {
    if (isAsking) {
      isOutdated = true;
      return;
    }
    clearTimeout(waiting);
    isAsking = true;
    isOutdated = false;
    request(name, JSON.parse(key), stopped.signal).then(answered, failed);
  };
  /** @param {{data: any, problem: string | null}} answer */
  const answered = ({ data, problem }) => {
    if (stopped.signal.aborted) return;
    failures = 0;
    tell({ data, problem, code: null, isLoading: false, key });
    goOn();
  };
  /** @param {any} failure */
  const failed = (failure) => {
    if (stopped.signal.aborted) return;
    const isAgain = PASSING.includes(failure.code);
    if (isAgain) waiting = setTimeout(ask, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures));
    failures += 1;
    const said = { problem: isAgain ? `${failure.message} Trying again …` : failure.message, code: failure.code, isLoading: false, key };
    tell((before) => ({ ...said, data: before.key === key ? before.data : null }));
    goOn();
  };
  const goOn = () => {
    isAsking = false;
    if (isOutdated && failures === 0) ask();
  };
  const stop = () => {
    clearTimeout(waiting);
    stopped.abort();
  };
  return { ask, stop };
}

/**
 * A number that grows when a tenant's tickets have changed: at once, and while they go on changing every two seconds.
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
    const phase = phaseOf(tenant ?? "");
    let last = 0;
    const grow = () => {
      if (waiting) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        last = Date.now();
        setVersion((before) => before + 1);
      }, Math.max(0, nextMoment(last, phase) - Date.now()));
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

/** The first moment in which pages ask that is a second later, or more. @param {number} last @param {number} phase */
function nextMoment(last, phase) {
  return Math.ceil((last - phase + EVERY_MS / 2) / EVERY_MS) * EVERY_MS + phase;
}

/** When the pages of a tenant ask, in milliseconds after the moments of others'. @param {string} tenant */
function phaseOf(tenant) {
  return [...tenant].reduce((sum, letter) => (sum * 31 + Number(letter.codePointAt(0))) % EVERY_MS, 0);
}
