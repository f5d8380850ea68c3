// The document: finding and making elements, and what the browser remembers.

/**
 * The elements of index.html that the scripts use, by id. tests/e2e/test_page_elements.py holds it to the page.
 *
 * @typedef {{
 *   "answer": HTMLElement,
 *   "choose-file": HTMLButtonElement,
 *   "corrections": HTMLElement,
 *   "corrections-count": HTMLElement,
 *   "corrections-download": HTMLButtonElement,
 *   "corrections-list": HTMLUListElement,
 *   "corrections-lost": HTMLElement,
 *   "count": HTMLElement,
 *   "engine": HTMLElement,
 *   "examples": HTMLUListElement,
 *   "file": HTMLInputElement,
 *   "file-at": HTMLElement,
 *   "file-cancel": HTMLButtonElement,
 *   "file-card": HTMLElement,
 *   "file-close": HTMLButtonElement,
 *   "file-column": HTMLSelectElement,
 *   "file-download": HTMLButtonElement,
 *   "file-encoding": HTMLSelectElement,
 *   "file-faults": HTMLDetailsElement,
 *   "file-faults-list": HTMLUListElement,
 *   "file-faults-title": HTMLElement,
 *   "file-header": HTMLInputElement,
 *   "file-message": HTMLElement,
 *   "file-name": HTMLElement,
 *   "file-next": HTMLButtonElement,
 *   "file-numbers": HTMLElement,
 *   "file-previous": HTMLButtonElement,
 *   "file-progress": HTMLProgressElement,
 *   "file-review": HTMLElement,
 *   "file-run": HTMLElement,
 *   "file-start": HTMLButtonElement,
 *   "file-summary": HTMLElement,
 *   "file-table": HTMLElement,
 *   "form": HTMLFormElement,
 *   "go": HTMLButtonElement,
 *   "key": HTMLInputElement,
 *   "key-close": HTMLButtonElement,
 *   "key-dialog": HTMLDialogElement,
 *   "key-form": HTMLFormElement,
 *   "key-refused": HTMLElement,
 *   "keys": HTMLElement,
 *   "language": HTMLButtonElement,
 *   "live": HTMLElement,
 *   "metrics": HTMLAnchorElement,
 *   "min-score": HTMLInputElement,
 *   "min-score-row": HTMLElement,
 *   "min-score-value": HTMLOutputElement,
 *   "model": HTMLSelectElement,
 *   "model-label": HTMLLabelElement,
 *   "only": HTMLElement,
 *   "only-label": HTMLElement,
 *   "picker": HTMLDialogElement,
 *   "result": HTMLElement,
 *   "spark": SVGPolylineElement,
 *   "stats": HTMLElement,
 *   "stats-line": HTMLElement,
 *   "task": HTMLElement,
 *   "text": HTMLTextAreaElement,
 *   "theme": HTMLButtonElement,
 * }} PageElements
 */

/**
 * @template {keyof PageElements} Id
 * @param {Id} id
 */
export function byId(id) {
  /** @type {Element | null} */
  const element = document.getElementById(id);
  return /** @type {PageElements[Id]} */ (element);
}

/** The element that has the focus; null where it is none that could be given it back. */
export function focused() {
  const element = document.activeElement;
  return element instanceof HTMLElement ? element : null;
}

/**
 * An element with attributes, listeners (`onclick: function`), properties of style (`"--hue": 28`) and children.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | undefined | (() => unknown)>} attributes
 * @param {...(Node | string)} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice("on".length), value);
    else if (name.startsWith("--")) element.style.setProperty(name, String(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Says something to a screen reader, without a trace on the screen.
 *
 * @param {string} message
 */
export function announce(message) {
  byId("live").textContent = message;
}

const PREFIX = "paddle-ner.";

/**
 * Keeps a string beyond this visit (`localStorage`) or for it (`sessionStorage`). Says whether that worked.
 *
 * @param {string} key
 * @param {string | null} value
 * @param {"localStorage" | "sessionStorage"} storage
 */
export function remember(key, value, storage = "localStorage") {
  try {
    if (value === null) window[storage].removeItem(PREFIX + key);
    else window[storage].setItem(PREFIX + key, value);
    return true;
  } catch {
    return false; // switched off, or full
  }
}

/**
 * What was kept under the key, or null.
 *
 * @param {string} key
 * @param {"localStorage" | "sessionStorage"} storage
 */
export function remembered(key, storage = "localStorage") {
  try {
    return window[storage].getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/**
 * Hands the user a file of JSON lines.
 *
 * @param {string} name
 * @param {string[]} lines
 */
export function save(name, lines) {
  const blob = new Blob(
    lines.map(line => `${line}\n`),
    { type: "application/jsonl" },
  );
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}
