// @ts-check
/** Words are tried on the stored tickets while they are written. */
import { ask } from "../kit/api.js";
import { useEffect, useState } from "../kit/html.js";

/** Somebody who writes pauses for so long; each trial is a lot of computing. */
const PAUSE_MS = 900;

const REFUSED = "OWN_WORDS_REFUSED";

/**
 * What the faults are about, by the words that were sent.
 * @param {any[] | undefined} faults @param {import("./draft.js").Words} words @returns {import("./word-list.js").Fault[]}
 */
export function placed(faults, words) {
  return (faults ?? []).map(({ list, entry, column, reason }) => {
    const name = /** @type {import("./draft.js").ListName} */ (list);
    return { list: name, entry, column, reason, text: entry === null ? null : (words[name][entry - 1] ?? null) };
  });
}

/** The same faults, as queries that failed carry them. @param {import("../kit/api.js").Failure} failure */
function faultsOf({ code, errors }) {
  if (code !== REFUSED) return [];
  return errors.map(({ location: [list, entry], column, message }) => ({ list, entry: entry ? Number(entry) : null, column, reason: message }));
}

/**
 * @param {string} tenant @param {import("./draft.js").Words | null} words null: there is nothing to try
 * @returns {import("./preview.js").Trial & {faults: import("./word-list.js").Fault[]}}
 */
export function useTrial(tenant, words) {
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState(/** @type {{key: string | null, found: any, problem: string | null, faults: import("./word-list.js").Fault[]}} */ ({ key: null, found: null, problem: null, faults: [] }));
  const key = words && JSON.stringify(words);
  useEffect(() => {
    if (key === null) return undefined;
    const stop = new AbortController();
    /** @type {import("./draft.js").Words} */
    const tried = JSON.parse(key);
    const timer = setTimeout(() => {
      ask("preview-own-words", { tenant, ...tried }, stop.signal).then(
        ({ data }) => setAnswer({ key, found: data.previewClassification, problem: null, faults: [] }),
        (failure) => {
          if (stop.signal.aborted) return;
          const faults = placed(faultsOf(failure), tried);
          setAnswer((before) => ({ key, found: faults.length ? null : before.found, problem: faults.length ? null : failure.message, faults }));
        },
      );
    }, round ? 0 : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key, round, tenant]);
  const isLoading = key !== null && answer.key !== key;
  return {
    isAsked: key !== null && (answer.faults.length === 0 || isLoading),
    isLoading,
    found: answer.found,
    problem: isLoading ? null : answer.problem,
    isFaulty: !isLoading && answer.faults.length > 0,
    faults: key === null ? [] : answer.faults,
    again: () => setRound((before) => before + 1),
  };
}
