// A file of texts: read, labelled by the chosen model, handed back as JSON lines.

import { problemLine, showDocument } from "./answer.js";
import { isAbort, Problem } from "./api.js";
import { codePointLength } from "./codepoints.js";
import { openDocument } from "./corrections.js";
import { announce, byId, make, save } from "./element.js";
import { decode, FileFault, kindOf, readJsonl, readTxt, withinLimit } from "./files.js";
import { Labelling } from "./labelling.js";
import { faultLine, words } from "./language.js";
import { minScore } from "./minscore.js";
import { isReady, model } from "./models.js";
import { guessTable, readTable } from "./tables.js";

/** @import { Limits, Prediction } from "./api.js" */
/** @import { Decoded, FaultyLine, FileKind, FileReading } from "./files.js" */
/** @import { Table } from "./tables.js" */

const SHOWN_FAULTS = 1000;
/** @type {FileReading} */
const NOTHING = { records: [], faults: [], blank: 0 };

/** @type {File | null} */
let file = null;
/** @type {Table | null} */
let table = null; // how a csv or tsv is meant
let reading = NOTHING;
/** @type {Labelling | null} */
let labelling = null;
/** @type {AbortController | null} */
let running = null; // of a run under way
let reviewed = -1; // the index of the record that is looked at
let message = ""; // what ended the last run
/** @type {() => Promise<Limits>} */
let readLimits;

/** @param {() => Promise<Limits>} limits */
export function startFiles(limits) {
  readLimits = limits;
  byId("choose-file").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", () => {
    const chosen = byId("file").files?.[0];
    if (chosen) openFile(chosen);
    byId("file").value = "";
  });
  byId("file-close").addEventListener("click", closeFile);
  byId("file-start").addEventListener("click", start);
  byId("file-cancel").addEventListener("click", () => running?.abort());
  byId("file-download").addEventListener("click", download);
  byId("file-encoding").addEventListener("change", () => readAs(null));
  byId("file-column").addEventListener("change", () => {
    if (table) readAs({ ...table, column: Number(byId("file-column").value) });
  });
  byId("file-header").addEventListener("change", () => {
    if (table) readAs({ ...table, header: byId("file-header").checked });
  });
  byId("file-previous").addEventListener("click", () => review(-1));
  byId("file-next").addEventListener("click", () => review(1));
  startDropping();
}

function startDropping() {
  /** @param {DragEvent} event */
  const holdsFile = event => event.dataTransfer?.types.includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
  /** @param {1 | -1 | 0} by */
  const mark = by => {
    depth = by === 0 ? 0 : depth + by;
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", event => holdsFile(event) && mark(1));
  addEventListener("dragleave", event => holdsFile(event) && mark(-1));
  addEventListener("dragover", event => holdsFile(event) && event.preventDefault());
  addEventListener("drop", event => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(0);
    const dropped = event.dataTransfer?.files[0];
    if (dropped) openFile(dropped);
  });
  addEventListener("beforeunload", event => running && event.preventDefault());
}

/** @param {File} chosen */
async function openFile(chosen) {
  running?.abort();
  file = chosen;
  table = null;
  byId("file-encoding").value = "utf-8";
  byId("file-card").hidden = false;
  await read();
  if (file !== chosen) return; // closed meanwhile, or another file is open
  byId("file-card").scrollIntoView({ block: "nearest" });
  (byId("file-start").disabled ? byId("file-close") : byId("file-start")).focus();
  const bad = reading.faults.length ? words().bad(reading.faults.length) : "";
  announce([`${chosen.name}: ${byId("file-summary").textContent}`, bad, message].filter(Boolean).join(" · "));
}

function closeFile() {
  running?.abort();
  file = null;
  reading = NOTHING;
  labelling = null;
  table = null;
  byId("file-card").hidden = true;
  byId("choose-file").focus();
}

