// Tables of texts (csv, tsv): what their columns mean, and their rows.

import { linesOf, Reading } from "./files.js";

/** @import { Decoded } from "./files.js" */
/** @import { Fault } from "./words.js" */

/**
 * How a table is meant: `column` holds the texts, `names` are the cells of the first row. In a `quoted` table a cell in
 * quotes may hold line ends and separators.
 *
 * @typedef {{ separator: string, quoted: boolean, header: boolean, column: number, names: string[] }} Table
 */

/**
 * A row of a table, from `line` to `last`.
 *
 * @typedef {{ line: number, last: number, cells: string[], fault?: Fault }} Row
 */

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
const SAMPLE_ROWS = 50;

/**
 * The rows of a table. A row with a fault has the cells before it.
 *
 * @param {string} content
 * @param {string} separator
 * @param {boolean} quoted
 * @returns {Generator<Row, void>}
 */
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
    /** @type {Row} */
    const row = { line, last: line, cells: [] };
    for (let more = true; more; ) {
      if (content[at] === '"') {
        /** @type {string[]} */
        const cell = [];
        for (;;) {
          const close = content.indexOf('"', at + 1);
          if (close < 0) {
            yield { ...row, fault: ["unclosed"] };
            return; // where the cell was meant to end cannot be told
          }
          cell.push(content.slice(at + 1, close));
          at = close + 1;
          if (content[at] !== '"') break;
          cell.push('"');
        }
        const text = cell.join("");
        row.cells.push(text);
        line += countLineEnds(text);
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

/** @param {string} text */
const countLineEnds = text => text.split("\n").length - 1;

/**
 * How a table is likely meant; the user can say otherwise.
 *
 * @param {string} content
 * @param {"csv" | "tsv"} kind
 * @returns {Table}
 */
export function guessTable(content, kind) {
  const quoted = kind === "csv";
  const first = content.slice(0, content.indexOf("\n") < 0 ? undefined : content.indexOf("\n")).replace(/"[^"]*"/g, "");
  const counts = [",", "\t", ";"].map(separator => ({ separator, columns: first.split(separator).length }));
  const { separator } =
    kind === "tsv" ? { separator: "\t" } : counts.sort((one, other) => other.columns - one.columns)[0];
  /** @type {string[][]} */
  const rows = [];
  for (const row of rowsOf(content, separator, quoted)) {
    if (row.fault?.[0] !== "unclosed" && row.cells.some(cell => cell.trim())) rows.push(row.cells);
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

/**
 * The texts of one column; a column named id is kept as such, the others of a header go under "meta".
 *
 * @param {Decoded} decoded
 * @param {Table} table
 */
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
      const rest = [...names.entries()].filter(([index, name]) => name && index !== column && index !== idColumn);
      const meta =
        header && rest.length
          ? { meta: Object.fromEntries(rest.map(([index, name]) => [name, row.cells[index]])) }
          : {};
      reading.add({ line: row.line, text: row.cells[column], ...id, ...meta });
    }
  }
  return reading;
}
