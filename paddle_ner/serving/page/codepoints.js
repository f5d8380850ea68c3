// Offsets of this project are code points. A JavaScript string counts UTF-16 units, of which 😀 and 𠮷 have two.

const SURROGATE = /[\ud800-\udfff]/;

/**
 * How many code points a string has.
 *
 * @param {string} text
 */
export function codePointLength(text) {
  if (!SURROGATE.test(text)) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** A text that is asked for by code points. */
export class CodePoints {
  /**
   * Where each code point begins in UTF-16 units, and the end; null where both counts are the same.
   *
   * @type {number[] | null}
   */
  #units = null;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    if (!SURROGATE.test(text)) return;
    let at = 0;
    this.#units = [at];
    for (const character of text) {
      at += character.length;
      this.#units.push(at);
    }
  }

  get length() {
    return this.#units ? this.#units.length - 1 : this.text.length;
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  slice(start, end = this.length) {
    return this.#units ? this.text.slice(this.#units[start], this.#units[end]) : this.text.slice(start, end);
  }

  /**
   * The span without white space at its ends.
   *
   * @param {number} start
   * @param {number} end
   */
  trim(start, end) {
    /** @param {number} at */
    const blank = at => !this.slice(at, at + 1).trim();
    while (start < end && blank(start)) start++;
    while (start < end && blank(end - 1)) end--;
    return { start, end };
  }
}
