// The least score of the entities that the page asks for: the server's own until the user chooses one.

import { byId } from "./element.js";
import { percent } from "./language.js";
import { model } from "./models.js";

const OTHERS = "*"; // stands for the types that are not named
/** @type {number | undefined} */
let chosen;

const findsEntities = () => model()?.task === "ner";

/** What a request asks for; undefined leaves it to the server. */
export const minScore = () => (findsEntities() ? chosen : undefined);

/**
 * Calls back once the user has chosen.
 *
 * @param {() => void} onChosen
 */
export function startMinScore(onChosen) {
  byId("min-score").addEventListener("input", () => {
    chosen = Number(byId("min-score").value);
    showMinScore();
  });
  byId("min-score").addEventListener("change", onChosen);
}

/** Shows the score that holds; for models that give classes there is none. */
export function showMinScore() {
  byId("min-score-row").hidden = !findsEntities();
  const scores = chosen === undefined ? (model()?.min_score ?? {}) : { [OTHERS]: chosen };
  const { [OTHERS]: others = 0, ...types } = scores;
  const said = [percent(others), ...Object.entries(types).map(([label, score]) => `${label} ${percent(score)}`)];
  byId("min-score").value = String(others);
  byId("min-score").setAttribute("aria-valuetext", said.join(", "));
  byId("min-score-value").textContent = said.join(" · ");
}
