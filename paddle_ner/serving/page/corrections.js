// What the user put right: texts with their annotation, every change undoable, for the next training.

import { remember, remembered } from "./element.js";
import { sameEntities } from "./spans.js";

const KEY = "corrections";
const documents = new Map(); // by model and text
const listeners = [];
let stored = true;

/** Calls back after every change. */
export function onCorrections(listener) {
  listeners.push(listener);
}

/** Whether a reload of the page would find the corrections again. */
export const areStored = () => stored;

const place = (model, text) => JSON.stringify([model, text]);

/** What a prediction says, without its scores of classes: {entities} or {label} or {labels}. */
export function annotationOf(prediction) {
  if (prediction.entities) return { entities: prediction.entities };
  return prediction.labels ? { labels: prediction.labels } : { label: prediction.label };
}

export function sameAnnotation(one, other) {
  if (one.entities) return sameEntities(one.entities, other.entities);
  if (one.labels)
    return one.labels.length === other.labels.length && one.labels.every(label => other.labels.includes(label));
  return one.label === other.label;
}

/** The document of a predicted text: the one that was corrected before, or a new one. */
export function openDocument(model, prediction) {
  const known = documents.get(place(model, prediction.text));
  if (known) return known;
  const annotation = annotationOf(prediction);
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

export const isCorrected = document => !sameAnnotation(document.current, document.predicted);

/** The annotation from now on. */
export function change(document, annotation) {
  document.past.push(document.current);
  document.future = [];
  document.current = annotation;
  changed(document);
}

/** Takes back the last change, or makes it again. Says whether there was one. */
export function undo(document) {
  return travel(document, document.past, document.future);
}

export function redo(document) {
  return travel(document, document.future, document.past);
}

function travel(document, from, to) {
  if (!from.length) return false;
  to.push(document.current);
  document.current = from.pop();
  changed(document);
  return true;
}

/** Back to what the model said; that can be undone too. */
export function reset(document) {
  if (isCorrected(document)) change(document, document.predicted);
}

/** Keeps a text whose prediction is right, or no longer. */
export function keep(document, kept) {
  document.kept = kept;
  changed(document);
}

/** Forgets a correction. */
export function forget(document) {
  Object.assign(document, { current: document.predicted, past: [], future: [], kept: false });
  changed(document);
}

/** The documents of a model that are corrected or kept, in the order in which they became so. */
export function corrected(model) {
  return [...documents.values()].filter(one => one.model === model);
}

/** Canonical JSON lines of a model's corrections. */
export function correctionLines(model) {
  return corrected(model).map(({ id, text, current }) => {
    const record = id === undefined ? { text } : { id, text };
    if (!current.entities) return JSON.stringify({ ...record, ...current });
    const entities = current.entities.map(({ start, end, label, text }) => ({ start, end, label, text }));
    return JSON.stringify({ ...record, entities });
  });
}

function changed(document) {
  const key = place(document.model, document.text);
  if (document.kept || isCorrected(document)) documents.set(key, document);
  else documents.delete(key);
  const all = [...documents.values()].map(one => ({ ...one, past: [], future: [] }));
  stored = remember(KEY, all.length ? JSON.stringify(all) : null, "sessionStorage") || !all.length;
  for (const listener of listeners) listener();
}

/** Reads what this tab had before a reload. */
export function restoreCorrections() {
  for (const one of JSON.parse(remembered(KEY, "sessionStorage") ?? "[]"))
    documents.set(place(one.model, one.text), one);
  for (const listener of listeners) listener();
}
