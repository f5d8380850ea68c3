// Language, theme and the list of examples of a page that stands alone in a file.

const root = document.documentElement;

/** @type {(selector: string) => HTMLElement[]} */
const all = selector => Array.from(document.querySelectorAll(selector));

/** @param {string} language */
function speak(language) {
  root.lang = language;
  for (const element of all("[data-en]")) {
    const words = element.dataset[language === "en" ? "en" : "zh"] ?? "";
    if (element instanceof HTMLInputElement) element.placeholder = words;
    else element.textContent = words;
    element.setAttribute("aria-label", words);
  }
}

for (const button of all("[data-act=language]"))
  button.addEventListener("click", () => speak(root.lang === "en" ? "zh-CN" : "en"));
for (const button of all("[data-act=theme]"))
  button.addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
speak((navigator.language || "en").toLowerCase().startsWith("zh") ? "zh-CN" : "en");

const search = document.querySelector("#search");
const kind = document.querySelector("#kind");
const label = document.querySelector("#label");
const more = document.querySelector("#more");
const STEP = 30; // examples that come at a time
let limit = STEP;

/** Shows the first examples that the search and both filters leave, and says how many those are. */
function filter() {
  if (
    !(search instanceof HTMLInputElement && kind instanceof HTMLSelectElement && label instanceof HTMLSelectElement) ||
    !(more instanceof HTMLButtonElement)
  )
    return;
  const wanted = search.value.trim().toLowerCase();
  let fitting = 0;
  for (const example of all(".example")) {
    const { kinds = "", labels = "[]" } = example.dataset;
    const fits =
      (!wanted || (example.textContent ?? "").toLowerCase().includes(wanted)) &&
      (!kind.value || kinds.split(" ").includes(kind.value)) &&
      (!label.value || JSON.parse(labels).includes(label.value));
    fitting += fits ? 1 : 0;
    example.hidden = !fits || fitting > limit;
  }
  more.hidden = fitting <= limit;
  for (const count of all(".shown")) count.textContent = String(Math.min(fitting, limit));
}

for (const element of [search, kind, label])
  element?.addEventListener("input", () => {
    limit = STEP;
    filter();
  });
more?.addEventListener("click", () => {
  limit += STEP;
  filter();
});
filter();
