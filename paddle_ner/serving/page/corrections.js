// What the user corrected: texts with their annotation, every change undoable, for the next training.

import { remember, remembered } from "./element.js";
import { sameEntities } from "./spans.js";

/** @import { Prediction } from "./api.js" */
/** @import { Entity } from "./spans.js" */

/**
 * What is said of a text: its entities, its class, or its classes.
 *
 * @typedef {{ entities: Entity[], label?: undefined, labels?: undefined }
 *   | { label: string, entities?: undefined, labels?: undefined }
 *   | { labels: string[], entities?: undefined, label?: undefined }} Annotation
 */

/**
 * A text that a model predicted. `past` and `future` are what undo and redo go back to, the latest last; `kept` says
 * that the user found the prediction right.
 *
 * @typedef {{
 *   id?: string | number,
 *   model: string,
 *   text: string,
 *   scores?: Record<string, number>,
 *   predicted: Annotation,
 *   current: Annotation,
 *   past: Annotation[],
 *   future: Annotation[],
 *   kept: boolean,
 * }} LabelledText
 */

const KEY = "corrections";
/** @type {Map<string, LabelledText>} */
const documents = new Map(); // by model and text
/** @type {(() => void)[]} */
const listeners = [];
let stored = true;

/**
 * Calls back after every change.
 *
 * @param {() => void} listener
 */
export function onCorrections(listener) {
  listeners.push(listener);
}

/** Whether a reload of the page would find the corrections again. */
export const areStored = () => stored;

/**
 * @param {string} model
 * @param {string} text
 */
const place = (model, text) => JSON.stringify([model, text]);

/**
 * What a prediction says, without its scores of classes.
 *
 * @param {Prediction} prediction
 * @returns {Annotation}
 */
export function annotationOf({ entities, label, labels }) {
  if (entities) return { entities };
  if (labels) return { labels };
  if (label === undefined) throw new TypeError("a prediction has neither entities nor a class");
  return { label };
}

/**
 * Whether two annotations of one text, by one model, are the same.
 *
 * @param {Annotation} one
 * @param {Annotation} other
 */
export function sameAnnotation(one, other) {
  if (one.entities && other.entities) return sameEntities(one.entities, other.entities);
  if (one.labels && other.labels) {
    const { labels } = other;
    return one.labels.length === labels.length && one.labels.every(label => labels.includes(label));
  }
  return one.label === other.label;
}

/**
 * The document of a predicted text: the one that was corrected before, or a new one.
 *
 * @param {string} model
 * @param {Prediction} prediction
 */
export function openDocument(model, prediction) {
  const known = documents.get(place(model, prediction.text));
  if (known) return known;
  const annotation = annotationOf(prediction);
  /** @type {LabelledText} */
  const document = {
    model,
    text: prediction.text,
    predicted: annotation,
    current: annotation,
    past: [],
    future: [],
    kept: false,
  };
  if (prediction.id !== undefined) document.id = prediction.id;
  if (prediction.scores) document.scores = prediction.scores;
  return document;
}

/** @param {LabelledText} document */
export const isCorrected = document => !sameAnnotation(document.current, document.predicted);

/**
 * The annotation from now on.
 *
 * @param {LabelledText} document
 * @param {Annotation} annotation
 */
export function change(document, annotation) {
  document.past.push(document.current);
  document.future = [];
  document.current = annotation;
  changed(document);
}

/**
 * Takes the last change back. Says whether there was one.
 *
 * @param {LabelledText} document
 */
export function undo(document) {
  return travel(document, document.past, document.future);
}

/**
 * Repeats the change that was taken back last. Says whether there was one.
 *
 * @param {LabelledText} document
 */
export function redo(document) {
  return travel(document, document.future, document.past);
}

/**
 * @param {LabelledText} document
 * @param {Annotation[]} from
 * @param {Annotation[]} to
 */
function travel(document, from, to) {
  const annotation = from.pop();
  if (!annotation) return false;
  to.push(document.current);
  document.current = annotation;
  changed(document);
  return true;
}

/**
 * Back to what the model said; that can be undone too.
 *
 * @param {LabelledText} document
 */
export function reset(document) {
  if (isCorrected(document)) change(document, document.predicted);
}

/**
 * Keeps a text whose prediction is right, or no longer.
 *
 * @param {LabelledText} document
 * @param {boolean} kept
 */
export function keep(document, kept) {
  document.kept = kept;
  changed(document);
}

/**
 * Forgets a correction.
 *
 * @param {LabelledText} document
 */
export function forget(document) {
  Object.assign(document, { current: document.predicted, past: [], future: [], kept: false });
  changed(document);
}

/**
 * The documents of a model that are corrected or kept, in the order in which they became so.
 *
 * @param {string | undefined} model
 */
export function corrected(model) {
  return [...documents.values()].filter(document => document.model === model);
}

/**
 * Canonical JSON lines of a model's corrections.
 *
 * @param {string} model
 */
export function correctionLines(model) {
  return corrected(model).map(({ id, text, current }) => {
    const record = id === undefined ? { text } : { id, text };
    if (!current.entities) return JSON.stringify({ ...record, ...current });
    const entities = current.entities.map(({ start, end, label, text }) => ({ start, end, label, text }));
    return JSON.stringify({ ...record, entities });
  });
}

/** @param {LabelledText} document */
function changed(document) {
  const key = place(document.model, document.text);
  if (document.kept || isCorrected(document)) documents.set(key, document);
  else documents.delete(key);
  const all = [...documents.values()].map(kept => ({ ...kept, past: [], future: [] }));
  stored = remember(KEY, all.length ? JSON.stringify(all) : null, "sessionStorage") || !all.length;
  for (const listener of listeners) listener();
}

/** Reads what this tab had before a reload. */
export function restoreCorrections() {
  /** @type {LabelledText[]} */
  const stored = JSON.parse(remembered(KEY, "sessionStorage") ?? "[]");
  for (const document of stored) documents.set(place(document.model, document.text), document);
  for (const listener of listeners) listener();
}
