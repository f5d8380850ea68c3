// An answer with entities: drawn, and put right by mouse, touch and keyboard.

import { CodePoints } from "./codepoints.js";
import { change } from "./corrections.js";
import { announce, make } from "./element.js";
import { draw, hue } from "./highlight.js";
import { meaning, percent, words } from "./language.js";
import { pickLabel } from "./picker.js";
import { entityAt, withEntity, withoutEntity } from "./spans.js";

const TOUCH_MILLISECONDS = 400; // how long the handles of a selection stand still before it is taken for done

/** The entities of a document in an element of the page. `labels` are the model's own. */
export class Editor {
  #hidden = new Set();
  #anchor = 0; // the caret's place, in code points, and where its selection began
  #head = 0;
  #drawing = null;
  #touched = null;

  constructor(document, labels) {
    this.document = document;
    this.labels = labels;
    this.points = new CodePoints(document.text);
    this.legend = make("ul", { class: "legend" });
    this.text = make("div", {
      class: "text",
      role: "group",
      tabindex: "0",
      lang: "zh-CN",
      "aria-describedby": "keys-hint",
    });
    this.caret = make("div", { class: "caret", "aria-hidden": "true", hidden: true });
    this.element = make("div", { class: "editor" }, this.legend, make("div", { class: "page" }, this.text, this.caret));
    this.text.addEventListener("keydown", event => this.#onKey(event));
    this.text.addEventListener("click", event => this.#onClick(event));
    this.text.addEventListener("focusin", () => this.#showCaret());
    this.text.addEventListener("focusout", () => (this.caret.hidden = true));
    this.text.addEventListener("pointerdown", event => this.#onPointerDown(event));
    const left = new AbortController(); // listeners on the whole page end with the answer
    let timer;
    window.document.addEventListener("pointerup", () => setTimeout(() => this.#touched || this.#onSelected()), {
      signal: left.signal,
    });
    window.document.addEventListener(
      "selectionchange",
      () => {
        clearTimeout(timer);
        if (this.#touched) timer = setTimeout(() => this.#onSelected(), TOUCH_MILLISECONDS);
      },
      { signal: left.signal },
    );
    this.leave = () => left.abort();
    this.show();
  }

  get entities() {
    return this.document.current.entities;
  }

  /** The model's labels, then those that corrections brought. */
  #allLabels() {
    return [
      ...new Set([
        ...this.labels,
        ...this.entities.map(one => one.label),
        ...this.document.predicted.entities.map(one => one.label),
      ]),
    ];
  }

  show() {
    const labels = this.#allLabels();
    const hues = new Map(labels.map((label, index) => [label, hue(index)]));
    this.text.setAttribute("aria-label", words().labelled);
    this.#showLegend(hues);
    const held = this.text.contains(window.document.activeElement);
    this.#drawing = draw(this.text, this.points, this.entities, entity => ({
      hue: hues.get(entity.label),
      off: this.#hidden.has(entity.label),
      name: [entity.text, entity.label, entity.score === undefined ? "" : percent(entity.score)]
        .filter(Boolean)
        .join(", "),
    }));
    if (held) this.text.focus({ preventScroll: true }); // the mark that had the focus is another now
  }

  #showLegend(hues) {
    const counts = new Map();
    for (const { label } of this.entities) counts.set(label, (counts.get(label) ?? 0) + 1);
    const focused = this.legend.contains(window.document.activeElement) && window.document.activeElement.dataset.label;
    this.legend.hidden = !counts.size;
    this.legend.replaceChildren(
      ...[...counts].map(([label, times]) =>
        make(
          "li",
          {},
          make(
            "button",
            {
              type: "button",
              "--hue": hues.get(label),
              "data-label": label,
              "aria-pressed": String(!this.#hidden.has(label)),
              title: words().showType(label),
              onclick: () => this.#toggle(label),
            },
            make("b", {}, label),
            ...(meaning(label) ? [make("span", {}, meaning(label))] : []),
            make("span", {}, `${times}`),
          ),
        ),
      ),
    );
    if (focused) [...this.legend.querySelectorAll("button")].find(one => one.dataset.label === focused)?.focus();
  }

  #toggle(label) {
    if (!this.#hidden.delete(label)) this.#hidden.add(label);
    this.show();
  }

  // ------------------------------------------------------------- mouse, touch

  #onPointerDown(event) {
    this.#touched = event.pointerType === "touch";
    // Chromium (seen in 156) selects no text by dragging inside of one element that can have the focus.
    const mark = event.target.closest("mark");
    mark?.removeAttribute("tabindex");
    const release = () => mark?.setAttribute("tabindex", "-1");
    for (const type of ["pointerup", "pointercancel"]) window.document.addEventListener(type, release, { once: true });
  }

  #onClick(event) {
    if (!getSelection().isCollapsed) return;
    const index = this.#drawing.indexOf(event.target);
    if (index >= 0 && !this.#hidden.has(this.entities[index].label)) this.#relabel(index);
    else {
      const { focusNode, focusOffset } = getSelection();
      if (focusNode && this.text.contains(focusNode)) this.#move(this.#drawing.offsetAt(focusNode, focusOffset));
    }
  }

