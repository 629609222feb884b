// Names of sites over the picture. The nearest to the camera is laid out first, beside its dot; a name that would lie over another is
// left out, and stands at the pointer when that is at its dot.
const GAP = 2, ASIDE = 6, SEEN_BY = 8; // px: between names; of a name from its dot; of the pointer from a dot

/** Lay out names: `dots` [{ x, y, depth, width, height }] in px of a picture `wide` by `high`; for each its [left, top], or null. */
export function layOut(dots, wide, high) {
  const taken = [], places = dots.map(() => null);
  const order = dots.map((_, i) => i).filter(i => dots[i].depth <= 1 && dots[i].x >= 0 && dots[i].x <= wide && dots[i].y >= 0 && dots[i].y <= high);
  order.sort((a, b) => dots[a].depth - dots[b].depth);
  for (const i of order) {
    const { x, y, width: w, height: h } = dots[i];
    const tries = [[x + ASIDE, y - h / 2], [x - ASIDE - w, y - h / 2], [x - w / 2, y - ASIDE - h], [x - w / 2, y + ASIDE]];
    places[i] = tries.find(([l, t]) => l >= 0 && t >= 0 && l + w <= wide && t + h <= high &&
      !taken.some(b => l < b[2] + GAP && b[0] < l + w + GAP && t < b[3] + GAP && b[1] < t + h + GAP)) ?? null;
    if (places[i]) taken.push([places[i][0], places[i][1], places[i][0] + w, places[i][1] + h]);
  }
  return places;
}

export class SiteNames {
  /** layer: an element over the picture; view: the picture, over which the pointer moves. */
  constructor(layer, view) {
    Object.assign(this, { layer, sites: [], dots: [], tip: document.createElement('span') });
    this.tip.className = 'tip';
    view.addEventListener('pointermove', e => this.point(e.offsetX, e.offsetY));
    view.addEventListener('pointerleave', () => this.point(-1e9, 0));
  }

  /** Sites of a scene: each gets a `label` and a `dot`. */
  build(sites) {
    this.sites = sites.map(site => {
      const label = document.createElement('span'), dot = document.createElement('i');
      label.textContent = site.name;
      return { ...site, label, dot };
    });
    this.layer.replaceChildren(...this.sites.map(site => site.dot), ...this.sites.map(site => site.label), this.tip);
    this.sizes = null;
    this.tip.hidden = true;
    return this.sites;
  }

  /** Place them: `at(site)` gives [x, y, depth], of which a depth above 1 is behind the camera. */
  place(at, wide, high) {
    this.sizes ??= this.sites.map(({ label }) => { label.hidden = false; return [label.offsetWidth, label.offsetHeight]; });
    this.dots = this.sites.map((site, i) => { const [x, y, depth] = at(site); return { x, y, depth, width: this.sizes[i][0], height: this.sizes[i][1] }; });
    layOut(this.dots, wide, high).forEach((place, i) => {
      const { label, dot } = this.sites[i], { x, y, depth } = this.dots[i];
      label.hidden = !place;
      if (place) label.style.transform = `translate(${place[0]}px, ${place[1]}px)`;
      dot.hidden = depth > 1;
      dot.style.transform = `translate(${x}px, ${y}px)`;
    });
  }

  /** The pointer is there: the names of all dots at it. */
  point(x, y) {
    const near = this.layer.hidden ? [] : this.sites.filter((_, i) => this.dots[i]?.depth <= 1 && Math.hypot(this.dots[i].x - x, this.dots[i].y - y) <= SEEN_BY);
    this.tip.hidden = !near.length;
    this.tip.textContent = near.map(site => site.name).join('\n');
    this.tip.style.transform = `translate(${x + 12}px, ${y + 12}px)`;
  }
}
