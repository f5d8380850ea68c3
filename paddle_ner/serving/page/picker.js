// The dialog that asks for the label of a span.

import { byId, focused, make } from "./element.js";
import { meaning, words } from "./language.js";

const SHOWN = 60; // labels at once; typing finds the others
const MOST_CHARACTERS = 64; // of a label, as readers of canonical data take it

/**
 * What the user chose: a label, or the entity's removal; null where the dialog was closed.
 *
 * @typedef {{ label: string, remove?: undefined } | { label?: undefined, remove: true } | null} Choice
 */

/** @type {Record<string, number | undefined>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * Asks for a label.
 *
 * @param {{
 *   span: string,
 *   labels: { name: string, hue: number }[],
 *   current: string | null,
 *   anchor: DOMRect,
 * }} question `current` is the label now; the dialog opens beside `anchor`, a rectangle of the window
 * @returns {Promise<Choice>}
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
    /** @param {Choice} answer */
    const finish = answer => {
      dialog.close();
      resolve(answer);
    };
    /** @param {string} name */
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
      const buttons = [...list.querySelectorAll("button")];
      const held = focused();
      const at = held instanceof HTMLButtonElement ? buttons.indexOf(held) : -1;
      const step = STEPS[event.key];
      const typing = held === input;
      if (step && buttons.length && !(typing && event.key.match(/Left|Right/))) {
        const next = at < 0 ? (step > 0 ? 0 : -1) : (at + step) % buttons.length;
        buttons.at(next)?.focus();
      } else if (!typing && !input.value && /^[1-9]$/.test(event.key) && labels[Number(event.key) - 1]) {
        choose(labels[Number(event.key) - 1].name);
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
    const buttons = [...list.querySelectorAll("button")];
    (buttons.find(button => button.getAttribute("aria-pressed") === "true") ?? buttons[0] ?? input).focus();
  });
}

/**
 * @param {HTMLElement} dialog
 * @param {DOMRect} anchor
 */
function placeAt(dialog, anchor) {
  const { width, height } = dialog.getBoundingClientRect();
  const margin = 8;
  const below = anchor.bottom + margin + height < innerHeight;
  const top = below ? anchor.bottom + margin : Math.max(margin, anchor.top - margin - height);
  dialog.style.left = `${Math.max(margin, Math.min(anchor.left, innerWidth - width - margin))}px`;
  dialog.style.top = `${Math.min(top, innerHeight - height - margin)}px`;
}
