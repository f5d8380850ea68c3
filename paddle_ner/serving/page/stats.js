// One quiet line of what the server does now: texts a second, latency, queue.

import { ask, Problem } from "./api.js";
import { byId } from "./element.js";
import { words } from "./language.js";
import { model } from "./models.js";

/**
 * What a model did in the last minute; latencies are null where nothing was asked.
 *
 * @typedef {{
 *   texts_per_second: number,
 *   latency_ms: { p50: number | null, p95: number | null },
 *   queue: number,
 * }} ModelStats
 * @typedef {{ models: Record<string, ModelStats> }} Stats
 */

const EVERY_MILLISECONDS = 2000;
const POINTS = 30;
const LEAST_POINTS = 4; // fewer are a stroke, not a line
const [WIDTH, HEIGHT] = [60, 16];
/** @type {Map<string, number[]>} */
const seen = new Map(); // texts a second by model, oldest first
/** @type {Stats["models"] | null} */
let last = null;

/** Looks every two seconds while the page is in sight; a server without the route is asked once. */
export async function startStats() {
  let known = true;
  while (known) {
    if (!document.hidden) known = await look();
    await new Promise(resolve => setTimeout(resolve, EVERY_MILLISECONDS));
  }
}

async function look() {
  try {
    /** @type {Stats} */
    const answer = await ask("stats", { quiet: true });
    last = answer.models;
    for (const [name, { texts_per_second: rate }] of Object.entries(last)) {
      seen.set(name, [...(seen.get(name) ?? []), rate].slice(-POINTS));
    }
  } catch (error) {
    last = null;
    if (error instanceof Problem && error.status === 404) return false;
  } finally {
    showStats();
  }
  return true;
}

export function showStats() {
  const { name } = model() ?? { name: "" };
  const now = last?.[name];
  byId("stats").hidden = !now;
  if (!now) return;
  const { texts_per_second: rate, latency_ms: latency, queue } = now;
  const parts = [words().rateNow(short(rate))];
  if (latency.p50 !== null && latency.p95 !== null) parts.push(words().latency(short(latency.p50), short(latency.p95)));
  if (queue) parts.push(words().queued(queue));
  byId("stats-line").textContent = parts.join(" · ");
  byId("stats").title = words().statsLabel;
  const rates = seen.get(name) ?? [];
  const most = Math.max(...rates, 1e-9);
  const step = WIDTH / (POINTS - 1);
  const from = POINTS - rates.length;
  const points = rates.map(
    (value, at) => `${((from + at) * step).toFixed(1)},${(HEIGHT - 1 - (HEIGHT - 2) * (value / most)).toFixed(1)}`,
  );
  byId("spark").setAttribute("points", rates.length < LEAST_POINTS ? "" : points.join(" "));
}

/**
 * Three digits at most: 0.4, 12, 1,830.
 *
 * @param {number} value
 */
const short = value => (value < 10 ? Number(value.toFixed(1)) : Math.round(value)).toLocaleString("en");
