// Asking the server: problems as one kind of error, and the API key.

import { remember, remembered } from "./element.js";

/** @import { Entity } from "./spans.js" */

/**
 * What a model says of a text: `entities`, or `label` or `labels` with `scores`, by its task.
 *
 * @typedef {{
 *   id?: string | number,
 *   text: string,
 *   entities?: Entity[],
 *   label?: string,
 *   labels?: string[],
 *   scores?: Record<string, number>,
 * }} Prediction
 */

/**
 * What the server takes in one request.
 *
 * @typedef {{ texts: number, characters: number }} Limits
 */

/**
 * The answer of the route that predicts.
 *
 * @typedef {{ model: string, predictions: Prediction[] }} Predictions
 */

/**
 * RFC 9457 problem details. `predictions` come with text-failed: null for the texts that failed.
 *
 * @typedef {{
 *   type?: string,
 *   title?: string,
 *   detail?: string,
 *   errors?: { pointer: string, detail: string }[],
 *   predictions?: (Prediction | null)[],
 * }} ProblemBody
 */

/**
 * The part of the OpenAPI document that bounds a request.
 *
 * @typedef {{ properties: { texts?: { maxItems: number, items: { maxLength: number } } } }} RequestForm
 * @typedef {{
 *   paths: {
 *     "/models/{name}/predict": {
 *       post: { requestBody: { content: { "application/json": { schema: { oneOf: RequestForm[] } } } } },
 *     },
 *   },
 * }} Description
 */

const KEY = "api-key";
let key = remembered(KEY, "sessionStorage");
/** @type {(refused: boolean) => Promise<string | null>} */
let askForKey = async () => null;
/** @type {Promise<string | null> | null} */
let asking = null;

/** A refusal of the server, or its absence. */
export class Problem extends Error {
  /**
   * @param {number} status of HTTP; 0 where there was no answer
   * @param {string} slug names the kind
   * @param {string} detail
   * @param {number | null} seconds of Retry-After
   * @param {ProblemBody} body all that the server said
   */
  constructor(status, slug, detail, seconds = null, body = {}) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.slug = slug;
    this.detail = detail;
    this.seconds = seconds;
    this.body = body;
  }
}

/**
 * Whether an error says that a request was given up.
 *
 * @param {unknown} error
 */
export const isAbort = error => error instanceof Error && error.name === "AbortError";

/**
 * Says who asks the user for a key: `ask(refused)` resolves to the key, or to null where the user has none.
 *
 * @param {(refused: boolean) => Promise<string | null>} ask
 */
export function whenKeyNeeded(ask) {
  askForKey = ask;
}

/** Whether a key is in use. */
export const hasKey = () => key !== null;

/**
 * Seconds from now, of a Retry-After in seconds or as a date; null where there is none.
 *
 * @param {Response} response
 */
function retryAfter(response) {
  const value = response.headers.get("Retry-After");
  if (value === null) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

/**
 * The JSON that a route answers. Throws Problem (status 0: "offline" or "unreadable"), or AbortError once `signal` says
 * so. A 401 asks the user for a key and tries again, unless `quiet`.
 *
 * @template Answer the shape that the route's description gives
 * @param {string} path
 * @param {{ body?: object, signal?: AbortSignal, quiet?: boolean }} [options]
 * @returns {Promise<Answer>}
 */
export async function ask(path, { body, signal, quiet = false } = {}) {
  for (;;) {
    const sent = key;
    /** @type {Response | undefined} */
    let response;
    /** @type {Answer & ProblemBody} */
    let answer;
    try {
      response = await fetch(path, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          ...(sent === null ? {} : { Authorization: `Bearer ${sent}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
      answer = await response.json();
    } catch (error) {
      if (!(error instanceof Error) || isAbort(error)) throw error;
      // Without an answer there is no server; with one that is not JSON there is something else in between.
      if (!response) throw new Problem(0, "offline", error.message);
      throw new Problem(response.status, "unreadable", error.message, retryAfter(response));
    }
    if (response.ok) return answer;
    if (response.status === 401 && !quiet && (await newKey(sent))) continue;
    const slug =
      String(answer.type ?? "")
        .split("#")
        .at(-1) ?? "";
    throw new Problem(response.status, slug, answer.detail ?? answer.title ?? "", retryAfter(response), answer);
  }
}

/**
 * Asks the user for a key, once for all who meet 401 at the same time. Says whether there is another to try.
 *
 * @param {string | null} refused
 */
async function newKey(refused) {
  if (key !== refused) return true; // somebody got one meanwhile
  asking ??= askForKey(refused !== null).finally(() => {
    asking = null;
  });
  const given = await asking;
  if (given === null) return false;
  key = given;
  remember(KEY, key, "sessionStorage");
  return true;
}

/**
 * Predictions of a model, in the order of the texts.
 *
 * @param {string} model
 * @param {string[]} texts
 * @param {number | undefined} minScore of the entities; undefined leaves it to the server
 * @param {AbortSignal} signal
 */
export async function predict(model, texts, minScore, signal) {
  const body = { texts, min_score: minScore };
  /** @type {Predictions} */
  const answer = await ask(`models/${encodeURIComponent(model)}/predict`, { body, signal });
  return answer.predictions;
}

/**
 * What the server takes in one request, from its own description.
 *
 * @returns {Promise<Limits>}
 */
export async function readLimits() {
  /** @type {Description} */
  const document = await ask("openapi.json", { quiet: true });
  const body = document.paths["/models/{name}/predict"].post.requestBody.content["application/json"].schema;
  const texts = body.oneOf.map(form => form.properties.texts).find(Boolean);
  if (!texts) throw new TypeError("the server's description gives no limit of texts");
  return { texts: texts.maxItems, characters: texts.items.maxLength };
}
