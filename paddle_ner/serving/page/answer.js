// Asking for the text that stands in the field, and what comes back: entities, classes, or a problem.

import { ask, isAbort, Problem } from "./api.js";
import { Classes } from "./classes.js";
import { codePointLength } from "./codepoints.js";
import { isCorrected, keep, openDocument, redo, reset, undo } from "./corrections.js";
import { Editor } from "./editor.js";
import { announce, byId, focused, make } from "./element.js";
import { words } from "./language.js";
import { minScore } from "./minscore.js";
import { isReady, model, modelsProblem, readModels } from "./models.js";

/** @import { Limits, Predictions } from "./api.js" */
/** @import { LabelledText } from "./corrections.js" */

/**
 * The document that is shown, and where it was just predicted, the server's answer and how long it took.
 *
 * @typedef {{ view: Editor | Classes, body?: Predictions, milliseconds?: number, problem?: undefined }} ShownText
 * @typedef {{ problem: Problem, view?: undefined }} ShownProblem
 */

/** @type {ShownText | ShownProblem | null} */
let shown = null;
/** @type {AbortController | null} */
let request = null;

/** Asks the chosen model and shows what it says. */
export async function analyse() {
  const text = byId("text").value;
  const asked = model();
  if (!text.trim() || !asked || !isReady()) return;
  request?.abort();
  const mine = new AbortController();
  request = mine;
  byId("answer").setAttribute("aria-busy", "true");
  const started = performance.now();
  try {
    /** @type {Predictions} */
    const body = await ask(`models/${encodeURIComponent(asked.name)}/predict`, {
      body: { text, min_score: minScore() },
      signal: mine.signal,
    });
    const milliseconds = Math.max(1, Math.round(performance.now() - started));
    showDocument(openDocument(asked.name, body.predictions[0]), { body, milliseconds });
    if (shown?.view) announce(summary(shown));
  } catch (error) {
    if (isAbort(error)) return;
    if (!(error instanceof Problem)) throw error;
    leave();
    shown = { problem: error };
    showAnswer();
    announce(problemLine(error));
  } finally {
    if (request === mine) byId("answer").setAttribute("aria-busy", "false");
  }
}

/**
 * Shows a document: one that was just predicted, or one that was corrected before.
 *
 * @param {LabelledText} document
 * @param {{ body?: Predictions, milliseconds?: number }} [answer]
 */
export function showDocument(document, { body, milliseconds } = {}) {
  leave();
  const { labels = [], overlapping = false } = model() ?? {};
  shown = {
    view: document.current.entities ? new Editor(document, labels, overlapping) : new Classes(document, labels),
    body,
    milliseconds,
  };
  showAnswer();
}

/** Empties the answer; a request under way is given up. */
export function clearAnswer() {
  request?.abort();
  byId("answer").setAttribute("aria-busy", "false");
  leave();
  showAnswer();
}

function leave() {
  shown?.view?.leave();
  shown = null;
}

/**
 * A problem in one line: what is wrong and what to do.
 *
 * @param {Problem} problem
 */
export function problemLine(problem) {
  /** @type {Record<string, string | undefined>} */
  const known = { offline: words().offline, unreadable: words().unreadable, ...words().problems };
  const wait = problem.seconds ? words().retry(problem.seconds) : "";
  return [known[problem.slug] ?? (problem.detail || `HTTP ${problem.status}`), wait].filter(Boolean).join(" · ");
}

/**
 * The element that says a problem: the line, and beneath it what the server wrote.
 *
 * @param {Problem} problem
 */
export function problemElement(problem) {
  const line = problemLine(problem);
  const detail =
    problem.status && problem.detail && !line.includes(problem.detail) ? `${problem.status} · ${problem.detail}` : "";
  return make("div", { class: "problem" }, make("b", {}, line), ...(detail ? [make("p", { lang: "en" }, detail)] : []));
}

/** Shows what there is again, in the language of now. */
export function showAnswer() {
  const result = byId("result");
  if (!shown) return result.replaceChildren(...waiting());
  if (!shown.view) return result.replaceChildren(problemElement(shown.problem));
  shown.view.show();
  if (!result.contains(shown.view.element)) result.replaceChildren(shown.view.element, make("div", { id: "beneath" }));
  showBeneath();
}

/** Shows why there is no answer yet; leaves an answer alone, which may be in use. */
export function showWaiting() {
  if (!shown) showAnswer();
}

function waiting() {
  const problem = modelsProblem();
  if (problem?.status === 401) {
    const button = make("button", { type: "button", class: "small", onclick: () => readModels() }, words().keyAsk);
    return [make("p", { class: "empty" }, words().keyMissing, " ", button)];
  }
  if (problem) return [problemElement(problem)];
  const state = model()?.state ?? "loading";
  const says = {
    loading: words().loading,
    ready: words().empty,
    failed: words().failedModel,
    rebuilding: words().rebuilding,
  };
  return [make("p", { class: "empty" }, says[state])];
}

