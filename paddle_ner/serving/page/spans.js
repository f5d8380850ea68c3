// Entities of one text, as values, in order of their start. Nothing here draws.

/**
 * A span in code points, end-exclusive.
 *
 * @typedef {{ start: number, end: number }} Span
 */

/**
 * `score` is the model's; an entity that a list of terms gave has a `source` instead.
 *
 * @typedef {Span & { label: string, text: string, score?: number, source?: "terms" }} Entity
 */

/**
 * A part of an entity for an element that must nest; `index` is the entity's in its list, `height` how many levels of
 * pieces it holds, and the `last` piece of an entity carries its label.
 *
 * @typedef {Span & { index: number, last: boolean, children: Piece[], height: number }} Piece
 */

/**
 * Sorts by start, the longer span first.
 *
 * @param {Span} one
 * @param {Span} other
 */
const byPlace = (one, other) => one.start - other.start || other.end - one.end;

/**
 * Whether two lists name the same spans with the same labels.
 *
 * @param {Entity[]} entities
 * @param {Entity[]} others
 */
export function sameEntities(entities, others) {
  return (
    entities.length === others.length &&
    entities.every((one, index) => {
      const other = others[index];
      return one.start === other.start && one.end === other.end && one.label === other.label;
    })
  );
}

/**
 * The list with one more entity, which replaces those that it overlaps: canonical data is flat, and a wrong border is
 * corrected by selecting the right span. Where entities may be `overlapping`, it replaces those of its own span only.
 *
 * @param {Entity[]} entities
 * @param {Entity} added
 * @param {boolean} overlapping
 */
export function withEntity(entities, added, overlapping) {
  const apart = entities.filter(one =>
    overlapping ? one.start !== added.start || one.end !== added.end : one.end <= added.start || added.end <= one.start,
  );
  return [...apart, added].sort(byPlace);
}

/**
 * The list without the entity at an index.
 *
 * @param {Entity[]} entities
 * @param {number} index
 */
export function withoutEntity(entities, index) {
  return entities.filter((_, at) => at !== index);
}

/**
 * The index of the innermost entity that an offset is in, or -1.
 *
 * @param {Entity[]} entities
 * @param {number} offset
 */
export function entityAt(entities, offset) {
  let found = -1;
  entities.forEach((one, index) => {
    if (
      one.start <= offset &&
      offset < one.end &&
      (found < 0 || one.end - one.start <= entities[found].end - entities[found].start)
    ) {
      found = index;
    }
  });
  return found;
}

/**
 * The entities as a tree of pieces, for elements that must nest. An entity that begins in another and ends after it is
 * cut in two pieces.
 *
 * @param {Entity[]} entities
 */
export function nest(entities) {
  /** @type {Piece[]} */
  const queue = entities
    .map(({ start, end }, index) => ({ index, start, end, last: true, children: [], height: 0 }))
    .sort(byPlace);
  /** @type {Piece[]} */
  const roots = [];
  /** @type {Piece[]} */
  const open = [];
  for (let at = 0; at < queue.length; at++) {
    const piece = queue[at];
    while ((open.at(-1)?.end ?? Infinity) <= piece.start) open.pop();
    const outer = open.at(-1);
    if (outer && piece.end > outer.end) {
      const rest = { ...piece, start: outer.end, children: [] };
      piece.end = outer.end;
      piece.last = false;
      let place = at + 1;
      while (place < queue.length && byPlace(queue[place], rest) <= 0) place++;
      queue.splice(place, 0, rest);
    }
    (outer ? outer.children : roots).push(piece);
    open.push(piece);
    for (const [depth, around] of open.slice(0, -1).reverse().entries())
      around.height = Math.max(around.height, depth + 1);
  }
  return roots;
}
