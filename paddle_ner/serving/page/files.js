// Files of texts to records, and faults for what is no record. Nothing is left out in silence: every line is a record,
// part of a record, a fault, or counted as blank.

/** @import { Fault } from "./words.js" */

/**
 * @typedef {{ line: number, text: string, id?: string | number, meta?: unknown }} TextRecord
 * @typedef {{ line: number, fault: Fault }} FaultyLine
 * @typedef {{ records: TextRecord[], faults: FaultyLine[], blank: number }} FileReading
 */

/**
 * The text of a file; `undecoded` are the numbers of the lines that are not valid in the encoding.
 *
 * @typedef {{ content: string, undecoded: Set<number> }} Decoded
 */

const MOST_MEGABYTES = 200;

/** A file that cannot be read at all. */
export class FileFault extends Error {
  /** @param {Fault} fault */
  constructor(...fault) {
    super(fault[0]);
    this.fault = fault;
  }
}

/** @typedef {"txt" | "csv" | "tsv" | "jsonl"} FileKind */

/** @type {Map<string | undefined, FileKind>} */
const KINDS = new Map([
  ["txt", "txt"],
  ["csv", "csv"],
  ["tsv", "tsv"],
  ["jsonl", "jsonl"],
  ["ndjson", "jsonl"],
  ["json", "jsonl"],
]);

/**
 * The kind of file, by its name, else by what it begins with.
 *
 * @param {string} name
 * @param {string} content
 */
export function kindOf(name, content) {
  const suffix = name.toLowerCase().split(".").pop();
  return KINDS.get(suffix) ?? (content.trimStart().startsWith("{") ? "jsonl" : "txt");
}

/**
 * The text of a file. Throws FileFault.
 *
 * @param {File} file
 * @param {string} encoding
 * @returns {Promise<Decoded>}
 */
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

/**
 * @param {Uint8Array} bytes
 * @param {string} encoding
 * @returns {Decoded}
 */
function decodeLines(bytes, encoding) {
  /** @type {Set<number>} */
  const undecoded = new Set();
  const first = new TextDecoder(encoding, { fatal: true }); // without the byte order mark, which only a file begins with
  const strict = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const lax = new TextDecoder(encoding);
  /** @type {string[]} */
  const lines = [];
  for (let start = 0; start <= bytes.length; ) {
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

/**
 * The lines, split at LF or CRLF alone, so that U+2028 and its like stay in the text.
 *
 * @param {string} content
 */
export const linesOf = content => content.split("\n").map(line => (line.endsWith("\r") ? line.slice(0, -1) : line));

/**
 * What is wrong with a text, or null.
 *
 * @param {string} text
 * @returns {Fault | null}
 */
function textFault(text) {
  if (!text.trim()) return ["text-empty"];
  return text.isWellFormed() ? null : ["surrogate"];
}

/** What is read of a file, line by line. */
export class Reading {
  /**
   * @param {Set<number>} undecoded
   * @param {string} encoding
   */
  constructor(undecoded, encoding) {
    this.undecoded = undecoded;
    this.encoding = encoding;
    /** @type {TextRecord[]} */
    this.records = [];
    /** @type {FaultyLine[]} */
    this.faults = [];
    this.blank = 0;
  }

  /**
   * @param {number} line
   * @param {Fault} fault
   */
  fault(line, ...fault) {
    this.faults.push({ line, fault });
  }

  /**
   * Whether one of the lines could not be decoded; says so.
   *
   * @param {number} line
   * @param {number} last
   */
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

  /** @param {TextRecord} record */
  add(record) {
    const fault = textFault(record.text);
    if (fault) this.fault(record.line, ...fault);
    else this.records.push(record);
  }
}

/**
 * One text a line.
 *
 * @param {Decoded} decoded
 */
export function readTxt({ content, undecoded }, encoding = "utf-8") {
  const reading = new Reading(undecoded, encoding);
  const lines = linesOf(content);
  if (lines.at(-1) === "") lines.pop(); // what stands behind the last line end is no line
  for (const [index, text] of lines.entries()) {
    if (reading.isUndecoded(index + 1)) continue;
    if (text.trim()) reading.add({ line: index + 1, text });
    else reading.blank++;
  }
  return reading;
}

/**
 * One JSON object a line, with "text"; "id" is kept, all else goes under "meta".
 *
 * @param {Decoded} decoded
 */
export function readJsonl({ content, undecoded }, encoding = "utf-8") {
  if (content.trimStart().startsWith("[")) throw new FileFault("json-array");
  const reading = new Reading(undecoded, encoding);
  const lines = linesOf(content);
  if (lines.at(-1) === "") lines.pop();
  for (const [index, line] of lines.entries()) {
    if (reading.isUndecoded(index + 1)) continue;
    if (line.trim()) readObject(reading, index + 1, line);
    else reading.blank++;
  }
  return reading;
}

/**
 * @param {Reading} reading
 * @param {number} line
 * @param {string} json
 */
function readObject(reading, line, json) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return reading.fault(line, "json", error instanceof Error ? error.message : String(error));
  }
  if (!isObject(value)) return reading.fault(line, "object");
  if (!("text" in value)) return reading.fault(line, "no-text", Object.keys(value).join(", "));
  const { text, id, meta, ...rest } = value;
  if (typeof text !== "string") return reading.fault(line, "text-kind");
  /** @type {TextRecord} */
  const record = { line, text };
  if (typeof id === "string" || (typeof id === "number" && Number.isSafeInteger(id))) record.id = id;
  else if (id !== undefined && id !== null) return reading.fault(line, "id-kind");
  const kept = Object.keys(rest).length
    ? { ...(isObject(meta) ? meta : meta === undefined ? {} : { meta }), ...rest }
    : meta;
  if (kept !== undefined) record.meta = kept;
  reading.add(record);
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * The reading without texts that are over the server's limit of characters, which are told as faults.
 *
 * @param {FileReading} reading
 * @param {number} most
 * @param {(text: string) => number} length
 * @returns {FileReading}
 */
export function withinLimit(reading, most, length) {
  /** @type {TextRecord[]} */
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
