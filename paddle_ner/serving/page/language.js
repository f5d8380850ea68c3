// The language that the page speaks now.

import { byId, remember, remembered } from "./element.js";
import { MEANING } from "./meaning.js";
import { WORDS } from "./words.js";

let language = remembered("language") || ((navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en");
const listeners = [];

/** The words of the language. */
export const words = () => WORDS[language];

/** What a label means in the language; empty where it speaks for itself. */
export const meaning = label => (MEANING[label] || ["", ""])[language === "zh" ? 0 : 1];

/** Calls back now and whenever the language changes. */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** Says everything in the language: elements with data-say (text), data-name (accessible name), then the listeners. */
export function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = words()[element.dataset.say];
  for (const element of document.querySelectorAll("[data-name]")) {
    element.setAttribute("aria-label", words()[element.dataset.name]);
    element.title = words()[element.dataset.name];
  }
  for (const element of document.querySelectorAll("[data-placeholder]"))
    element.placeholder = words()[element.dataset.placeholder];
  byId("language").lang = language === "zh" ? "en" : "zh-CN";
  for (const listener of listeners) listener();
}

/** Changes to the other language. */
export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  remember("language", language);
  speak();
}

/** The probability as people read it. */
export function percent(score) {
  return (100 * score).toFixed(score < 0.995 && score >= 0.0995 ? 0 : 1).replace(/\.0$/, "") + "%";
}
