// @ts-check
/** Asks the GraphQL API over HTTP, with the operations of `queries/`. */
import operations from "../queries.js";
import * as token from "./token.js";

const DEADLINE_MS = 20_000;
/** What is answered in the place of a service that is away. */
const GATEWAY = [502, 503, 504];

/** Why there is no answer, in words for people. */
export class Failure extends Error {
  /** @param {string} message @param {string} code @param {any[]} errors what is wrong with what was sent, one by one, if the service says so */
  constructor(message, code, errors = []) {
    super(message);
    this.code = code;
    this.errors = errors;
  }
}

/**
 * @param {string} name the operation's file in `queries/`, without its ending
 * @param {Record<string, unknown>} variables
 * @param {AbortSignal} [signal]
 * @returns {Promise<{data: any, problem: string | null}>} `problem`: why a part of the data is null, if one is
 * @throws {Failure} there is no data at all
 */
export async function ask(name, variables = {}, signal) {
  const used = token.read();
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const answer = await fetched("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...token.headers() },
    body: JSON.stringify({ query: operations[name], variables }),
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  });
  const body = await answer.json().catch(() => ({}));
  const first = body.errors?.[0];
  const code = first?.extensions?.code ?? body.code;
  if (answer.status === 401 || code === "UNAUTHENTICATED") token.refuse(used);
  const words = first ? said(first) : (body.detail ?? null);
  if (!body.data || Object.values(body.data).every((value) => value === null)) {
    throw new Failure(words ?? `The service answered with status ${answer.status}.`, code ?? (GATEWAY.includes(answer.status) ? "UNAVAILABLE" : "INTERNAL"), first?.extensions?.errors);
  }
  return { data: body.data, problem: words };
}

/** @param {string} url @param {RequestInit} request */
async function fetched(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    if (/** @type {Error} */ (error).name === "TimeoutError") throw new Failure("The service did not answer in time.", "TIMEOUT");
    throw new Failure("The service cannot be reached. Is it running?", "UNREACHABLE");
  }
}

/** @param {{message: string, extensions?: {requestId?: string}}} error */
function said(error) {
  const id = error.extensions?.requestId;
  return id ? `${error.message} (request ${id})` : error.message;
}