/** @param {ShownText} text */
function summary({ view, milliseconds }) {
  const { entities } = view.document.current;
  const count = view instanceof Classes ? words().classes(view.scores.length) : words().entities(view.entities.length);
  const nothing = entities
    ? !entities.length && words().none
    : view.document.current.labels?.length === 0 && words().noClass;
  const trip = milliseconds ? words().roundTrip(milliseconds) : "";
  return [nothing, count, isCorrected(view.document) && words().corrected, trip].filter(Boolean).join(" · ");
}

/**
 * Takes the last change back, or repeats it.
 *
 * @param {typeof undo | typeof redo} undoOrRedo
 */
function travel(undoOrRedo) {
  if (!shown?.view || !undoOrRedo(shown.view.document)) return;
  shown.view.show();
  announce(undoOrRedo === undo ? words().undone : words().redone);
}

/** Ctrl+Z and its like, wherever no field has its own. */
export function startUndo() {
  addEventListener("keydown", event => {
    const key = event.key.toLowerCase();
    const field =
      event.target instanceof Element &&
      event.target.matches("textarea, input:not([type=radio], [type=checkbox], [type=range]), dialog *");
    if (field || !(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    travel(key === "y" || event.shiftKey ? redo : undo);
  });
}

/**
 * @param {string} does the button's name for the focus, which a new button of that name gets back
 * @param {string} label
 * @param {() => void} act
 * @param {Record<string, string | boolean>} attributes
 */
const toolButton = (does, label, act, attributes = {}) =>
  make("button", { type: "button", class: "small", "data-does": does, onclick: act, ...attributes }, label);

/**
 * The buttons that change a document as a whole.
 *
 * @param {Editor | Classes} view
 */
function tools(view) {
  const { document } = view;
  const undoButton = toolButton("undo", words().undo, () => travel(undo), { disabled: !document.past.length });
  const redoButton = toolButton("redo", words().redo, () => travel(redo), { disabled: !document.future.length });
  const onReset = () => {
    reset(document);
    view.show();
    announce(words().wasReset);
  };
  const onKeep = () => keep(document, !document.kept);
  const last = isCorrected(document)
    ? toolButton("reset", words().reset, onReset)
    : toolButton("keep", document.kept ? words().kept : words().keep, onKeep, {
        "aria-pressed": String(document.kept),
      });
  return [undoButton, redoButton, last];
}

/** What stands beneath the result: the count, the ways to correct it, the JSON. */
export function showBeneath() {
  const beneath = window.document.getElementById("beneath");
  if (!beneath || !shown?.view) return;
  const { view, body } = shown;
  const { document } = view;
  const held = focused();
  const heldTool = beneath.contains(held) ? held?.dataset.does : undefined;
  const open = beneath.querySelector("details")?.open ?? false;
  const several = document.current.labels;
  const hint = document.current.entities ? words().hint : several ? words().classesHint : words().classHint;
  beneath.replaceChildren(
    make("div", { class: "status" }, make("p", {}, summary(shown)), make("div", { class: "tools" }, ...tools(view))),
    make("p", { class: "hint" }, hint),
    ...(document.current.entities ? [make("p", { class: "hint keys", id: "keys-hint" }, words().keys)] : []),
    ...(body ? [json(body, open)] : []),
  );
  if (heldTool) {
    const buttons = [...beneath.querySelectorAll("button")].filter(button => button.dataset.does && !button.disabled);
    (buttons.find(button => button.dataset.does === heldTool) ?? buttons[0])?.focus();
  }
}

/**
 * @param {Predictions} body
 * @param {boolean} open
 */
function json(body, open) {
  const content = JSON.stringify(body, null, 2);
  const onCopy = async () => {
    await navigator.clipboard.writeText(content);
    copy.textContent = words().copied;
    announce(words().copied);
  };
  const copy = make("button", { type: "button", class: "quiet", onclick: onCopy }, words().copy);
  const details = make("details", { open }, make("summary", {}, "JSON"), ...(navigator.clipboard ? [copy] : []));
  // A large answer is written out only for those who look.
  const fill = () =>
    details.open && !details.querySelector("pre") && details.append(make("pre", { tabindex: "0" }, content));
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

/**
 * How the field counts: code points, and whether the server takes as many.
 *
 * @param {Limits | null} limits
 */
export function countText(limits) {
  const text = byId("text").value;
  const length = codePointLength(text);
  const most = limits?.characters ?? Infinity;
  const over = length > most;
  byId("count").textContent = !length
    ? ""
    : over
      ? `${words().characters(length)} · ${words().tooLong(most)}`
      : words().characters(length);
  byId("count").classList.toggle("over", over);
  byId("go").disabled = !text.trim() || over || !isReady();
}
