// Files of texts to records: {line, text, id?, meta?}, and faults {line, fault: [name, ...details]} for what is no record.
// Nothing is left out in silence: every line is a record, part of one, a fault, or counted as blank.

const TEXT_NAMES = [
  "text",
  "text_a",
  "sentence",
  "content",
  "query",
  "title",
  "review",
  "comment",
  "文本",
  "内容",
  "正文",
  "句子",
  "标题",
  "评论",
];
const OTHER_NAMES = ["id", "label", "labels", "class", "category", "target", "编号", "标签", "类别"];
const MOST_MEGABYTES = 200;
const SAMPLE_ROWS = 50;

/** A file that cannot be read at all. */
export class FileFault extends Error {
  constructor(...fault) {
    super(fault[0]);
    this.fault = fault;
  }
}

/** The kind of file: "txt", "csv", "tsv" or "jsonl", by its name, else by what it begins with. */
export function kindOf(name, content) {
  const suffix = name.toLowerCase().split(".").pop();
  const known = { txt: "txt", csv: "csv", tsv: "tsv", jsonl: "jsonl", ndjson: "jsonl", json: "jsonl" }[suffix];
  return known ?? (content.trimStart().startsWith("{") ? "jsonl" : "txt");
}

/** The text of a file, and the lines that are not valid in the encoding. Throws FileFault. */
export async function decode(file, encoding) {
  if (file.size > MOST_MEGABYTES * 1024 * 1024) throw new FileFault("too-big", MOST_MEGABYTES);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const mark = (bytes[0] << 8) | bytes[1];
  if (bytes.length > 1 && (mark === 0xfffe || mark === 0xfeff)) throw new FileFault("utf16");
  try {
    return { content: new TextDecoder(encoding, { fatal: true }).decode(bytes), undecoded: new Set() };
  } catch {
    return decodeLines(bytes, encoding);
  }
}

function decodeLines(bytes, encoding) {
  const undecoded = new Set();
  const first = new TextDecoder(encoding, { fatal: true }); // without the byte order mark, which only a file begins with
  const strict = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const lax = new TextDecoder(encoding);
  const lines = [];
  for (let start = 0; start <= bytes.length;) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    try {
      lines.push((start ? strict : first).decode(line));
    } catch {
      lines.push(lax.decode(line)); // never sent; it keeps the other lines in their place
      undecoded.add(lines.length);
    }
    start = end + 1;
  }
  return { content: lines.join("\n"), undecoded };
}

/** The lines, split at LF or CRLF alone, so that U+2028 and its like stay in the text. */
const linesOf = content => content.split("\n").map(line => (line.endsWith("\r") ? line.slice(0, -1) : line));

/** What is wrong with a text, as a fault, or null. */
function textFault(text) {
  if (!text.trim()) return ["text-empty"];
  return text.isWellFormed() ? null : ["surrogate"];
}

class Reading {
  constructor(undecoded, encoding) {
    this.undecoded = undecoded;
    this.encoding = encoding;
    this.records = [];
    this.faults = [];
    this.blank = 0;
  }

  fault(line, ...fault) {
    this.faults.push({ line, fault });
  }

  /** Whether one of the lines could not be decoded; says so. */
  isUndecoded(line, last = line) {
    if (!this.undecoded.size) return false;
    for (let one = line; one <= last; one++) {
      if (this.undecoded.has(one)) {
        this.fault(one, "encoding", this.encoding.toUpperCase());
        return true;
      }
    }
    return false;
  }

  add(record) {
    const fault = textFault(record.text);
    if (fault) this.fault(record.line, ...fault);
    else this.records.push(record);
  }
}

/** One text a line. */
export function readTxt({ content, undecoded }, encoding = "utf-8") {
  const reading = new Reading(undecoded, encoding);
  const lines = linesOf(content);
  if (lines.at(-1) === "") lines.pop(); // what stands behind the last line end is no line
  lines.forEach((text, index) => {
    if (reading.isUndecoded(index + 1)) return;
    if (text.trim()) reading.add({ line: index + 1, text });
    else reading.blank++;
  });
  return reading;
}

/** One JSON object a line, with "text"; "id" is kept, all else goes under "meta". */
export function readJsonl({ content, undecoded }, encoding = "utf-8") {
  if (content.trimStart().startsWith("[")) throw new FileFault("json-array");
  const reading = new Reading(undecoded, encoding);
  const lines = linesOf(content);
  if (lines.at(-1) === "") lines.pop();
  lines.forEach((line, index) => {
    const number = index + 1;
    if (reading.isUndecoded(number)) return;
    if (!line.trim()) return reading.blank++;
    let value;
    try {
      value = JSON.parse(line);
    } catch (error) {
      return reading.fault(number, "json", error.message);
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) return reading.fault(number, "object");
    if (!("text" in value)) return reading.fault(number, "no-text", Object.keys(value).join(", "));
    if (typeof value.text !== "string") return reading.fault(number, "text-kind");
    const { text, id, meta, ...rest } = value;
    if (id !== undefined && id !== null && typeof id !== "string" && !Number.isSafeInteger(id))
      return reading.fault(number, "id-kind");
    const kept = Object.keys(rest).length
      ? { ...(isObject(meta) ? meta : meta === undefined ? {} : { meta }), ...rest }
      : meta;
    reading.add({
      line: number,
      text,
      ...(id === undefined || id === null ? {} : { id }),
      ...(kept === undefined ? {} : { meta: kept }),
    });
  });
  return reading;
}

