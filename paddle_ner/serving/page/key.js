// The dialog that asks for an API key.

import { whenKeyNeeded } from "./api.js";
import { byId, focused } from "./element.js";
import { words } from "./language.js";

/**
 * @param {boolean} refused whether the key that was sent is not accepted
 * @returns {Promise<string | null>}
 */
function askUser(refused) {
  const dialog = byId("key-dialog");
  byId("key-refused").textContent = refused ? words().keyWrong : "";
  byId("key").value = "";
  const returnTo = focused();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener(
      "close",
      () => {
        returnTo?.focus();
        // A header holds no other characters: a key is what stands between the spaces around a paste.
        const key = byId("key").value.trim();
        byId("key").value = "";
        resolve(dialog.returnValue === "use" && /^[\x21-\x7e]+$/.test(key) ? key : null);
      },
      { once: true },
    );
  });
}

export function startKey() {
  byId("key-form").addEventListener("submit", event => {
    event.preventDefault();
    if (byId("key").value.trim()) byId("key-dialog").close("use");
  });
  byId("key-close").addEventListener("click", () => byId("key-dialog").close(""));
  whenKeyNeeded(askUser);
}
