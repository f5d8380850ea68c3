// The language of the page.

import { byId, remember, remembered } from "./element.js";
import { MEANING } from "./meaning.js";
import { WORDS } from "./words.js";

/** @import { Faults, Phrase } from "./words.js" */

/** @type {"zh" | "en"} */
let language = initialLanguage();
/** @type {(() => void)[]} */
const listeners = [];

/** What was chosen before, else what the browser prefers. */
function initialLanguage() {
  const chosen = remembered("language") || (navigator.language || "zh").toLowerCase();
  return chosen.startsWith("zh") ? "zh" : "en";
}

/** The words of the language. */
export const words = () => WORDS[language];

/**
 * What is wrong, in the language.
 *
 * @template {keyof Faults} Name
 * @param {Faults[Name]} fault
 */
export function faultLine([name, ...details]) {
  return words().faults[name](...details);
}

/**
 * What a label means in the language; empty where it speaks for itself.
 *
 * @param {string} label
 */
export const meaning = label => (MEANING[label] || ["", ""])[language === "zh" ? 0 : 1];

/**
 * Calls back whenever the page is put into the language.
 *
 * @param {() => void} listener
 */
export function onLanguage(listener) {
  listeners.push(listener);
}

/**
 * What index.html names in an attribute; tests/e2e/test_page_elements.py checks that the name is a phrase.
 *
 * @param {string | undefined} name
 */
const phrase = name => words()[/** @type {Phrase} */ (name)];

/** @type {(selector: string) => NodeListOf<HTMLElement>} */
const all = selector => document.querySelectorAll(selector);

/** Puts the page into the language: elements with data-say (text), data-name (accessible name), then the listeners. */
export function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of all("[data-say]")) element.textContent = phrase(element.dataset.say);
  for (const element of all("[data-name]")) {
    element.setAttribute("aria-label", phrase(element.dataset.name));
    element.title = phrase(element.dataset.name);
  }
  byId("text").placeholder = phrase(byId("text").dataset.placeholder);
  byId("language").lang = language === "zh" ? "en" : "zh-CN";
  for (const listener of listeners) listener();
}

/** Changes to the other language. */
export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  remember("language", language);
  speak();
}

/**
 * A probability for people.
 *
 * @param {number} score
 */
export function percent(score) {
  return `${(100 * score).toFixed(score < 0.995 && score >= 0.0995 ? 0 : 1).replace(/\.0$/, "")}%`;
}
