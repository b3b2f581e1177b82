// @ts-check
/** Mutations: given, and what came of them. */
import { ask } from "../kit/api.js";
import { useState } from "../kit/html.js";

/**
 * Gives orders one at a time. An expected failure and an unexpected one are both a text.
 * @param {() => void} onDone
 * @returns {{give: (name: string, variables: Record<string, unknown>) => Promise<any>, isGiven: boolean, problem: string | null}}
 *   `give`: what came of it; null if it failed unexpectedly
 */
export function useOrder(onDone) {
  const [isGiven, setGiven] = useState(false);
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  /** @param {string} name the operation's file in `queries/` @param {Record<string, unknown>} variables */
  const give = async (name, variables) => {
    setGiven(true);
    let outcome = null;
    try {
      const { data } = await ask(name, variables);
      outcome = /** @type {any} */ (Object.values(data)[0]);
      setProblem(outcome.message ?? null);
    } catch (failure) {
      setProblem(/** @type {Error} */ (failure).message);
    }
    setGiven(false);
    onDone();
    return outcome;
  };
  return { give, isGiven, problem };
}
