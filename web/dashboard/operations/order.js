// @ts-check
/** Mutations: given, and what came of them. */
import { ask } from "../kit/api.js";
import { useState } from "../kit/html.js";

/**
 * Gives orders one at a time. An expected failure and an unexpected one are both a text.
 * @param {() => void} onDone
 * @returns {{give: (name: string, variables: Record<string, unknown>) => Promise<void>, isGiven: boolean, problem: string | null}}
 */
export function useOrder(onDone) {
  const [isGiven, setGiven] = useState(false);
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  /** @param {string} name the operation's file in `queries/` @param {Record<string, unknown>} variables */
  const give = async (name, variables) => {
    setGiven(true);
    try {
      const { data } = await ask(name, variables);
      setProblem(/** @type {any} */ (Object.values(data)[0]).message ?? null);
    } catch (failure) {
      setProblem(/** @type {Error} */ (failure).message);
    }
    setGiven(false);
    onDone();
  };
  return { give, isGiven, problem };
}
