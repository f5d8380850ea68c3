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

/** Shows the examples that the search and both filters leave, and how many they are. */
function filter() {
  if (!(search instanceof HTMLInputElement && kind instanceof HTMLSelectElement && label instanceof HTMLSelectElement))
    return;
  const wanted = search.value.trim().toLowerCase();
  let shown = 0;
  for (const example of all(".example")) {
    const { kinds = "", labels = "[]" } = example.dataset;
    const fits =
      (!wanted || (example.textContent ?? "").toLowerCase().includes(wanted)) &&
      (!kind.value || kinds.split(" ").includes(kind.value)) &&
      (!label.value || JSON.parse(labels).includes(label.value));
    example.hidden = !fits;
    shown += fits ? 1 : 0;
  }
  for (const count of all(".shown")) count.textContent = String(shown);
}

for (const element of [search, kind, label]) element?.addEventListener("input", filter);
