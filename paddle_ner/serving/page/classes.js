// An answer with classes: bars, most probable first, and the choice of the right one or ones.

import { change } from "./corrections.js";
import { announce, focused, make } from "./element.js";
import { percent, words } from "./language.js";

/** @import { LabelledText } from "./corrections.js" */

const SHOWN = 20; // classes before the button that shows all

/** The classes of a document in an element of the page. */
export class Classes {
  #all = false;

  /**
   * @param {LabelledText} document
   * @param {string[]} labels the model's own
   */
  constructor(document, labels) {
    this.document = document;
    const scores = document.scores ?? {};
    /** @type {[label: string, score: number | undefined][]} */
    this.scores = [...new Set([...Object.keys(scores), ...labels])].map(label => [label, scores[label]]);
    this.element = make("fieldset", { class: "classes" });
    this.show();
  }

  leave() {}

  #chosen() {
    const { label, labels } = this.document.current;
    return labels ?? (label === undefined ? [] : [label]);
  }

  show() {
    const several = Boolean(this.document.current.labels);
    const chosen = this.#chosen();
    const held = focused();
    const heldLabel = held instanceof HTMLInputElement && this.element.contains(held) ? held.value : null;
    const shown = this.#all
      ? this.scores
      : this.scores.filter(([label], index) => index < SHOWN || chosen.includes(label));
    const rows = shown.map(([label, score]) => {
      const input = make("input", { type: several ? "checkbox" : "radio", name: "class", value: label });
      input.checked = chosen.includes(label);
      input.addEventListener("change", () => this.#choose(label, input.checked, several));
      const predicted = this.document.predicted.labels?.includes(label) ?? this.document.predicted.label === label;
      return make(
        "label",
        { class: [input.checked && "chosen", predicted && "predicted"].filter(Boolean).join(" ") },
        input,
        make("span", { class: "name" }, label),
        bar(score),
        make("span", { class: "value" }, score === undefined ? "" : percent(score)),
      );
    });
    const hint = several ? words().classesHint : words().classHint;
    const showAll = () => {
      this.#all = true;
      this.show();
    };
    const more = make(
      "button",
      { type: "button", class: "small", onclick: showAll },
      words().allClasses(this.scores.length),
    );
    this.element.replaceChildren(
      make("legend", { class: "hidden" }, hint),
      ...rows,
      ...(shown.length < this.scores.length ? [more] : []),
    );
    if (heldLabel) [...this.element.querySelectorAll("input")].find(input => input.value === heldLabel)?.focus();
  }

  /**
   * @param {string} label
   * @param {boolean} checked
   * @param {boolean} several
   */
  #choose(label, checked, several) {
    if (several) {
      const labels = this.#chosen().filter(one => one !== label);
      change(this.document, { labels: checked ? [...labels, label] : labels });
    } else change(this.document, { label });
    this.show();
    announce(this.#chosen().length ? words().chosen(this.#chosen().join(", ")) : words().noneChosen);
  }
}

/** @param {number | undefined} score */
function bar(score) {
  const fill = make("span");
  fill.style.width = `${100 * (score ?? 0)}%`;
  return make("span", { class: "bar", "aria-hidden": "true" }, fill);
}
