// The list of corrected texts of the chosen model, and their download.

import { showAnswer, showDocument } from "./answer.js";
import { areStored, corrected, correctionLines, forget } from "./corrections.js";
import { byId, make, save } from "./element.js";
import { words } from "./language.js";
import { model } from "./models.js";

const SHOWN_CHARACTERS = 60;

export function startCorrections() {
  byId("corrections-download").addEventListener("click", () => {
    const name = model()?.name;
    if (name !== undefined) save(`corrections-${name}.jsonl`, correctionLines(name));
  });
}

export function showCorrections() {
  const documents = corrected(model()?.name);
  const card = byId("corrections");
  const list = byId("corrections-list");
  const held = list.contains(document.activeElement);
  card.hidden = !documents.length;
  byId("corrections-count").textContent = words().correctionCount(documents.length);
  byId("corrections-lost").textContent = areStored() ? "" : words().notStored;
  list.replaceChildren(
    ...documents.map(one => {
      const characters = Array.from(one.text);
      const short =
        characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join("")}…` : one.text;
      const open = () => {
        byId("text").value = one.text;
        byId("text").dispatchEvent(new Event("input"));
        showDocument(one);
        byId("answer").scrollIntoView({ block: "nearest" });
      };
      const remove = () => {
        forget(one);
        showAnswer();
      };
      return make(
        "li",
        {},
        make(
          "button",
          { type: "button", class: "open", lang: "zh-CN", "aria-label": words().open(short), onclick: open },
          short,
        ),
        make(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": words().forget(short),
            title: words().forget(short),
            onclick: remove,
          },
          "×",
        ),
      );
    }),
  );
  if (held) (list.querySelector("button") ?? byId("text")).focus();
}
