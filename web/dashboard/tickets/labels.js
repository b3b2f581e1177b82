// @ts-check
/** What a ticket is classified by, and what of it a person has said. */
import { words } from "../kit/format.js";

/** @typedef {{name: string, title: string, values: unknown[], text: (value: any) => string, sentence: (value: any) => string}} Label */

/** The labels that people correct, by their names in the API. @type {Label[]} */
export const NAMES = [
  { name: "urgency", title: "Urgency", values: ["HIGH", "MEDIUM", "LOW"], text: words, sentence: (value) => `${low(value)} urgency` },
  { name: "sentiment", title: "Sentiment", values: ["NEGATIVE", "NEUTRAL", "POSITIVE"], text: words, sentence: (value) => `${low(value)} sentiment` },
  { name: "requiresAction", title: "Action", values: [true, false], text: actionText, sentence: (value) => actionText(value).toLowerCase() },
];

/** @param {boolean | null} value */
export function actionText(value) {
  return value === null ? "Unknown" : value ? "Action required" : "No action required";
}

/** @param {string | null} value */
function low(value) {
  return words(value).toLowerCase();
}

/** @typedef {Record<string, any>} Answers by the names of labels */

/** A ticket's labels as they are. @param {any} ticket @returns {Answers} */
export function answersOf(ticket) {
  return Object.fromEntries(NAMES.map(({ name }) => [name, ticket[name]]));
}

/**
 * Who calls a ticket urgent wants somebody to act, unless they have said otherwise.
 * @param {Answers} answers @param {string} name the label that was chosen last @param {string[]} touched those before
 */
export function withAction(answers, name, touched) {
  const isUrgent = name === "urgency" && answers.urgency !== "LOW";
  return isUrgent && !touched.includes("requiresAction") ? { ...answers, requiresAction: true } : answers;
}

/**
 * What a person says by these answers: what differs from the classification, what they have chosen, and what was said
 * before. Of the rest nothing is said, so that it goes on following the rules.
 * @param {Answers} answers @param {any} ticket @param {string[]} touched the labels that were chosen
 */
export function saidIn(answers, ticket, touched) {
  const machine = ticket.correction?.machine ?? ticket;
  const isSaid = (/** @type {string} */ name) => {
    const before = ticket.correction?.[name] ?? null;
    return answers[name] !== machine[name] || touched.includes(name) || before !== null;
  };
  return Object.fromEntries(NAMES.filter(({ name }) => answers[name] !== null && isSaid(name)).map(({ name }) => [name, answers[name]]));
}
