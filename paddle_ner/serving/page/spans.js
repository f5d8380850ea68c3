// Entities of one text, as values: {start, end, label, text, score?}, in order of their start. Nothing here draws.

const byPlace = (one, other) => one.start - other.start || other.end - one.end;

/** Whether two lists name the same spans with the same labels. */
export function sameEntities(some, others) {
  return (
    some.length === others.length &&
    some.every((one, index) => {
      const other = others[index];
      return one.start === other.start && one.end === other.end && one.label === other.label;
    })
  );
}

/**
 * The list with one more entity, in the place of those that it overlaps: canonical data is flat, and a wrong border is
 * put right by selecting the right span.
 */
export function withEntity(entities, added) {
  const apart = entities.filter(one => one.end <= added.start || added.end <= one.start);
  return [...apart, added].sort(byPlace);
}

/** The list without the entity at an index. */
export function withoutEntity(entities, index) {
  return entities.filter((_, at) => at !== index);
}

/** The index of the innermost entity that an offset is in, or -1. */
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
 * The entities as a tree of pieces {index, start, end, last, children, height}, for elements that must nest. An entity
 * that begins in another and ends after it is cut in two pieces; only the last carries the label.
 */
export function nest(entities) {
  const queue = entities
    .map(({ start, end }, index) => ({ index, start, end, last: true, children: [], height: 0 }))
    .sort(byPlace);
  const roots = [];
  const open = [];
  for (let at = 0; at < queue.length; at++) {
    const piece = queue[at];
    while (open.length && open.at(-1).end <= piece.start) open.pop();
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
    open
      .slice(0, -1)
      .reverse()
      .forEach((one, depth) => (one.height = Math.max(one.height, depth + 1)));
  }
  return roots;
}
