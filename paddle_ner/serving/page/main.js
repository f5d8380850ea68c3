// The page: what starts, and what hears of what.

import { analyse, clearAnswer, countText, showAnswer, showBeneath, showWaiting, startUndo } from "./answer.js";
import { hasKey, readLimits } from "./api.js";
import { onCorrections, restoreCorrections } from "./corrections.js";
import { showCorrections, startCorrections } from "./correctionspanel.js";
import { byId, make, remember, remembered } from "./element.js";
import { showFile, startFiles } from "./filepanel.js";
import { startKey } from "./key.js";
import { onLanguage, speak, switchLanguage, words } from "./language.js";
import { showMinScore, startMinScore } from "./minscore.js";
import { model, onModels, readModels, showModel } from "./models.js";
import { showStats, startStats } from "./stats.js";

/** @import { Limits } from "./api.js" */

const SHORT = 10; // characters of an example on its button
/** @type {Limits | null} */
let limits = null;

/** The server's limits, read once; while they cannot be read, its answers say what is too much. */
async function knownLimits() {
  limits ??= await readLimits().catch(() => null);
  return limits ?? { texts: 64, characters: Infinity };
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (remembered("theme") ?? (dark.matches ? "dark" : "light")) === "dark";

function paint() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
}

function showExamples() {
  const { examples = [] } = model() ?? {};
  byId("examples").replaceChildren(
    ...examples.map(text =>
      make(
        "li",
        {},
        make(
          "button",
          {
            type: "button",
            class: "chip",
            title: text,
            lang: "zh-CN",
            "aria-label": words().example(text),
            onclick: () => {
              byId("text").value = text;
              countText(limits);
              analyse();
            },
          },
          `${Array.from(text).slice(0, SHORT).join("")}…`,
        ),
      ),
    ),
  );
}

function showAll() {
  showModel();
  showMinScore();
  showExamples();
  showWaiting();
  showFile();
  showCorrections();
  showStats();
  countText(limits);
  byId("metrics").hidden = hasKey(); // a link sends no key
}

function startAsking() {
  byId("form").addEventListener("submit", event => {
    event.preventDefault();
    analyse();
  });
  byId("text").addEventListener("input", () => countText(limits));
  byId("text").addEventListener("keydown", event => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!byId("go").disabled) analyse();
  });
  byId("model").addEventListener("change", () => {
    clearAnswer();
    showAll();
    if (byId("text").value) analyse();
  });
  byId("keys").textContent = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ ↵" : "Ctrl ↵";
}

dark.addEventListener("change", paint);
byId("theme").addEventListener("click", () => {
  remember("theme", isDark() ? "light" : "dark");
  paint();
});
byId("language").addEventListener("click", switchLanguage);
onLanguage(() => {
  showAnswer();
  showAll();
});
onModels(showAll);
onCorrections(() => {
  showBeneath();
  showCorrections();
});

paint();
startKey();
startAsking();
startMinScore(() => {
  showFile();
  analyse();
});
startUndo();
startFiles(knownLimits);
startCorrections();
restoreCorrections();
speak();
await readModels();
startStats();
await knownLimits();
countText(limits);