  #onSelected() {
    if (window.document.querySelector("dialog[open]")) return;
    const span = this.#drawing.selected();
    if (span) this.#add(span);
  }

  // ------------------------------------------------------------- keyboard

  #onKey(event) {
    const { key, shiftKey } = event;
    const focused = this.#drawing.indexOf(event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "ArrowLeft" || key === "ArrowRight") this.#step(key === "ArrowRight" ? 1 : -1, shiftKey, focused);
    else if (key === "Home") this.#move(0, shiftKey);
    else if (key === "End") this.#move(this.points.length, shiftKey);
    else if (key === "ArrowDown" || key === "ArrowUp") this.#hop(key === "ArrowDown" ? 1 : -1, focused);
    else if (key === "Enter" || key === " ") this.#act(focused);
    else if (key === "Delete" || key === "Backspace") this.#removeHere(focused);
    else if (key === "Escape") this.#move(this.#head);
    else return;
    event.preventDefault();
  }

  #step(by, extend, focused) {
    if (focused >= 0) {
      const { start, end } = this.entities[focused];
      // From an entity as a whole: on to its other side, or its span and one character more.
      if (extend) {
        this.#anchor = by > 0 ? start : end;
        return this.#move((by > 0 ? end : start) + by, true);
      }
      return this.#move(by > 0 ? end : start);
    }
    this.#move(this.#head + by, extend);
  }

  #move(to, extend = false) {
    this.#head = Math.max(0, Math.min(this.points.length, to));
    if (!extend) this.#anchor = this.#head;
    if (window.document.activeElement !== this.text) this.text.focus({ preventScroll: true });
    const { startContainer: node, startOffset: offset } = this.#drawing.range(this.#head, this.#head);
    if (this.#anchor === this.#head) getSelection().collapse(node, offset);
    else {
      const range = this.#drawing.range(Math.min(this.#anchor, this.#head), Math.max(this.#anchor, this.#head));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      announce(range.toString().length ? this.#selection().text : "");
    }
    if (this.#anchor === this.#head)
      announce(this.points.slice(this.#head, Math.min(this.#head + 1, this.points.length)));
    this.#showCaret();
    this.caret.scrollIntoView({ block: "nearest" });
  }

  /** On to the next entity in reading order, or the one before. */
  #hop(by, focused) {
    const at =
      focused >= 0
        ? focused + by
        : by > 0
          ? this.entities.findIndex(one => one.start >= this.#head)
          : this.entities.findLastIndex(one => one.end <= this.#head);
    this.#focusEntity(at);
  }

  #focusEntity(index) {
    const mark = this.#drawing.mark(index);
    if (!mark) return;
    this.#anchor = this.#head = this.entities[index].start;
    getSelection().removeAllRanges();
    mark.focus();
  }

  #showCaret() {
    this.caret.hidden = window.document.activeElement !== this.text;
    if (this.caret.hidden) return;
    const range = this.#drawing.range(this.#head, this.#head);
    const place = range.getClientRects()[0] ?? range.getBoundingClientRect();
    const page = this.caret.parentElement.getBoundingClientRect();
    this.caret.style.left = `${place.left - page.left}px`;
    this.caret.style.top = `${place.top - page.top}px`;
    this.caret.style.height = `${place.height}px`;
  }

  #selection() {
    const { start, end } = this.points.trim(Math.min(this.#anchor, this.#head), Math.max(this.#anchor, this.#head));
    return { start, end, text: this.points.slice(start, end) };
  }

  #act(focused) {
    const span = this.#selection();
    const index = focused >= 0 ? focused : entityAt(this.entities, this.#head);
    if (focused < 0 && span.start < span.end) this.#add(span);
    else if (index >= 0) this.#relabel(index);
  }

  #removeHere(focused) {
    const index = focused >= 0 ? focused : entityAt(this.entities, Math.min(this.#anchor, this.#head));
    if (index >= 0) this.#remove(index);
  }

  // ------------------------------------------------------------- changes

  async #ask(span, current, anchor) {
    const labels = this.#allLabels().map((name, index) => ({ name, hue: hue(index) }));
    const answer = await pickLabel({ span, labels, current, anchor });
    getSelection().removeAllRanges();
    this.#touched = null;
    return answer;
  }

  async #add({ start, end }) {
    const text = this.points.slice(start, end);
    const same = this.entities.findIndex(one => one.start === start && one.end === end);
    if (same >= 0) return this.#relabel(same);
    const answer = await this.#ask(text, null, this.#drawing.range(start, end).getBoundingClientRect());
    if (!answer) return this.#move(end);
    this.#put({ start, end, label: answer.label, text });
  }

  async #relabel(index) {
    const { start, end, label, text } = this.entities[index];
    const answer = await this.#ask(text, label, this.#drawing.mark(index).getBoundingClientRect());
    if (answer?.remove) this.#remove(index);
    else if (answer && answer.label !== label) this.#put({ start, end, label: answer.label, text });
    else this.#focusEntity(index);
  }

  #put(entity) {
    const { start, end, label, text } = entity;
    const replaced = this.entities.filter(
      one => one.start < end && start < one.end && (one.start !== start || one.end !== end),
    );
    change(this.document, { entities: withEntity(this.entities, entity) });
    this.#hidden.delete(label);
    this.show();
    this.#focusEntity(this.entities.indexOf(entity));
    announce(words().added(label, text) + (replaced.length ? words().replaced(replaced.map(one => one.text)) : ""));
  }

  #remove(index) {
    const { start, label, text } = this.entities[index];
    change(this.document, { entities: withoutEntity(this.entities, index) });
    this.show();
    this.#move(start);
    announce(words().removed(label, text));
  }
}
