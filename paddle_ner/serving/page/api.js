// Asking the server: problems as one kind of error, and the API key.

import { remember, remembered } from "./element.js";

const KEY = "api-key";
let key = remembered(KEY, "sessionStorage");
let askForKey = async () => null;
let asking = null;

/** What the server said no with: `slug` names the kind, `seconds` is Retry-After, `body` all that it said. */
export class Problem extends Error {
  constructor(status, slug, detail, seconds = null, body = {}) {
    super(detail);
    this.name = "Problem";
    Object.assign(this, { status, slug, detail, seconds, body });
  }
}

/** Says who asks the user for a key: `ask(refused)` resolves to the key, or to null where the user has none. */
export function whenKeyNeeded(ask) {
  askForKey = ask;
}

/** Whether a key is in use. */
export const hasKey = () => key !== null;

/** Seconds from now, of a Retry-After in seconds or as a date; null where there is none. */
function retryAfter(response) {
  const value = response.headers.get("Retry-After");
  if (value === null) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

/**
 * The JSON that a route answers. Throws Problem (status 0: "offline" or "unreadable"), or AbortError once `signal` says
 * so. A 401 asks the user for a key and tries again, unless `quiet`.
 */
export async function ask(path, { body, signal, quiet = false } = {}) {
  for (;;) {
    const sent = key;
    let response, answer;
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
      if (error.name === "AbortError") throw error;
      // Without an answer there is no server; with one that is not JSON there is something else in between.
      if (!response) throw new Problem(0, "offline", error.message);
      throw new Problem(response.status, "unreadable", error.message, retryAfter(response));
    }
    if (response.ok) return answer;
    if (response.status === 401 && !quiet && (await newKey(sent))) continue;
    const slug = String(answer.type ?? "")
      .split("#")
      .pop();
    throw new Problem(response.status, slug, answer.detail ?? answer.title ?? "", retryAfter(response), answer);
  }
}

/** Asks the user for a key, once for all who meet 401 at the same time. Says whether there is another to try. */
async function newKey(refused) {
  if (key !== refused) return true; // somebody got one meanwhile
  asking ??= askForKey(refused !== null).finally(() => (asking = null));
  const given = await asking;
  if (given === null) return false;
  key = given;
  remember(KEY, key, "sessionStorage");
  return true;
}

/** Predictions of a model, in the order of the texts. */
export async function predict(model, texts, signal) {
  return (await ask(`models/${encodeURIComponent(model)}/predict`, { body: { texts }, signal })).predictions;
}

/** What the server takes in one request, from its own description: {texts, characters}. */
export async function readLimits() {
  const document = await ask("openapi.json", { quiet: true });
  const body = document.paths["/models/{name}/predict"].post.requestBody.content["application/json"].schema;
  const texts = body.oneOf.map(one => one.properties.texts).find(Boolean);
  return { texts: texts.maxItems, characters: texts.items.maxLength };
}