/**
 * Reads the file again, as a table of another meaning; null has it guessed.
 *
 * @param {Table | null} meant
 */
function readAs(meant) {
  table = meant;
  read();
}

/** Reads the file as the choices say. */
async function read() {
  running?.abort();
  labelling = null;
  reviewed = -1;
  message = "";
  const mine = file;
  if (!mine) return;
  const encoding = byId("file-encoding").value;
  try {
    const decoded = await decode(mine, encoding);
    const limits = await readLimits();
    if (file !== mine) return;
    const kind = kindOf(mine.name, decoded.content);
    const whole = readKind(kind, decoded, encoding);
    reading = withinLimit(whole, limits.characters, codePointLength);
    if (!reading.records.length && !reading.faults.length) throw new FileFault("no-texts");
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    reading = NOTHING;
    message = faultLine(error.fault);
  }
  showFile();
}

/**
 * @param {FileKind} kind
 * @param {Decoded} decoded
 * @param {string} encoding
 */
function readKind(kind, decoded, encoding) {
  if (kind === "txt") return readTxt(decoded, encoding);
  if (kind === "jsonl") return readJsonl(decoded, encoding);
  table ??= guessTable(decoded.content, kind);
  return readTable(decoded, table, encoding);
}

// ------------------------------------------------------------------- labelling

/** Whether what is labelled so far is of the model and the least score that are chosen. */
const isOfChoice = () => labelling?.model === model()?.name && labelling?.minScore === minScore();

async function start() {
  const name = model()?.name;
  if (!file || name === undefined || !isReady()) return say(words().wrongModel);
  if (!isOfChoice() || labelling?.finished) labelling = null; // another choice labels all from the start
  if (!labelling) reviewed = -1;
  labelling ??= new Labelling(reading.records, name, minScore(), await readLimits(), {
    report: showProgress,
    wait: seconds => say(words().waiting(seconds)),
  });
  const mine = labelling;
  running = new AbortController();
  const { signal } = running;
  mine.started = { at: performance.now(), done: mine.done };
  message = "";
  announce(words().started(file.name));
  showFile();
  byId("file-cancel").focus();
  let said = words().finished;
  try {
    await mine.run(signal);
  } catch (error) {
    if (isAbort(error)) said = words().cancelled;
    else if (error instanceof Problem) said = `${words().stopped}：${problemLine(error)}`;
    else throw error;
  } finally {
    if (labelling === mine) {
      running = null;
      message = said;
      const held = byId("file-card").contains(document.activeElement);
      showFile();
      if (held) (byId("file-download").hidden ? byId("file-close") : byId("file-download")).focus();
      announce(message);
    }
  }
}

function download() {
  if (!file || !labelling) return;
  const base = file.name.replace(/\.[^.]*$/, "");
  save(
    `${base}.${labelling.model}.jsonl`,
    labelling.lines.filter(line => line !== undefined),
  );
}

/**
 * The next or the previous labelled record; -1 or the end where there is none.
 *
 * @param {(string | undefined)[]} lines
 * @param {1 | -1} by
 */
function neighbour(lines, by) {
  let at = reviewed + by;
  while (at >= 0 && at < lines.length && lines[at] === undefined) at += by;
  return at;
}

/**
 * Shows the result of a record where it can be corrected.
 *
 * @param {1 | -1} by
 */
function review(by) {
  if (!labelling) return;
  const at = neighbour(labelling.lines, by);
  const line = labelling.lines[at];
  if (line === undefined) return;
  reviewed = at;
  /** @type {Prediction} */
  const prediction = JSON.parse(line);
  byId("text").value = prediction.text;
  byId("text").dispatchEvent(new Event("input"));
  showDocument(openDocument(labelling.model, prediction));
  showReview();
  announce(byId("file-at").textContent);
}

