// Asking for the text that stands in the field, and what comes back: entities, classes, or a problem.

import { ask, Problem } from "./api.js";
import { Classes } from "./classes.js";
import { codePointLength } from "./codepoints.js";
import { isCorrected, keep, openDocument, redo, reset, undo } from "./corrections.js";
import { Editor } from "./editor.js";
import { announce, byId, make } from "./element.js";
import { words } from "./language.js";
import { isReady, model, modelsProblem, readModels } from "./models.js";

let shown = null; // {view, body, milliseconds} or {problem} or null
let request = null;

/** Asks the chosen model and shows what it says. */
export async function analyse() {
  const text = byId("text").value;
  const asked = model();
  if (!text.trim() || !isReady()) return;
  request?.abort();
  const mine = (request = new AbortController());
  byId("answer").setAttribute("aria-busy", "true");
  const started = performance.now();
  try {
    const body = await ask(`models/${encodeURIComponent(asked.name)}/predict`, { body: { text }, signal: mine.signal });
    const milliseconds = Math.max(1, Math.round(performance.now() - started));
    showDocument(openDocument(asked.name, body.predictions[0]), { body, milliseconds });
    announce(summary());
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    leave();
    shown = { problem: error };
    showAnswer();
    announce(problemLine(error));
  } finally {
    if (request === mine) byId("answer").setAttribute("aria-busy", "false");
  }
}

/** Shows a document: one that was just predicted, or one that was corrected before. */
export function showDocument(document, { body, milliseconds } = {}) {
  leave();
  const labels = model()?.labels ?? [];
  shown = {
    view: document.current.entities ? new Editor(document, labels) : new Classes(document, labels),
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

/** A problem in one line: what is wrong and what to do. */
export function problemLine(problem) {
  const known = { offline: words().offline, unreadable: words().unreadable, ...words().problems };
  const wait = problem.seconds ? words().retry(problem.seconds) : "";
  return [known[problem.slug] ?? (problem.detail || `HTTP ${problem.status}`), wait].filter(Boolean).join(" · ");
}

/** The element that says a problem: the line, and beneath it what the server wrote. */
export function problemElement(problem) {
  const line = problemLine(problem);
  const detail =
    problem.status && problem.detail && !line.includes(problem.detail) ? `${problem.status} · ${problem.detail}` : "";
  return make("div", { class: "problem" }, make("b", {}, line), ...(detail ? [make("p", { lang: "en" }, detail)] : []));
}

/** Shows again what there is, in the language of now. */
export function showAnswer() {
  const result = byId("result");
  if (!shown) return result.replaceChildren(...waiting());
  if (shown.problem) return result.replaceChildren(problemElement(shown.problem));
  shown.view.show();
  if (!result.contains(shown.view.element)) result.replaceChildren(shown.view.element, make("div", { id: "beneath" }));
  showBeneath();
}

/** Shows again why there is no answer yet, and leaves one that is there, perhaps in use, alone. */
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
  const says = { ready: words().empty, failed: words().failedModel, rebuilding: words().rebuilding };
  return [make("p", { class: "empty" }, says[state] ?? words().loading)];
}

function summary() {
  const { view, milliseconds } = shown;
  const { entities } = view.document.current;
  const count = entities ? words().entities(entities.length) : words().classes(view.scores.length);
  const nothing = entities
    ? !entities.length && words().none
    : view.document.current.labels?.length === 0 && words().noClass;
  const trip = milliseconds ? words().roundTrip(milliseconds) : "";
  return [nothing, count, isCorrected(view.document) && words().corrected, trip].filter(Boolean).join(" · ");
}

/** Takes the last change back, or makes it again. */
function travel(undoOrRedo) {
  if (!shown?.view || !undoOrRedo(shown.view.document)) return;
  shown.view.show();
  announce(undoOrRedo === undo ? words().undone : words().redone);
}

/** Ctrl+Z and its like, wherever no field has its own. */
export function startUndo() {
  addEventListener("keydown", event => {
    const key = event.key.toLowerCase();
    const field = event.target.matches?.("textarea, input:not([type=radio], [type=checkbox]), dialog *");
    if (field || !(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    travel(key === "y" || event.shiftKey ? redo : undo);
  });
}

/** What stands beneath the result: the count, the ways to put it right, the JSON. */
export function showBeneath() {
  const beneath = byId("beneath");
  if (!beneath || !shown?.view) return;
  const { view, body } = shown;
  const { document } = view;
  const focused = beneath.contains(window.document.activeElement) && window.document.activeElement.dataset.does;
  const open = beneath.querySelector("details")?.open ?? false;
  const button = (does, label, act, attributes = {}) =>
    make("button", { type: "button", class: "small", "data-does": does, onclick: act, ...attributes }, label);
  const isChanged = isCorrected(document);
  const tools = [
    button("undo", words().undo, () => travel(undo), { disabled: !document.past.length }),
    button("redo", words().redo, () => travel(redo), { disabled: !document.future.length }),
    ...(isChanged
      ? [button("reset", words().reset, () => (reset(document), view.show(), announce(words().wasReset)))]
      : [
          button("keep", document.kept ? words().kept : words().keep, () => keep(document, !document.kept), {
            "aria-pressed": String(document.kept),
          }),
        ]),
  ];
  const several = document.current.labels;
  const hint = document.current.entities ? words().hint : several ? words().classesHint : words().classHint;
  beneath.replaceChildren(
    make("div", { class: "status" }, make("p", {}, summary()), make("div", { class: "tools" }, ...tools)),
    make("p", { class: "hint" }, hint),
    ...(document.current.entities ? [make("p", { class: "hint keys", id: "keys-hint" }, words().keys)] : []),
    ...(body ? [json(body, open)] : []),
  );
  if (focused) {
    const again =
      beneath.querySelector(`[data-does="${focused}"]:not(:disabled)`) ??
      beneath.querySelector("[data-does]:not(:disabled)");
    again?.focus();
  }
}

function json(body, open) {
  const content = JSON.stringify(body, null, 2);
  const copy = make(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: async () => {
        await navigator.clipboard.writeText(content);
        copy.textContent = words().copied;
        announce(words().copied);
      },
    },
    words().copy,
  );
  const details = make("details", { open }, make("summary", {}, "JSON"), ...(navigator.clipboard ? [copy] : []));
  // A large answer is written out only for those who look.
  const fill = () =>
    details.open && !details.querySelector("pre") && details.append(make("pre", { tabindex: "0" }, content));
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

/** How the field counts: code points, and whether the server takes as many. */
export function countText(limits) {
  const text = byId("text").value;
  const length = codePointLength(text);
  const over = limits !== null && length > limits.characters;
  byId("count").textContent = !length
    ? ""
    : over
      ? `${words().characters(length)} · ${words().tooLong(limits.characters)}`
      : words().characters(length);
  byId("count").classList.toggle("over", over);
  byId("go").disabled = !text.trim() || over || !isReady();
}
