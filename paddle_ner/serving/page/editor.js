// An answer with entities: drawn, and corrected by mouse, touch and keyboard.

import { CodePoints } from "./codepoints.js";
import { change } from "./corrections.js";
import { announce, focused, make } from "./element.js";
import { draw, hue, origin } from "./highlight.js";
import { meaning, words } from "./language.js";
import { pickLabel } from "./picker.js";
import { entityAt, withEntity, withoutEntity } from "./spans.js";

/** @import { LabelledText } from "./corrections.js" */
/** @import { Drawing } from "./highlight.js" */
/** @import { Entity, Span } from "./spans.js" */

const TOUCH_MILLISECONDS = 400; // how long the handles of a selection stand still before it is taken for done

/** The entities of a document in an element of the page. */
export class Editor {
  /** @type {Set<string>} */
  #hidden = new Set();
  #anchor = 0; // the caret's place, in code points, and where its selection began
  #head = 0;
  /** @type {Drawing} */
  #drawing;
  #touched = false; // whether the pointer that was used last is a finger
  #left = new AbortController(); // listeners on the whole page end with the answer

  /**
   * @param {LabelledText} document
   * @param {string[]} labels the model's own
   * @param {boolean} overlapping whether its entities may overlap
   */
  constructor(document, labels, overlapping) {
    this.document = document;
    this.labels = labels;
    this.overlapping = overlapping;
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
    this.page = make("div", { class: "page" }, this.text, this.caret);
    this.element = make("div", { class: "editor" }, this.legend, this.page);
    this.text.addEventListener("keydown", event => this.#onKey(event));
    this.text.addEventListener("click", event => this.#onClick(event));
    this.text.addEventListener("focusin", () => this.#showCaret());
    this.text.addEventListener("focusout", () => {
      this.caret.hidden = true;
    });
    this.text.addEventListener("pointerdown", event => this.#onPointerDown(event));
    this.#listenToSelections();
    this.#drawing = this.#draw();
  }

  #listenToSelections() {
    const { signal } = this.#left;
    /** @type {number | undefined} */
    let timer;
    const onPointerUp = () => setTimeout(() => this.#touched || this.#onSelected());
    const onChange = () => {
      clearTimeout(timer);
      if (this.#touched) timer = setTimeout(() => this.#onSelected(), TOUCH_MILLISECONDS);
    };
    window.document.addEventListener("pointerup", onPointerUp, { signal });
    window.document.addEventListener("selectionchange", onChange, { signal });
  }

  leave() {
    this.#left.abort();
  }

  get entities() {
    return this.document.current.entities ?? [];
  }

  /** The model's labels, then those that corrections brought. */
  #allLabels() {
    return [
      ...new Set([
        ...this.labels,
        ...this.entities.map(entity => entity.label),
        ...(this.document.predicted.entities ?? []).map(entity => entity.label),
      ]),
    ];
  }

  show() {
    const held = this.text.contains(window.document.activeElement);
    this.#drawing = this.#draw();
    if (held) this.text.focus({ preventScroll: true }); // the mark that had the focus is another now
  }

  #draw() {
    const labels = this.#allLabels();
    const hues = new Map(labels.map((label, index) => [label, hue(index)]));
    this.text.setAttribute("aria-label", words().labelled);
    this.#showLegend(hues);
    return draw(this.text, this.points, this.entities, entity => ({
      hue: hues.get(entity.label),
      off: this.#hidden.has(entity.label),
      name: [entity.text, entity.label, origin(entity)].filter(Boolean).join(", "),
    }));
  }

  /** @param {Map<string, number>} hues by label */
  #showLegend(hues) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { label } of this.entities) counts.set(label, (counts.get(label) ?? 0) + 1);
    const held = focused();
    const heldLabel = this.legend.contains(held) ? held?.dataset.label : undefined;
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
    if (heldLabel)
      [...this.legend.querySelectorAll("button")].find(button => button.dataset.label === heldLabel)?.focus();
  }

  /** @param {string} label */
  #toggle(label) {
    if (!this.#hidden.delete(label)) this.#hidden.add(label);
    this.show();
  }

  // ------------------------------------------------------------- mouse, touch

  /** @param {PointerEvent} event */
  #onPointerDown(event) {
    this.#touched = event.pointerType === "touch";
    // Chromium (seen in 156) selects no text by dragging inside of one element that can have the focus.
    const mark = event.target instanceof Element ? event.target.closest("mark") : null;
    mark?.removeAttribute("tabindex");
    const release = () => mark?.setAttribute("tabindex", "-1");
    for (const type of ["pointerup", "pointercancel"]) window.document.addEventListener(type, release, { once: true });
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const { isCollapsed, focusNode, focusOffset } = selection();
    if (!isCollapsed) return;
    const index = this.#drawing.indexOf(event.target);
    if (index >= 0 && !this.#hidden.has(this.entities[index].label)) this.#relabel(index);
    else if (focusNode && this.text.contains(focusNode)) this.#move(this.#drawing.offsetAt(focusNode, focusOffset));
  }

  #onSelected() {
    if (window.document.querySelector("dialog[open]")) return;
    const span = this.#drawing.selected();
    if (span) this.#add(span);
  }

  // ------------------------------------------------------------- keyboard

  /** @param {KeyboardEvent} event */
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

  /**
   * @param {1 | -1} by
   * @param {boolean} extend
   * @param {number} focused
   */
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

  /**
   * @param {number} to
   * @param {boolean} extend
   */
  #move(to, extend = false) {
    this.#head = Math.max(0, Math.min(this.points.length, to));
    if (!extend) this.#anchor = this.#head;
    if (window.document.activeElement !== this.text) this.text.focus({ preventScroll: true });
    const { startContainer: node, startOffset: offset } = this.#drawing.range(this.#head, this.#head);
    if (this.#anchor === this.#head) selection().collapse(node, offset);
    else {
      const range = this.#drawing.range(Math.min(this.#anchor, this.#head), Math.max(this.#anchor, this.#head));
      selection().removeAllRanges();
      selection().addRange(range);
      announce(range.toString().length ? this.#selection().text : "");
    }
    if (this.#anchor === this.#head)
      announce(this.points.slice(this.#head, Math.min(this.#head + 1, this.points.length)));
    this.#showCaret();
    this.caret.scrollIntoView({ block: "nearest" });
  }

  /**
   * On to the next entity in reading order, or to the previous one.
   *
   * @param {1 | -1} by
   * @param {number} focused
   */
  #hop(by, focused) {
    const at =
      focused >= 0
        ? focused + by
        : by > 0
          ? this.entities.findIndex(one => one.start >= this.#head)
          : this.entities.findLastIndex(one => one.end <= this.#head);
    this.#focusEntity(at);
  }

  /** @param {number} index */
  #focusEntity(index) {
    const mark = this.#drawing.mark(index);
    if (!mark) return;
    this.#anchor = this.#head = this.entities[index].start;
    selection().removeAllRanges();
    mark.focus();
  }

  #showCaret() {
    this.caret.hidden = window.document.activeElement !== this.text;
    if (this.caret.hidden) return;
    const range = this.#drawing.range(this.#head, this.#head);
    const place = range.getClientRects()[0] ?? range.getBoundingClientRect();
    const page = this.page.getBoundingClientRect();
    this.caret.style.left = `${place.left - page.left}px`;
    this.caret.style.top = `${place.top - page.top}px`;
    this.caret.style.height = `${place.height}px`;
  }

  #selection() {
    const { start, end } = this.points.trim(Math.min(this.#anchor, this.#head), Math.max(this.#anchor, this.#head));
    return { start, end, text: this.points.slice(start, end) };
  }

  /** @param {number} focused */
  #act(focused) {
    const span = this.#selection();
    const index = focused >= 0 ? focused : entityAt(this.entities, this.#head);
    if (focused < 0 && span.start < span.end) this.#add(span);
    else if (index >= 0) this.#relabel(index);
  }

  /** @param {number} focused */
  #removeHere(focused) {
    const index = focused >= 0 ? focused : entityAt(this.entities, Math.min(this.#anchor, this.#head));
    if (index >= 0) this.#remove(index);
  }

  // ------------------------------------------------------------- changes

  /**
   * @param {string} span
   * @param {string | null} current
   * @param {DOMRect} anchor
   */
  async #ask(span, current, anchor) {
    const labels = this.#allLabels().map((name, index) => ({ name, hue: hue(index) }));
    const answer = await pickLabel({ span, labels, current, anchor });
    selection().removeAllRanges();
    this.#touched = false;
    return answer;
  }

  /** @param {Span} span */
  async #add({ start, end }) {
    const text = this.points.slice(start, end);
    const same = this.entities.findIndex(one => one.start === start && one.end === end);
    if (same >= 0) return this.#relabel(same);
    const answer = await this.#ask(text, null, this.#drawing.range(start, end).getBoundingClientRect());
    if (answer?.label === undefined) return this.#move(end);
    this.#put({ start, end, label: answer.label, text });
  }

  /** @param {number} index */
  async #relabel(index) {
    const { start, end, label, text } = this.entities[index];
    const place = this.#drawing.mark(index) ?? this.text;
    const answer = await this.#ask(text, label, place.getBoundingClientRect());
    if (answer?.remove) this.#remove(index);
    else if (answer && answer.label !== label) this.#put({ start, end, label: answer.label, text });
    else this.#focusEntity(index);
  }

  /** @param {Entity} entity */
  #put(entity) {
    const { start, end, label, text } = entity;
    const before = this.entities;
    change(this.document, { entities: withEntity(before, entity, this.overlapping) });
    const replaced = before.filter(one => !this.entities.includes(one) && (one.start !== start || one.end !== end));
    this.#hidden.delete(label);
    this.show();
    this.#focusEntity(this.entities.indexOf(entity));
    announce(words().added(label, text) + (replaced.length ? words().replaced(replaced.map(one => one.text)) : ""));
  }

  /** @param {number} index */
  #remove(index) {
    const { start, label, text } = this.entities[index];
    change(this.document, { entities: withoutEntity(this.entities, index) });
    this.show();
    this.#move(start);
    announce(words().removed(label, text));
  }
}

/** The selection of the window, which only a frame without a document lacks. */
function selection() {
  const selected = getSelection();
  if (!selected) throw new TypeError("the window has no selection");
  return selected;
}