function showReview() {
  const opened = !running && labelling?.model === model()?.name ? labelling : null;
  const isOpen = opened?.lines.some(line => line !== undefined) ?? false;
  byId("file-review").hidden = !isOpen;
  if (!opened || !isOpen) return;
  const { lines, records } = opened;
  const held = document.activeElement;
  byId("file-at").textContent =
    reviewed < 0
      ? words().review
      : `${words().atLine(records[reviewed].line)} · ${words().progress(reviewed + 1, records.length)}`;
  byId("file-previous").disabled = reviewed < 0 || neighbour(lines, -1) < 0;
  byId("file-next").disabled = neighbour(lines, 1) >= lines.length;
  if (held === byId("file-next") && byId("file-next").disabled) byId("file-previous").focus();
  if (held === byId("file-previous") && byId("file-previous").disabled) byId("file-next").focus();
}

// ------------------------------------------------------------------- showing

/** @param {string} line */
function say(line) {
  byId("file-message").textContent = line;
}

export function showFile() {
  if (!file) return;
  const faults = [...reading.faults, ...(labelling?.faults ?? [])].sort((one, other) => one.line - other.line);
  byId("file-name").textContent = file.name;
  byId("file-summary").textContent = [
    words().texts(reading.records.length),
    reading.blank && words().blank(reading.blank),
  ]
    .filter(Boolean)
    .join(" · ");
  showTable();
  showFaults(faults);
  const rest = reading.records.length - (labelling?.done ?? 0);
  const goesOn = labelling && !labelling.finished && isOfChoice();
  const isDone = labelling?.finished === true && isOfChoice();
  byId("file-start").hidden = Boolean(running) || isDone;
  byId("file-start").disabled = !reading.records.length || !isReady();
  byId("file-start").textContent = goesOn
    ? `${words().goOn} (${rest.toLocaleString("en")})`
    : words().label(reading.records.length);
  byId("file-cancel").hidden = !running;
  byId("file-download").hidden = Boolean(running) || !labelling?.lines.some(line => line !== undefined);
  for (const field of [byId("file-encoding"), byId("file-column"), byId("file-header")])
    field.disabled = Boolean(running);
  byId("file-run").hidden = !labelling;
  showReview();
  showProgress();
  say(message);
}

function showTable() {
  byId("file-table").hidden = !table;
  if (!table) return;
  const { header, names, column } = table;
  byId("file-header").checked = header;
  byId("file-column").replaceChildren(
    ...names.map((name, index) => {
      const short = Array.from(name).slice(0, 16).join("");
      return make("option", { value: index }, header && name ? short : words().columnName(index + 1, short));
    }),
  );
  byId("file-column").value = String(column);
}

/** @param {FaultyLine[]} faults */
function showFaults(faults) {
  byId("file-faults").hidden = !faults.length;
  byId("file-faults-title").textContent = words().bad(faults.length);
  const items = faults
    .slice(0, SHOWN_FAULTS)
    .map(({ line, fault }) => make("li", {}, make("b", {}, words().atLine(line)), " ", faultLine(fault)));
  if (faults.length > SHOWN_FAULTS) items.push(make("li", {}, words().more(faults.length - SHOWN_FAULTS)));
  byId("file-faults-list").replaceChildren(...items);
}

function showProgress() {
  if (!labelling) return;
  const { done, records, started } = labelling;
  byId("file-progress").max = Math.max(1, records.length);
  byId("file-progress").value = done;
  const seconds = (performance.now() - started.at) / 1000;
  const rate = (done - started.done) / seconds;
  const parts = [words().progress(done, records.length)];
  if (running && done > started.done && seconds > 0.5) {
    const left = (records.length - done) / rate;
    parts.push(words().rate(rate < 10 ? rate.toFixed(1) : String(Math.round(rate))));
    if (done < records.length)
      parts.push(words().left(left < 90 ? words().seconds(Math.ceil(left)) : words().minutes(Math.ceil(left / 60))));
  }
  byId("file-numbers").textContent = parts.join(" · ");
  if (running) say("");
}
