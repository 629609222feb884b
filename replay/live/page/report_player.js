// A take in a report: its film on a canvas, what was found as marks on its time, forces, and the command as a ghost.
import { Picture } from './picture.js';
import { placeMarks } from './marks.js';

/** The head and rows of a film (`live/film.py`). */
function read(buffer) {
  const length = new DataView(buffer).getUint32(0, true), bytes = new Uint8Array(buffer);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const n = head.t.length;
  const columns = k => { // differences by columns, low bytes before high ones
    const rows = Array.from({ length: n }, () => new Int16Array(k)), high = at + n * k;
    for (let c = 0, i = 0; c < k; c++) {
      let value = 0;
      for (let t = 0; t < n; t++, i++) {
        value = (value + (bytes[at + i] | bytes[high + i] << 8)) << 16 >> 16;
        rows[t][c] = value;
      }
    }
    at += 2 * n * k;
    return rows;
  };
  const film = { head, poses: columns(7 * head.bodies.length), ghosts: columns(7 * head.robot.length), soft: columns(3 * head.soft) };
  const contacts = new Int16Array(buffer.slice(at));
  let first = 0;
  film.forces = head.forces.map(count => Array.from({ length: count }, () => {
    const one = contacts.subarray(6 * first, 6 * ++first);
    return { pos: Array.from(one.subarray(0, 3), v => v * head.place), force: Array.from(one.subarray(3), v => v * head.force) };
  }));
  return film;
}

const make = (tag, more = {}, children = []) => { const node = Object.assign(document.createElement(tag), more); node.append(...children); return node; };

export function open(figure, buffer, meshes, words) {
  const film = read(buffer), { head } = film, count = head.t.length, begin = head.t[0], end = head.t.at(-1);
  const canvas = make('canvas', { tabIndex: 0 }), marks = make('div', { className: 'marks' });
  const line = make('input', { type: 'range', min: begin, max: end, step: 'any', value: begin });
  const button = make('button', { textContent: words.play }), clock = make('span', { className: 'clock' });
  const shade = make('input', { type: 'checkbox' }), list = make('ul', { className: 'found' });
  figure.replaceChildren(canvas, make('div', { className: 'line' }, [marks, line]),
    make('div', { className: 'keys' }, [button, clock, make('label', {}, [shade, ` ${words.ghost}`])]), list);
  const picture = new Picture(canvas), all = new Float32Array(7 * head.shapes.bodies.length + 3 * head.soft), ghost = new Float32Array(7 * head.shapes.bodies.length);
  const state = { picture, head, frame: 0, playing: false, aim: null };
  const width = figure.clientWidth || 900;
  picture.size(width, Math.round(0.55 * width));
  picture.takeMeshes(new DataView(meshes));
  picture.build(head.shapes);
  if (head.eye) picture.look(head.eye.pos, head.eye.target);

  const fill = (into, ids, row) => ids.forEach((id, k) => {
    for (let i = 0; i < 7; i++) into[7 * id + i] = row[7 * k + i] * (i < 3 ? head.place : 1 / 32767);
  });
  state.show = frame => {
    state.frame = frame;
    fill(all, head.bodies, film.poses[frame]);
    film.soft[frame].forEach((v, i) => { all[7 * head.shapes.bodies.length + i] = v * head.place; });
    picture.takeFrame(all);
    fill(ghost, head.robot, film.ghosts[frame]);
    picture.takeGhost(ghost, head.robot);
    picture.drawForces(film.forces[frame]);
    line.value = head.t[frame];
    clock.textContent = `${head.t[frame].toFixed(2)} s`;
  };
  const at = t => { // the frame nearest to a time
    let k = head.t.findIndex(one => one >= t);
    if (k < 0) k = count - 1;
    return k > 0 && t - head.t[k - 1] < head.t[k] - t ? k - 1 : k;
  };
  const play = on => { state.playing = on; button.textContent = on ? words.stop : words.play; state.from = null; };
  state.jump = i => { // to a finding's moment, and near its contact
    play(false);
    const found = head.findings[i];
    state.show(found.frame);
    if (found.point) { picture.aimAt(found.point); state.aim = found.point; }
  };
  button.onclick = () => { if (!state.playing && state.frame === count - 1) state.show(0); play(!state.playing); };
  line.oninput = () => { play(false); state.show(at(+line.value)); };
  shade.onchange = () => picture.show(picture.ghost, shade.checked);
  const timed = [];
  head.findings.forEach((found, i) => {
    const look = found.level === 'FAIL' ? 'bad' : '', when = found.t0 === null ? '' : `${found.t0.toFixed(2)} s `;
    const row = make('li', { className: look }, [make('button', { textContent: `${words.levels[found.level]} ${found.code} ${when}`, onclick: () => state.jump(i) }), ` ${found.text}`]);
    list.append(row);
    if (found.t0 === null) return;
    timed.push([make('i', { className: look, title: row.textContent, onclick: () => state.jump(i) }), [found.t0, found.t1 ?? found.t0]]);
  });
  placeMarks(marks, timed.map(one => one[0]), timed.map(one => one[1]), begin, end);
  const draw = now => {
    if (!canvas.isConnected) return;
    requestAnimationFrame(draw);
    if (state.playing) {
      state.from ??= now - 1e3 * (head.t[state.frame] - begin);
      const frame = at(Math.min(begin + (now - state.from) / 1e3, end));
      if (frame !== state.frame) state.show(frame);
      if (frame === count - 1) play(false);
    }
    const seen = canvas.getBoundingClientRect();
    if (seen.bottom < 0 || seen.top > innerHeight) return; // out of sight it is not drawn
    picture.orbit.update();
    picture.render();
  };
  state.show(0);
  requestAnimationFrame(draw);
  return state;
}
