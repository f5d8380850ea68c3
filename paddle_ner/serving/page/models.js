// The models of the server, and the one that is chosen.

import { ask, Problem } from "./api.js";
import { byId, make } from "./element.js";
import { words } from "./language.js";

/**
 * A model as GET /models gives it.
 *
 * @typedef {{
 *   name: string,
 *   state: "loading" | "ready" | "rebuilding" | "failed",
 *   task?: string,
 *   labels?: string[],
 *   overlapping?: boolean,
 *   min_score?: Record<string, number>,
 *   examples?: string[],
 *   engine?: string,
 *   device?: string,
 *   precision?: string,
 * }} ServedModel
 * @typedef {{ default: string, models: ServedModel[] }} ServedModels
 */

const SETTLED_MILLISECONDS = 15_000; // how often a server with nothing to wait for is looked at
/** @type {ServedModel[]} */
let models = [];
/** @type {Problem | null} */
let problem = null;
/** @type {number | undefined} */
let timer;
/** @type {(() => void)[]} */
const listeners = [];

/**
 * The chosen model, or undefined where there is none yet.
 *
 * @returns {ServedModel | undefined}
 */
export const model = () => models.find(one => one.name === byId("model").value) ?? models[0];

/** Whether the chosen model answers. */
export const isReady = () => model()?.state === "ready";

/** Why there is no list of models, or null. */
export const modelsProblem = () => problem;

/**
 * Calls back when models appear or change their state.
 *
 * @param {() => void} listener
 */
export function onModels(listener) {
  listeners.push(listener);
}

/** Reads the list, now and again: often while something is not ready. `quiet` does not ask for a key. */
export async function readModels(quiet = false) {
  clearTimeout(timer);
  const before = JSON.stringify([models, problem?.slug]);
  try {
    /** @type {ServedModels} */
    const answer = await ask("models", { quiet });
    const chosen = byId("model").value || answer.default;
    models = answer.models;
    problem = null;
    byId("model").replaceChildren(...models.map(one => make("option", { value: one.name }, one.name)));
    byId("model").value = models.some(one => one.name === chosen) ? chosen : answer.default;
  } catch (error) {
    problem = error instanceof Problem ? error : new Problem(0, "unreadable", String(error)); // shown where the answer goes, and asked again
  }
  if (JSON.stringify([models, problem?.slug]) !== before) for (const listener of listeners) listener();
  const waits = problem || !models.length || models.some(one => one.state !== "ready" && one.state !== "failed");
  timer = setTimeout(() => readModels(true), waits ? 1000 : SETTLED_MILLISECONDS);
}

/** Shows the choice, what the model is for and what runs it. */
export function showModel() {
  const one = model();
  byId("model").hidden = models.length < 2;
  byId("model-label").hidden = models.length < 2;
  byId("only-label").hidden = byId("only").hidden = models.length > 1;
  byId("only").textContent = one?.name ?? "";
  byId("task").hidden = !one?.task;
  byId("task").textContent = one?.task ? (words().tasks[one.task] ?? one.task) : "";
  const runs = [one?.engine, one?.device, one?.precision].filter(Boolean);
  byId("engine").hidden = !runs.length;
  byId("engine").textContent = runs.join(" · ");
}
