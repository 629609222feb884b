// Marks on a line of time. None hides another: those that overlap stand in rows, which are flatter where there are many.
const LEAST = 1.5, HIGH = 12, LOW = 4, ALL = 60; // % of the line that a mark takes; px: a row's height at most and at least, all rows as long as they can

/** Place marks (n nodes) in their box; `times` has [from, to] [s] of each, `begin` and `end` [s] are those of the line. */
export function placeMarks(box, marks, times, begin, end) {
  const share = t => 100 * Math.min(Math.max((t - begin) / (end - begin || 1), 0), 1), taken = [], rows = [];
  const spans = times.map(([from, to]) => [Math.min(share(from), 100 - LEAST), share(to)]).map(([a, b]) => [a, Math.max(b, a + LEAST)]);
  const order = spans.map((_, i) => i).sort((i, k) => spans[i][0] - spans[k][0] || spans[k][1] - spans[i][1]);
  for (const i of order) {
    const free = taken.findIndex(till => till <= spans[i][0]);
    rows[i] = free < 0 ? taken.length : free;
    taken[rows[i]] = spans[i][1];
  }
  const high = Math.max(LOW, Math.min(HIGH, ALL / taken.length));
  marks.forEach((mark, i) => Object.assign(mark.style, {
    left: `${spans[i][0]}%`, width: `${Math.max(share(times[i][1]) - spans[i][0], 0)}%`, top: `${high * rows[i]}px`, height: `${high - 1}px`,
  }));
  box.style.height = `${high * taken.length}px`;
  box.replaceChildren(...marks);
}
