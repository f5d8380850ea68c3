// The dialog that asks for the label of a span.

import { byId, make } from "./element.js";
import { meaning, words } from "./language.js";

const SHOWN = 60; // labels at once; typing finds the others
const MOST_CHARACTERS = 64; // of a label, as readers of canonical data take it

/**
 * Asks for a label. `labels` are [{name, hue}], `current` is the label now or null, `anchor` a rectangle of the window
 * to stand at. Resolves to {label}, {remove: true}, or null.
 */
export function pickLabel({ span, labels, current, anchor }) {
  const dialog = byId("picker");
  const input = make("input", {
    id: "picker-input",
    type: "text",
    maxlength: MOST_CHARACTERS,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: words().newLabel,
    "aria-label": words().newLabel,
  });
  const list = make("div", { class: "labels", role: "group", "aria-labelledby": "picker-title" });
  const shown = Array.from(span).length > 24 ? `${Array.from(span).slice(0, 23).join("")}…` : span;

  return new Promise(resolve => {
    const finish = answer => {
      dialog.close();
      resolve(answer);
    };
    const choose = name => finish({ label: name });

    function showLabels() {
      const asked = input.value.trim().toLowerCase();
      const found = labels.filter(({ name }) => name.toLowerCase().includes(asked) || meaning(name).includes(asked));
      list.replaceChildren(
        ...found.slice(0, SHOWN).map(({ name, hue }, index) =>
          make(
            "button",
            {
              type: "button",
              class: "label",
              "--hue": hue,
              "aria-pressed": String(name === current),
              onclick: () => choose(name),
            },
            make("b", {}, name),
            ...(meaning(name) ? [make("span", {}, meaning(name))] : []),
            ...(index < 9 && !asked ? [make("kbd", { "aria-hidden": "true" }, String(index + 1))] : []),
          ),
        ),
      );
    }

    input.addEventListener("input", showLabels);
    const form = make("form", { class: "new" }, input, make("button", { class: "small" }, words().use));
    form.addEventListener("submit", event => {
      event.preventDefault();
      if (input.value.trim()) choose(input.value.trim());
    });
    const remove = make(
      "button",
      { type: "button", class: "small bad", onclick: () => finish({ remove: true }) },
      words().remove,
    );
    const close = make(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": words().close,
        title: words().close,
        onclick: () => finish(null),
      },
      "×",
    );
    showLabels();
    dialog.replaceChildren(
      make("header", {}, make("h2", { id: "picker-title", lang: "zh-CN" }, words().picker(shown)), close),
      list,
      form,
      ...(current === null ? [] : [remove]),
    );

    dialog.onkeydown = event => {
      const buttons = [...list.children];
      const at = buttons.indexOf(document.activeElement);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const typing = document.activeElement === input;
      if (step && buttons.length && !(typing && event.key.match(/Left|Right/))) {
        const next = at < 0 ? (step > 0 ? 0 : -1) : (at + step) % buttons.length;
        buttons.at(next).focus();
      } else if (!typing && !input.value && /^[1-9]$/.test(event.key) && labels[event.key - 1]) {
        choose(labels[event.key - 1].name);
      } else if (!typing && event.key === "Delete" && current !== null) {
        finish({ remove: true });
      } else {
        return;
      }
      event.preventDefault();
    };
    dialog.onclick = event => {
      if (event.target === dialog) finish(null); // the backdrop
    };
    dialog.oncancel = event => {
      event.preventDefault(); // Escape: closed here first, so that the focus can go back into the page
      finish(null);
    };
    dialog.onclose = () => resolve(null); // closed in any other way
    dialog.showModal();
    placeAt(dialog, anchor);
    (list.querySelector("[aria-pressed=true]") ?? list.querySelector("button") ?? input).focus();
  });
}

function placeAt(dialog, anchor) {
  const { width, height } = dialog.getBoundingClientRect();
  const margin = 8;
  const below = anchor.bottom + margin + height < innerHeight;
  const top = below ? anchor.bottom + margin : Math.max(margin, anchor.top - margin - height);
  dialog.style.left = `${Math.max(margin, Math.min(anchor.left, innerWidth - width - margin))}px`;
  dialog.style.top = `${Math.min(top, innerHeight - height - margin)}px`;
}
