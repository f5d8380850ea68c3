// Labelling many texts: requests within the server's limits, patient where it is busy, stopped and resumed at will.

import { isAbort, Problem, predict } from "./api.js";
import { codePointLength } from "./codepoints.js";

/** @import { Limits, Prediction, ProblemBody } from "./api.js" */
/** @import { FaultyLine, TextRecord } from "./files.js" */
/** @import { Fault } from "./words.js" */

const AT_ONCE = 2; // requests under way, so that the engine has work while an answer travels
const FIRST_TEXTS = 16;
const MOST_CHARACTERS = 60_000; // of one request: far below any body limit, and short enough for a smooth bar
const QUICK_MILLISECONDS = 1000; // a request answered within it may be followed by a larger one
const PATIENCE = 5; // times that a text is sent again after the server went away or was too slow

/** One run over records. `lines` holds what is done as canonical JSON lines, `faults` what could not be done. */
export class Labelling {
  /** @type {number[]} */
  #queue = []; // indices of records, the next one last
  #cancelled = new AbortController().signal; // by the user: requests under way are given up
  #stopped = this.#cancelled; // by the user or by a problem: no further request, no further waiting
  #size = FIRST_TEXTS;

  /**
   * @param {TextRecord[]} records
   * @param {string} model
   * @param {number | undefined} minScore
   * @param {Limits} limits
   * @param {{ report: () => void, wait: (seconds: number) => void }} listeners `report` is called as records are done,
   *   `wait` before a pause that the server asked for
   */
  constructor(records, model, minScore, limits, { report, wait }) {
    this.records = records;
    this.model = model;
    this.minScore = minScore;
    this.limits = limits;
    this.report = report;
    this.wait = wait;
    /** @type {(string | undefined)[]} */
    this.lines = new Array(records.length);
    /** @type {(FaultyLine & { index: number })[]} */
    this.faults = [];
    this.done = 0;
    /** When this run began, and what was done by then. */
    this.started = { at: 0, done: 0 };
  }

  get finished() {
    return this.done === this.records.length;
  }

  /**
   * Labels all that is not done yet. Throws what stopped it: AbortError, or a Problem.
   *
   * @param {AbortSignal} signal
   */
  async run(signal) {
    const failed = new Set(this.faults.map(({ index }) => index));
    this.#queue = [];
    for (let index = this.records.length - 1; index >= 0; index--) {
      if (this.lines[index] === undefined && !failed.has(index)) this.#queue.push(index);
    }
    const stop = new AbortController();
    this.#cancelled = signal;
    this.#stopped = AbortSignal.any([signal, stop.signal]);
    /** @type {unknown} */
    let problem = null;
    const work = async () => {
      try {
        while (this.#queue.length && !this.#stopped.aborted) await this.#label(this.#take());
      } catch (error) {
        if (!isAbort(error)) problem ??= error;
        stop.abort(); // nothing more is begun; a request of another worker that is under way may still bring its answer
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    signal.throwIfAborted();
    if (problem) throw problem;
  }

  #take() {
    /** @type {number[]} */
    const taken = [];
    let characters = 0;
    while (taken.length < Math.min(this.#size, this.limits.texts)) {
      const next = this.#queue.at(-1);
      if (next === undefined) break;
      characters += codePointLength(this.records[next].text);
      if (taken.length && characters > MOST_CHARACTERS) break;
      taken.push(next);
      this.#queue.pop();
    }
    return taken;
  }

  /**
   * @param {number[]} indices
   * @param {number} tries how often these texts were sent in vain
   */
  async #label(indices, tries = 0) {
    if (!indices.length) return;
    const started = performance.now();
    try {
      const predictions = await predict(
        this.model,
        indices.map(index => this.records[index].text),
        this.minScore,
        this.#cancelled,
      );
      if (predictions.length !== indices.length)
        throw new Problem(0, "unreadable", `${predictions.length} predictions for ${indices.length} texts`);
      for (const [at, prediction] of predictions.entries()) this.#keep(indices[at], prediction);
      this.report();
      if (performance.now() - started < QUICK_MILLISECONDS) this.#size = Math.min(this.limits.texts, this.#size * 2);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.#recover(error, indices, tries);
    }
  }

  /**
   * @param {Problem} problem
   * @param {number[]} indices
   * @param {number} tries
   */
  async #recover(problem, indices, tries) {
    const { status, slug, body } = problem;
    const named = namedTexts(body, indices.length);
    if (slug === "text-failed" && body.predictions) {
      for (const [at, prediction] of body.predictions.entries()) {
        if (prediction) this.#keep(indices[at], prediction);
        else this.#fail(indices[at], "failed");
      }
      this.report();
    } else if (status === 422 && named.size) {
      for (const [at, detail] of named) this.#fail(indices[at], "refused", detail);
      this.report();
      await this.#label(indices.filter((_, at) => !named.has(at)));
    } else if (status === 429 || (status === 503 && problem.seconds !== null)) {
      this.#size = Math.max(1, this.#size >> 1);
      await this.#pause(problem.seconds ?? 1);
      await this.#label(indices);
    } else if ([413, 422, 504].includes(status) && indices.length > 1) {
      const middle = indices.length >> 1;
      this.#size = Math.max(1, middle);
      await this.#label(indices.slice(0, middle));
      await this.#label(indices.slice(middle));
    } else if (status === 413) {
      this.#failOne(indices[0], "too-large");
    } else if (status === 422) {
      this.#failOne(indices[0], "refused", problem.detail);
    } else if ((status === 504 || slug === "offline") && tries < PATIENCE) {
      if (slug === "offline") await this.#pause(2 ** tries);
      await this.#label(indices, tries + 1);
    } else if (status === 504) {
      this.#failOne(indices[0], "deadline");
    } else {
      throw problem;
    }
  }

  /**
   * @param {number} index
   * @param {Prediction} prediction
   */
  #keep(index, prediction) {
    const { id, meta } = this.records[index];
    this.lines[index] = JSON.stringify({
      ...(id === undefined ? {} : { id }),
      ...prediction,
      ...(meta === undefined ? {} : { meta }),
    });
    this.done++;
  }

  /**
   * @param {number} index
   * @param {Fault} fault
   */
  #fail(index, ...fault) {
    this.faults.push({ index, line: this.records[index].line, fault });
    this.done++;
  }

  /**
   * @param {number} index
   * @param {Fault} fault
   */
  #failOne(index, ...fault) {
    this.#fail(index, ...fault);
    this.report();
  }

  /**
   * @param {number} seconds
   * @returns {Promise<void>}
   */
  #pause(seconds) {
    this.#stopped.throwIfAborted();
    this.wait(seconds);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, 1000 * seconds);
      const stop = () => {
        clearTimeout(timer);
        reject(this.#stopped.reason);
      };
      this.#stopped.addEventListener("abort", stop, { once: true });
    });
  }
}

/**
 * The texts that a problem points at: place in the request → what is said of it.
 *
 * @param {ProblemBody} body
 * @param {number} count
 */
function namedTexts(body, count) {
  /** @type {Map<number, string>} */
  const named = new Map();
  for (const { pointer, detail } of body.errors ?? []) {
    const found = /^#\/texts\/(\d+)$/.exec(pointer);
    if (found && Number(found[1]) < count) named.set(Number(found[1]), detail);
  }
  return named;
}
