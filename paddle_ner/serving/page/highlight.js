// A text drawn with its entities, and the way between places of the drawing and code points of the text.

import { make } from "./element.js";
import { percent, words } from "./language.js";
import { nest } from "./spans.js";

/** @import { CodePoints } from "./codepoints.js" */
/** @import { Entity, Piece, Span } from "./spans.js" */

/**
 * How a mark is drawn: `off` hides it, `name` is what a screen reader says.
 *
 * @typedef {{ hue: number | undefined, off: boolean, name: string }} Look
 * @typedef {Span & { node: Text }} DrawnText
 */

const WORD_JOINER = "\u2060"; // keeps a label on the line of its entity's last character
const SHORT = 8; // code points of an entity that is better moved to the next line than broken
const HUES = [258, 28, 155, 80, 315, 205, 120, 350, 180, 55, 285, 235];
const GOLDEN_ANGLE = 137.508;

/**
 * The hue of the label at an index of the model's labels: well apart for the first twelve, all different after.
 *
 * @param {number} index
 */
export const hue = index => HUES[index] ?? (index * GOLDEN_ANGLE) % 360;

/**
 * How sure the model is of an entity, or that it comes from a list of terms; empty for one that a person added.
 *
 * @param {Entity} entity
 */
export function origin({ score, source }) {
  if (source) return words().fromTerms;
  return score === undefined ? "" : percent(score);
}

/**
 * Draws into an element. Marks are buttons that the keyboard reaches by arrow (tabindex -1).
 *
 * @param {HTMLElement} container
 * @param {CodePoints} points
 * @param {Entity[]} entities
 * @param {(entity: Entity) => Look} look
 */
export function draw(container, points, entities, look) {
  /** @type {DrawnText[]} */
  const pieces = []; // in document order
  /** @type {HTMLElement[][]} */
  const marks = entities.map(() => []);
  let levels = 0;

  /**
   * @param {Node & ParentNode} parent
   * @param {number} start
   * @param {number} end
   */
  function put(parent, start, end) {
    if (start === end) return;
    const node = document.createTextNode(points.slice(start, end));
    pieces.push({ node, start, end });
    parent.append(node);
  }

  /**
   * @param {Node & ParentNode} parent
   * @param {Piece[]} children
   * @param {number} start
   * @param {number} end
   */
  function fill(parent, children, start, end) {
    let at = start;
    for (const piece of children) {
      put(parent, at, piece.start);
      parent.append(drawPiece(piece));
      at = piece.end;
    }
    put(parent, at, end);
  }

  /** @param {Piece} piece */
  function drawPiece(piece) {
    const entity = entities[piece.index];
    const { hue, off, name } = look(entity);
    const short = piece.end - piece.start <= SHORT && !entity.text.includes("\n");
    const mark = make("mark", {
      "--hue": hue,
      "--height": piece.height,
      "data-index": piece.index,
      role: "button",
      class: [off && "off", short && "short"].filter(Boolean).join(" ") || false,
      tabindex: "-1",
      "aria-label": name,
      "aria-haspopup": "dialog",
      title: [`${entity.label} ${entity.start}–${entity.end}`, origin(entity)].filter(Boolean).join(" · "),
    });
    levels = Math.max(levels, piece.height);
    fill(mark, piece.children, piece.start, piece.end);
    if (piece.last) {
      const from = origin(entity);
      mark.append(
        make("span", { class: "tag" }, WORD_JOINER + entity.label, ...(from ? [make("span", {}, from)] : [])),
      );
    }
    marks[piece.index].push(mark);
    return mark;
  }

  const fragment = document.createDocumentFragment();
  fill(fragment, nest(entities), 0, points.length);
  container.replaceChildren(fragment);
  container.style.setProperty("--levels", String(levels));
  return new Drawing(container, points, pieces, marks);
}

/** A text that is drawn: the way between its code points and the document. */
export class Drawing {
  #pieces;
  #marks;
  /** @type {Map<Node, DrawnText>} */
  #byNode;

  /**
   * @param {HTMLElement} container
   * @param {CodePoints} points
   * @param {DrawnText[]} pieces
   * @param {HTMLElement[][]} marks by entity
   */
  constructor(container, points, pieces, marks) {
    this.container = container;
    this.points = points;
    this.#pieces = pieces;
    this.#marks = marks;
    this.#byNode = new Map(pieces.map(piece => [piece.node, piece]));
  }

  /**
   * The element of an entity; where it is in several pieces the last, which carries the label.
   *
   * @param {number} index
   */
  mark(index) {
    return this.#marks[index]?.at(-1);
  }

  /**
   * The index of the entity that an element belongs to, or -1.
   *
   * @param {EventTarget | null} element
   */
  indexOf(element) {
    const mark = element instanceof Element ? element.closest("mark") : null;
    return mark && this.container.contains(mark) ? Number(mark.dataset.index) : -1;
  }

  /**
   * The code point that a place of the document stands before.
   *
   * @param {Node} node
   * @param {number} offset
   */
  offsetAt(node, offset) {
    const piece = this.#byNode.get(node);
    if (piece) return piece.start + Array.from(piece.node.data.slice(0, offset)).length;
    // In a label or between elements: the place of the first text that is not before it.
    const place = document.createRange();
    place.setStart(node, offset);
    const next = this.#pieces.find(one => place.comparePoint(one.node, 0) >= 0);
    return next ? next.start : this.points.length;
  }

  /**
   * The range of the document between two code points.
   *
   * @param {number} start
   * @param {number} end
   */
  range(start, end) {
    const range = document.createRange();
    const [first, last] = [this.#pieceAt(start, false), this.#pieceAt(end, true)];
    if (!first) return range;
    range.setStart(first.node, this.points.slice(first.start, start).length);
    range.setEnd(last.node, this.points.slice(last.start, end).length);
    return range;
  }

  /**
   * The piece that an offset is in; at a border the piece `before` it, or the piece behind it.
   *
   * @param {number} offset
   * @param {boolean} before
   */
  #pieceAt(offset, before) {
    let [low, high] = [0, this.#pieces.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { end } = this.#pieces[middle];
      if (end < offset || (end === offset && !before)) low = middle + 1;
      else high = middle;
    }
    return this.#pieces[low];
  }

  /** The span that the user selected, without white space at its ends; null where there is none in this text. */
  selected() {
    const selection = getSelection();
    if (!selection?.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(this.container)) return null;
    /** @param {Node | null} node */
    const inside = node => this.container.contains(node);
    if (!inside(selection.anchorNode) && !inside(selection.focusNode)) return null;
    const start = inside(range.startContainer) ? this.offsetAt(range.startContainer, range.startOffset) : 0;
    const end = inside(range.endContainer) ? this.offsetAt(range.endContainer, range.endOffset) : this.points.length;
    const span = this.points.trim(start, end);
    return span.start < span.end ? span : null;
  }
}