const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);

/** The rows of a table: {line, last, cells} or {line, fault}. In CSV a quoted cell may hold line ends and separators. */
export function* rowsOf(content, separator, quoted) {
  if (!quoted) {
    const lines = linesOf(content);
    if (lines.at(-1) === "") lines.pop();
    for (const [index, line] of lines.entries())
      yield { line: index + 1, last: index + 1, cells: line.split(separator) };
    return;
  }
  let at = 0;
  let line = 1;
  while (at < content.length) {
    const row = { line, last: line, cells: [] };
    for (let more = true; more;) {
      if (content[at] === '"') {
        const cell = [];
        for (;;) {
          const close = content.indexOf('"', at + 1);
          if (close < 0) {
            yield { line: row.line, fault: ["unclosed"] };
            return; // where the cell was meant to end cannot be told
          }
          cell.push(content.slice(at + 1, close));
          at = close + 1;
          if (content[at] !== '"') break;
          cell.push('"');
        }
        row.cells.push(cell.join(""));
        line += countLineEnds(row.cells.at(-1));
      } else {
        let end = at;
        while (end < content.length && content[end] !== separator && content[end] !== "\n") end++;
        const isLast = content[end] !== separator;
        const cell = content.slice(at, end);
        row.cells.push(isLast && cell.endsWith("\r") ? cell.slice(0, -1) : cell);
        at = end;
      }
      if (content[at] === "\r" && content[at + 1] === "\n") at++;
      more = content[at] === separator;
      if (more) at++;
      else if (at < content.length && content[at] !== "\n") {
        row.fault = ["after-quote"];
        at = content.indexOf("\n", at);
        if (at < 0) at = content.length;
      }
    }
    row.last = line;
    at++;
    line++;
    yield row;
  }
}

const countLineEnds = text => text.split("\n").length - 1;

/** How a table is likely meant: {separator, quoted, header, column, names, columns}; the user can say otherwise. */
export function guessTable(content, kind) {
  const quoted = kind === "csv";
  const first = content.slice(0, content.indexOf("\n") < 0 ? undefined : content.indexOf("\n")).replace(/"[^"]*"/g, "");
  const counts = [",", "\t", ";"].map(one => [first.split(one).length, one]);
  const separator = kind === "tsv" ? "\t" : counts.sort((one, other) => other[0] - one[0])[0][1];
  const rows = [];
  for (const row of rowsOf(content, separator, quoted)) {
    if (row.cells?.some(cell => cell.trim())) rows.push(row.cells);
    if (rows.length === SAMPLE_ROWS) break;
  }
  const names = (rows[0] ?? []).map(name => name.trim());
  const lower = names.map(name => name.toLowerCase());
  const header = lower.some(name => TEXT_NAMES.includes(name) || OTHER_NAMES.includes(name));
  const named = TEXT_NAMES.map(name => lower.indexOf(name)).find(index => index >= 0);
  const sample = rows.slice(header ? 1 : 0);
  const lengths = names.map((_, column) => sample.reduce((sum, cells) => sum + (cells[column]?.length ?? 0), 0));
  const longest = lengths.indexOf(Math.max(...lengths, 0));
  return { separator, quoted, header, column: named ?? Math.max(0, longest), names };
}

/** The texts of one column; a column named id is kept as such, the others of a header go under "meta". */
export function readTable({ content, undecoded }, { separator, quoted, header, column, names }, encoding = "utf-8") {
  const reading = new Reading(undecoded, encoding);
  const idColumn = header ? names.findIndex((name, index) => name.toLowerCase() === "id" && index !== column) : -1;
  let isHeader = header;
  for (const row of rowsOf(content, separator, quoted)) {
    if (reading.isUndecoded(row.line, row.last)) continue;
    if (row.fault) reading.fault(row.line, ...row.fault);
    else if (!row.cells.some(cell => cell.trim())) reading.blank++;
    else if (isHeader) isHeader = false;
    else if (row.cells.length !== names.length) reading.fault(row.line, "cells", row.cells.length, names.length);
    else {
      const id = idColumn >= 0 && row.cells[idColumn] ? { id: row.cells[idColumn] } : {};
      const rest = names
        .map((name, index) => [name, index])
        .filter(([name, index]) => name && index !== column && index !== idColumn);
      const meta =
        header && rest.length
          ? { meta: Object.fromEntries(rest.map(([name, index]) => [name, row.cells[index]])) }
          : {};
      reading.add({ line: row.line, text: row.cells[column], ...id, ...meta });
    }
  }
  return reading;
}

/** The reading without texts that are over the server's limit of characters, which are told as faults. */
export function withinLimit(reading, most, length) {
  const records = [];
  const faults = [...reading.faults];
  for (const record of reading.records) {
    const characters = record.text.length > most ? length(record.text) : 0;
    if (characters > most) faults.push({ line: record.line, fault: ["text-long", characters, most] });
    else records.push(record);
  }
  faults.sort((one, other) => one.line - other.line);
  return { records, faults, blank: reading.blank };
}
