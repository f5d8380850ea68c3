// A file of texts: read, labelled by the chosen model, handed back as JSON lines.

import { problemLine, showDocument } from "./answer.js";
import { Problem } from "./api.js";
import { codePointLength } from "./codepoints.js";
import { openDocument } from "./corrections.js";
import { announce, byId, make, save } from "./element.js";
import { decode, FileFault, guessTable, kindOf, readJsonl, readTable, readTxt, withinLimit } from "./files.js";
import { Labelling } from "./labelling.js";
import { words } from "./language.js";
import { isReady, model } from "./models.js";

const SHOWN_FAULTS = 1000;

let file = null;
let table = null; // how a csv or tsv is meant
let reading = null; // {records, faults, blank}
let labelling = null;
let running = null; // AbortController of a run under way
let reviewed = -1; // the index of the record that is looked at
let message = ""; // what ended the last run
let readLimits;

export function startFiles(limits) {
  readLimits = limits;
  byId("choose-file").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", () => {
    if (byId("file").files.length) openFile(byId("file").files[0]);
    byId("file").value = "";
  });
  byId("file-close").addEventListener("click", closeFile);
  byId("file-start").addEventListener("click", start);
  byId("file-cancel").addEventListener("click", () => running?.abort());
  byId("file-download").addEventListener("click", download);
  byId("file-encoding").addEventListener("change", () => ((table = null), read()));
  byId("file-column").addEventListener("change", () => ((table.column = Number(byId("file-column").value)), read()));
  byId("file-header").addEventListener("change", () => ((table.header = byId("file-header").checked), read()));
  byId("file-previous").addEventListener("click", () => review(-1));
  byId("file-next").addEventListener("click", () => review(1));
  startDropping();
}

function startDropping() {
  const holdsFile = event => event.dataTransfer?.types.includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
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
    if (event.dataTransfer.files.length) openFile(event.dataTransfer.files[0]);
  });
  addEventListener("beforeunload", event => running && event.preventDefault());
}

async function openFile(chosen) {
  running?.abort();
  file = chosen;
  table = null;
  byId("file-encoding").value = "utf-8";
  byId("file-card").hidden = false;
  await read();
  byId("file-card").scrollIntoView({ block: "nearest" });
  (byId("file-start").disabled ? byId("file-close") : byId("file-start")).focus();
  const bad = reading.faults.length ? words().bad(reading.faults.length) : "";
  announce([`${file.name}: ${byId("file-summary").textContent}`, bad, message].filter(Boolean).join(" · "));
}

function closeFile() {
  running?.abort();
  file = reading = labelling = table = null;
  byId("file-card").hidden = true;
  byId("choose-file").focus();
}

/** Reads the file as the choices say. */
async function read() {
  running?.abort();
  labelling = null;
  reviewed = -1;
  message = "";
  const mine = file;
  const encoding = byId("file-encoding").value;
  try {
    const decoded = await decode(mine, encoding);
    const limits = await readLimits();
    if (file !== mine) return;
    const kind = kindOf(mine.name, decoded.content);
    if (kind === "csv" || kind === "tsv") table ??= guessTable(decoded.content, kind);
    const read = { txt: readTxt, jsonl: readJsonl }[kind];
    const found = read ? read(decoded, encoding) : readTable(decoded, table, encoding);
    reading = withinLimit(found, limits.characters, codePointLength);
    if (!reading.records.length && !reading.faults.length) throw new FileFault("no-texts");
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    reading = { records: [], faults: [], blank: 0 };
    message = words().faults[error.message](...error.fault.slice(1));
  }
  showFile();
}

// ------------------------------------------------------------------- labelling

async function start() {
  if (!isReady()) return say(words().wrongModel);
  const { name } = model();
  if (labelling?.model !== name || labelling.finished) labelling = null; // another model labels all anew
  if (!labelling) reviewed = -1;
  labelling ??= new Labelling(reading.records, name, await readLimits(), {
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
    if (error.name === "AbortError") said = words().cancelled;
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
  const base = file.name.replace(/\.[^.]*$/, "");
  save(
    `${base}.${labelling.model}.jsonl`,
    labelling.lines.filter(line => line !== undefined),
  );
}

/** The next labelled record, or the one before, among those that are labelled; -1 or the end where there is none. */
function neighbour(by) {
  let at = reviewed + by;
  while (at >= 0 && at < labelling.lines.length && labelling.lines[at] === undefined) at += by;
  return at;
}

/** Shows the result of a record where it can be put right. */
function review(by) {
  reviewed = neighbour(by);
  const prediction = JSON.parse(labelling.lines[reviewed]);
  byId("text").value = prediction.text;
  byId("text").dispatchEvent(new Event("input"));
  showDocument(openDocument(labelling.model, prediction));
  showReview();
  announce(byId("file-at").textContent);
}

function showReview() {
  const isOpen = !running && labelling?.model === model()?.name && labelling.lines.some(line => line !== undefined);
  byId("file-review").hidden = !isOpen;
  if (!isOpen) return;
  const held = document.activeElement;
  byId("file-at").textContent =
    reviewed < 0
      ? words().review
      : `${words().atLine(labelling.records[reviewed].line)} · ${words().progress(reviewed + 1, labelling.records.length)}`;
  byId("file-previous").disabled = reviewed < 0 || neighbour(-1) < 0;
  byId("file-next").disabled = neighbour(1) >= labelling.lines.length;
  if (held === byId("file-next") && held.disabled) byId("file-previous").focus();
  if (held === byId("file-previous") && held.disabled) byId("file-next").focus();
}

// ------------------------------------------------------------------- showing

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
  const goesOn = labelling && !labelling.finished && labelling.model === model()?.name;
  byId("file-start").hidden = Boolean(running) || (labelling?.finished && labelling.model === model()?.name);
  byId("file-start").disabled = !reading.records.length || !isReady();
  byId("file-start").textContent = goesOn
    ? `${words().goOn} (${rest.toLocaleString("en")})`
    : words().label(reading.records.length);
  byId("file-cancel").hidden = !running;
  byId("file-download").hidden = Boolean(running) || !labelling?.lines.some(line => line !== undefined);
  for (const id of ["file-encoding", "file-column", "file-header"]) byId(id).disabled = Boolean(running);
  byId("file-run").hidden = !labelling;
  showReview();
  showProgress();
  say(message);
}

function showTable() {
  byId("file-table").hidden = !table;
  if (!table) return;
  byId("file-header").checked = table.header;
  byId("file-column").replaceChildren(
    ...table.names.map((name, index) => {
      const short = Array.from(name).slice(0, 16).join("");
      return make("option", { value: index }, table.header && name ? short : words().columnName(index + 1, short));
    }),
  );
  byId("file-column").value = table.column;
}

function showFaults(faults) {
  byId("file-faults").hidden = !faults.length;
  byId("file-faults-title").textContent = words().bad(faults.length);
  const items = faults
    .slice(0, SHOWN_FAULTS)
    .map(({ line, fault: [name, ...details] }) =>
      make("li", {}, make("b", {}, words().atLine(line)), " ", words().faults[name](...details)),
    );
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
    parts.push(words().rate(rate < 10 ? rate.toFixed(1) : Math.round(rate)));
    if (done < records.length)
      parts.push(words().left(left < 90 ? words().seconds(Math.ceil(left)) : words().minutes(Math.ceil(left / 60))));
  }
  byId("file-numbers").textContent = parts.join(" · ");
  if (running) say("");
}
