// One quiet line of what the server does now: texts a second, latency, queue.

import { ask } from "./api.js";
import { byId } from "./element.js";
import { words } from "./language.js";
import { model } from "./models.js";

const EVERY_MILLISECONDS = 2000;
const POINTS = 30;
const LEAST_POINTS = 4; // fewer are a stroke, not a line
const [WIDTH, HEIGHT] = [60, 16];
const seen = new Map(); // texts a second by model, oldest first
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
    last = (await ask("stats", { quiet: true })).models;
    for (const [name, { texts_per_second: rate }] of Object.entries(last)) {
      seen.set(name, [...(seen.get(name) ?? []), rate].slice(-POINTS));
    }
  } catch (problem) {
    last = null;
    if (problem.status === 404) return false;
  } finally {
    showStats();
  }
  return true;
}

export function showStats() {
  const one = last?.[model()?.name];
  byId("stats").hidden = !one;
  if (!one) return;
  const { texts_per_second: rate, latency_ms: latency, queue } = one;
  const parts = [words().rateNow(short(rate))];
  if (latency?.p50 != null) parts.push(words().latency(short(latency.p50), short(latency.p95)));
  if (queue) parts.push(words().queued(queue));
  byId("stats-line").textContent = parts.join(" · ");
  byId("stats").title = words().statsLabel;
  const rates = seen.get(model().name);
  const most = Math.max(...rates, 1e-9);
  const step = WIDTH / (POINTS - 1);
  const from = POINTS - rates.length;
  const points = rates.map(
    (value, at) => `${((from + at) * step).toFixed(1)},${(HEIGHT - 1 - (HEIGHT - 2) * (value / most)).toFixed(1)}`,
  );
  byId("spark").setAttribute("points", rates.length < LEAST_POINTS ? "" : points.join(" "));
}

/** Three digits at most: 0.4, 12, 1,830. */
const short = value => (value < 10 ? Number(value.toFixed(1)) : Math.round(value)).toLocaleString("en");
