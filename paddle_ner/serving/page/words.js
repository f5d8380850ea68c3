// What the page says, in both languages.

import { CHINESE } from "./chinese.js";
import { ENGLISH } from "./english.js";

/**
 * What is the same whenever it is said.
 *
 * @typedef {"answer" | "cancel" | "cancelled" | "chooseFile" | "classHint" | "classesHint" | "close" | "column" | "copied" |
 *   "copy" | "corrected" | "corrections" | "correctionsDownload" | "correctionsNote" | "docs" | "download" |
 *   "dropHere" | "empty" | "encoding" | "failedModel" | "file" | "finished" | "fromTerms" | "go" | "goOn" | "header" | "hint" |
 *   "keep" | "kept" | "keyAsk" | "keyLabel" | "keyMissing" | "keyNote" | "keyTitle" | "keyUse" | "keyWrong" |
 *   "keys" | "labelled" | "loading" | "metrics" | "minScore" | "model" | "newLabel" | "next" | "noClass" | "none" |
 *   "noneChosen" | "notStored" | "note" | "offline" | "orDrop" | "other" | "placeholder" | "previous" |
 *   "rebuilding" | "redo" | "redone" | "remove" | "reset" | "review" | "statsLabel" | "stop" | "stopped" |
 *   "textLabel" | "theme" | "undo" | "undone" | "unreadable" | "use" | "wasReset" | "wrongModel"} Phrase
 */

/**
 * What is wrong with a file, or with a line of it, and the details that its message needs.
 *
 * @typedef {{
 *   "too-big": [megabytes: number],
 *   "utf16": [],
 *   "json-array": [],
 *   "no-texts": [],
 *   "encoding": [name: string],
 *   "json": [message: string],
 *   "object": [],
 *   "no-text": [keys: string],
 *   "text-kind": [],
 *   "id-kind": [],
 *   "text-empty": [],
 *   "surrogate": [],
 *   "text-long": [characters: number, most: number],
 *   "cells": [columns: number, expected: number],
 *   "unclosed": [],
 *   "after-quote": [],
 *   "too-large": [],
 *   "deadline": [],
 *   "refused": [detail: string],
 *   "failed": [],
 * }} FaultDetails
 */

/**
 * @typedef {{ [Name in keyof FaultDetails]: [name: Name, ...details: FaultDetails[Name]] }} Faults
 * @typedef {Faults[keyof Faults]} Fault
 */

/**
 * @typedef {(n: number) => string} OfCount
 * @typedef {(name: string) => string} OfName
 */

/**
 * Everything that the page says in a language. `tasks` are by the name of the task, `problems` by the slug of the server's
 * problem; both languages have the same, as tests/e2e/test_page_answers.py checks.
 *
 * @typedef {Record<Phrase, string> & {
 *   added: (label: string, span: string) => string,
 *   allClasses: OfCount,
 *   atLine: OfCount,
 *   bad: OfCount,
 *   blank: OfCount,
 *   characters: OfCount,
 *   chosen: OfName,
 *   classes: OfCount,
 *   columnName: (n: number, sample: string) => string,
 *   correctionCount: OfCount,
 *   entities: OfCount,
 *   example: OfName,
 *   faults: { [Name in keyof FaultDetails]: (...details: FaultDetails[Name]) => string },
 *   forget: OfName,
 *   label: OfCount,
 *   latency: (p50: string, p95: string) => string,
 *   left: OfName,
 *   minutes: OfCount,
 *   more: OfCount,
 *   open: OfName,
 *   picker: OfName,
 *   problems: Record<string, string>,
 *   progress: (done: number, all: number) => string,
 *   queued: OfCount,
 *   rate: OfName,
 *   rateNow: OfName,
 *   removed: (label: string, span: string) => string,
 *   replaced: (spans: string[]) => string,
 *   retry: OfCount,
 *   roundTrip: OfCount,
 *   seconds: OfCount,
 *   showType: OfName,
 *   started: OfName,
 *   tasks: Record<string, string>,
 *   texts: OfCount,
 *   tooLong: OfCount,
 *   waiting: OfCount,
 * }} Words
 */

/** @type {Record<"zh" | "en", Words>} */
export const WORDS = { zh: CHINESE, en: ENGLISH };
