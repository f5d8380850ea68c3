// The document: finding and making elements, and what the browser remembers.

export const byId = id => document.getElementById(id);

/** An element with attributes, listeners (`onclick: function`), properties of style (`"--hue": 28`) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("--")) element.style.setProperty(name, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Says something to a screen reader, without a trace on the screen. */
export function announce(message) {
  byId("live").textContent = message;
}

const PREFIX = "paddle-ner.";

/** Keeps a string beyond this visit (`localStorage`) or for it (`sessionStorage`). Says whether that worked. */
export function remember(key, value, storage = "localStorage") {
  try {
    if (value === null) window[storage].removeItem(PREFIX + key);
    else window[storage].setItem(PREFIX + key, value);
    return true;
  } catch {
    return false; // switched off, or full
  }
}

/** What was kept under the key, or null. */
export function remembered(key, storage = "localStorage") {
  try {
    return window[storage].getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** Hands the user a file of JSON lines. */
export function save(name, lines) {
  const blob = new Blob(
    lines.map(line => line + "\n"),
    { type: "application/jsonl" },
  );
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}
