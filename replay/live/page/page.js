// What is drawn, and what a person does to it. All that is known of the scene comes from the server; nothing is computed here.
import * as THREE from './three.module.min.js';
import { dead, finite, Seat, reader } from './headset.js';
import { Picture } from './picture.js';
import { SiteNames } from './site_names.js';
import { placeMarks } from './marks.js';

const $ = id => document.getElementById(id);
const state = Object.assign(new Picture($('view')), { mode: '', frames: 0, about: null });
window.shiliu = state; // looked at by tests
const { renderer, world, camera, orbit, helpers, ghost } = state;
const names = new SiteNames($('labels'), $('view'));
let say = {}; // the page's words, from the server
const status = (text, look = '') => Object.assign($('state'), { textContent: text, className: look });

function build(shapes) {
  state.build(shapes);
  state.sites = names.build(shapes.sites);
  if (renderer.xr.isPresenting) show('head', false); // the eyes are in it
}

const PLANS = 700; // ms without a frame while the operator plays: it plans

/** Hands and work in the picture, until the person has turned it. */
function lookAtWork() {
  if (!state.start || !state.width || state.turned || renderer.xr.isPresenting) return;
  state.fit(state.eye.ahead, state.eye.points);
  state.ridden = state.start; // the view is that of the draw as it begins
  if (stands()) state.rideWith(stands());
}
const stands = () => state.bodies[state.names.indexOf(state.stands)]; // the robot, where there is a scene
orbit.addEventListener('start', () => { state.turned = true; });

function takeFrame(view) {
  state.time = view.getFloat32(4, true);
  state.takeFrame(new Float32Array(view.buffer, 8));
  if (state.mode === 'teleop' && !renderer.xr.isPresenting && stands()) state.rideWith(stands());
  state.frames++;
  if (state.mode === 'studio' && state.plays) {
    state.plays = performance.now();
    status(`${state.time.toFixed(2)} s`);
  }
  if (state.mode === 'verdict') { $('time').value = state.time; status(`${state.time.toFixed(2)} s`); }
}
const bytes = [view => state.takeMeshes(view), takeFrame, view => state.takeGhost(new Float32Array(view.buffer, 8), state.take?.robot ?? [])];

function draw(time, frame) {
  const { clientWidth: width, clientHeight: height } = $('view'), inside = renderer.xr.isPresenting;
  if (state.plays && time - state.plays > PLANS) status(say.planning);
  if (inside) seated(time, frame);
  else orbit.update();
  if (!inside && (state.width !== width || state.height !== height)) {
    Object.assign(state, { width, height });
    state.size(width, height);
    lookAtWork();
  }
  const named = !inside && $('sites').checked, point = new THREE.Vector3(), fresh = named && (state.stale || $('labels').hidden);
  $('labels').hidden = !named;
  state.render(); // which brings all bodies to where they are
  if (fresh) names.place(site => {
    state.bodies[site.body].localToWorld(point.set(...site.pos)).project(camera);
    return [(point.x + 1) / 2 * width, (1 - point.y) / 2 * height, point.z];
  }, width, height);
}

// ---- what the server says ----
const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/socket`);
socket.binaryType = 'arraybuffer';
const ask = (what, more = {}) => socket.readyState === 1 && socket.send(JSON.stringify({ do: what, ...more }));
socket.onclose = () => { // what only changes the picture still works
  status(say.closed, 'bad');
  $('take').textContent = say.take ?? '';
  for (const one of document.querySelectorAll('aside :is(button, input, select)')) one.disabled = !['ghost', 'sites', 'spheres', 'at'].includes(one.id);
};
socket.onmessage = ({ data }) => {
  if (typeof data !== 'string') {
    const view = new DataView(data);
    bytes[view.getUint32(0, true) - 1]?.(view);
    return;
  }
  const message = JSON.parse(data);
  state[message.kind] = message;
  hear[message.kind]?.(message);
};

const list = (id, items, of) => $(id).replaceChildren(...items.map((item, i) => {
  const line = document.createElement('li');
  const [text, look] = [].concat(of(item, i));
  line.textContent = text;
  if (look) line.className = look;
  return line;
}));

const LOOKS = { FEASIBLE: 'good', PASS: 'good', INCONCLUSIVE: 'warn', WARN: 'warn', FAIL: 'bad', cleared: '' }; // all else is a refusal
const tag = (text, look) => Object.assign(document.createElement('span'), { textContent: text, className: `tag ${look}` });

function showValues(m, moved) {
  for (const input of $('sliders').querySelectorAll('input')) {
    if (input === moved) continue;
    input.value = m.values[input.dataset.key];
    input.nextSibling.textContent = input.say(m.values[input.dataset.key]);
  }
}

const hear = {
  mode(m) {
    Object.assign(state, { mode: m.mode, stands: m.stands });
    say = m.words;
    document.documentElement.lang = m.lang;
    for (const node of document.querySelectorAll('[data-say]')) node.textContent = say[node.dataset.say];
    $('keys').replaceChildren(...say.keys.split('\n').flatMap(row => {
      const [keys, what] = row.split(' | '), dt = document.createElement('dt'), dd = document.createElement('dd');
      dt.append(...keys.split(' ').flatMap(key => key === '+' ? [' + '] : [Object.assign(document.createElement('kbd'), { textContent: key })]));
      dd.textContent = what;
      return [dt, dd];
    }));
    $('takes').hidden = $('board').hidden = m.mode !== 'teleop';
    $('player').hidden = m.mode !== 'verdict';
    $('plays').hidden = m.mode === 'teleop';
    $('skill').hidden = $('restart').hidden = m.mode !== 'studio';
    for (const id of ['vary', 'places', 'asked']) $(id).hidden = m.mode !== 'studio';
    if (m.mode === 'teleop') beginTeleop();
  },
  shapes: build,
  problems(m) {
    $('wrong').hidden = !m.problems.length;
    document.body.classList.toggle('empty', !state.about && state.mode === 'studio');
    if (!state.about) status(say.waiting);
    list('problems', m.problems, line => line.split(' Known here:')[0]);
  },
  scene(m) {
    state.about = m;
    document.body.classList.remove('empty');
    $('fails').hidden = !m.nevers?.length;
    list('nevers', m.nevers ?? [], name => name);
    document.title = `${m.name} · shiliu`;
    $('title').textContent = m.title[document.documentElement.lang] || m.title.en || m.name;
    if (m.took !== undefined) status(`${say.shown}: ${m.took.toFixed(2)} s`);
    const chosen = $('part').value;
    $('part').replaceChildren(...(m.parts ?? []).map(name => new Option(name, name, false, name === chosen)));
    $('sliders').replaceChildren(...(m.sliders ?? []).map(s => {
      const label = document.createElement('label'), input = document.createElement('input'), shown = document.createElement('span');
      Object.assign(input, { type: 'range', min: s.low, max: s.high, step: 'any' });
      input.oninput = () => {
        shown.textContent = input.say(input.value);
        const end = [s.low, s.high].find(v => Math.abs(v - input.value) < 1e-9 * (s.high - s.low)); // a browser rounds at the fifteenth digit
        ask('value', { key: s.key, value: end ?? +input.value });
      };
      input.say = value => `${+(value / s.factor).toPrecision(4)} ${s.unit}`;
      input.dataset.key = s.key;
      label.append(s.key, input, shown);
      return label;
    }));
    if (state.values) hear.values(state.values);
  },
  values(m) {
    if ($('state').className === 'bad') status(''); // what was refused is past
    if (document.activeElement !== $('seed')) $('seed').value = m.seed ?? '';
    showValues(m, m.seed === null ? document.activeElement : null); // one that is being moved stays under the hand
  },
  eye(m) { // the scene's own view, once: then it is the person's
    if (m.points) {
      state.start = state.ridden;
      state.veil(m.veils);
      return lookAtWork();
    }
    if (!m.pos || state.looked) return;
    state.looked = true;
    state.look(m.pos, m.target);
  },
  reach(m) {
    helpers.clear();
    for (const s of m.reach) {
      const skin = new THREE.MeshBasicMaterial({ color: 0x2266cc, transparent: true, opacity: 0.09, depthWrite: false });
      const ball = new THREE.Mesh(new THREE.SphereGeometry(s.radius, 40, 24), skin);
      ball.position.set(...s.pos);
      helpers.add(ball);
    }
    state.stale = true;
  },
  progress(m) {
    list('goal', m.goal, ([, t, title]) => t === null ? title : [`${title}  ${t.toFixed(1)} s`, 'good']);
    $('bounds').hidden = !m.limits.length;
    list('limits', m.limits, l => [`${l.title}: ${l.value.toFixed(1)} / ${l.limit.toFixed(1)} ${l.unit}${l.who ? ` (${l.who})` : ''}`, l.value > l.bound ? 'bad' : l.value > 0.8 * l.limit ? 'warn' : '']);
    if (m.chain) $('skills').hidden = !m.chain.length;
    if (m.chain) list('chain', m.chain, (name, i) => [name, i + 1 === m.begun ? 'now' : i < m.begun ? 'good' : '']);
    $('gave_up').textContent = m.gave_up ?? m.failure ?? '';
    $('gave_up').className = m.gave_up || m.failure ? 'bad' : '';
    if (m.plays !== undefined) state.plays = m.plays ? state.plays || performance.now() : 0;
    if (m.near) list('near', m.near, line => [line, 'warn']);
    if (m.lost) state.drawWays(Object.values(m.lost));
    if (m.recording !== undefined) {
      if (m.recording) { state.verdict = null; $('verdict').textContent = ''; }
      $('take').textContent = m.recording ? say.end : say.take;
      $('take').disabled = !!m.judging; // a wish to begin that comes now is dropped
      status(m.judging ? say.judging : m.recording ? `${m.t.toFixed(1)} s ${m.behind ? say.behind : ''}` : say.ready);
    }
  },
  answers(m) {
    $('asking').hidden = !m.asking;
    list('answers', m.answers, () => '');
    [...$('answers').children].forEach((line, i) => {
      const one = m.answers[i], head = document.createElement('b'), more = document.createElement('div');
      head.textContent = one.question;
      more.textContent = one.answer;
      line.className = LOOKS[one.level] ?? '';
      line.append(...(one.label ? [tag(one.label, LOOKS[one.level]), ' '] : []), head, more);
    });
  },
  at(m) {
    const about = [m.stands_on && `stands_on: ${m.stands_on}`, m.cell && `${say.of_cell} ${m.cell}`].filter(Boolean);
    $('at').value = `${m.at}${about.length ? `   # ${[m.part, ...about].join(', ')}` : ''}`;
    navigator.clipboard?.writeText(m.at).catch(() => {});
  },
  refused(m) {
    state.plays = 0;
    status(m.why, 'bad');
    if (m.do === 'seed') $('seed').value = state.values?.seed ?? ''; // what is shown
    if (m.do === 'value' && state.values) showValues(state.values);
  },
  verdict(m) {
    $('verdict').className = LOOKS[m.verdict] ?? 'bad';
    $('verdict').replaceChildren(...[tag(m.word, LOOKS[m.verdict] ?? 'bad'), m.outcome, ...m.lines.slice(1)].map((one, i) => {
      const line = document.createElement('p');
      line.append(one);
      if (!i) line.className = LOOKS[m.verdict] ?? 'bad'; // which a headset's sheet shows, too
      return line;
    }));
  },
  take(m) {
    $('title').replaceChildren(`${m.name} `, tag(m.word, LOOKS[m.verdict] ?? 'bad'));
    Object.assign($('time'), { min: m.begin, max: m.end });
    status(m.loading);
    for (const id of ['time', 'play', 'stop']) $(id).disabled = !(m.end > m.begin); // there is nothing to be played
    $('how').textContent = m.how;
    const options = m.names.map((name, i) => new Option(name, i, i === m.index, i === m.index));
    $('episodes').replaceChildren(...options);
    list('findings', m.findings, () => '');
    [...$('findings').children].forEach((line, i) => {
      const f = m.findings[i], head = document.createElement('b'), code = document.createElement('small');
      head.textContent = f.t0 === null ? '' : `${f.t0.toFixed(2)} s `;
      code.textContent = ` ${f.code}`;
      line.append(tag(f.label, LOOKS[f.level]), ' ', head, f.text, code);
      line.onclick = () => ask('finding', { index: i });
    });
    const timed = m.end > m.begin ? m.findings.filter(f => f.t0 !== null) : [];
    placeMarks($('marks'), timed.map(f => Object.assign(document.createElement('i'), {
      title: `${f.label} ${f.t0.toFixed(2)} s: ${f.text} (${f.code})`,
      className: f.level === 'FAIL' ? 'bad' : '',
      onclick: () => ask('finding', { index: m.findings.indexOf(f) }),
    })), timed.map(f => [f.t0, f.t1]), m.begin, m.end);
  },
  hands(m) { // of a page that was closed within a take: this one goes on
    for (const side of ['left', 'right']) hands[side].grip = m[side]?.grip ?? hands[side].grip;
    squat = m.squat ?? squat;
  },
  aim: m => state.aimAt(m.point),
  forces: m => state.drawForces(m.forces),
};

// ---- what a person asks for ----
for (const id of ['play', 'stop', 'skill', 'restart']) $(id).onclick = () => {
  $('view').focus();
  ask(id);
  if (id === 'play' || id === 'skill') state.plays = performance.now();
  else state.plays = 0;
};
$('nominal').onclick = () => ask('seed', { seed: null });
$('seed').onchange = () => $('seed').value !== '' && ask('seed', { seed: +$('seed').value });
$('spheres').onchange = () => state.show(helpers, $('spheres').checked);
$('ghost').onchange = () => state.show(ghost, $('ghost').checked);
$('time').oninput = () => ask('seek', { t: +$('time').value });
$('episodes').onchange = () => ask('open', { index: +$('episodes').value });
let pressed = null;
const cast = new THREE.Raycaster();
$('view').addEventListener('pointerdown', e => { pressed = [e.clientX, e.clientY]; });
$('view').addEventListener('pointerup', e => {
  if (!pressed || Math.hypot(e.clientX - pressed[0], e.clientY - pressed[1]) > 3 || state.mode !== 'studio') return;
  cast.setFromCamera(new THREE.Vector2(2 * e.clientX / state.width - 1, 1 - 2 * e.clientY / state.height), camera);
  const hit = cast.intersectObjects(state.hits, false)[0];
  if (hit) ask('click', { part: $('part').value, point: hit.point.toArray() });
});

// ---- hands: keyboard, mouse, gamepad, headset; every pose in the robot's axes, x ahead, y left, z up ----
const PERIOD = 1000 / 50, SPEED = 0.25, TURN = 1.0; // ms, m/s, rad/s
const keys = new Set(), edges = new Set();
const hands = { left: fresh(), right: fresh() };
let active = 'right', began = false, squat = 0, trigger = 0;
function askForTake() { // one begins with open hands, standing
  if (!state.progress?.recording) {
    for (const hand of Object.values(hands)) hand.grip = 0;
    squat = trigger = 0;
  }
  ask('take');
}
function fresh() { return { p: new THREE.Vector3(), q: new THREE.Quaternion(), grip: 0, clutch: false }; }

function beginTeleop() {
  if (began) return;
  began = true;
  const view = $('view');
  view.focus();
  view.addEventListener('keydown', e => {
    if (['Tab', ' ', 'Enter', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown'].includes(e.key)) e.preventDefault();
    if (e.repeat) return;
    keys.add(e.code);
    if (e.key === 'Tab') active = active === 'left' ? 'right' : 'left';
    if (e.key === ' ') hands[active].grip = hands[active].grip > 0.5 ? 0 : 1;
    if (e.key === 'Enter') askForTake();
  });
  view.addEventListener('keyup', e => keys.delete(e.code));
  view.addEventListener('blur', () => keys.clear());
  view.addEventListener('pointermove', e => {
    orbit.enabled = !e.shiftKey;
    if (!e.shiftKey || !e.buttons) return;
    const scale = 0.0012, right = new THREE.Vector3().setFromMatrixColumn(camera.matrixWorld, 0), up = new THREE.Vector3().setFromMatrixColumn(camera.matrixWorld, 1);
    const way = right.multiplyScalar(scale * e.movementX).addScaledVector(up, -scale * e.movementY);
    hands[active].p.add(way.applyAxisAngle(camera.up, -(state.ridden?.[2] ?? 0))); // from the world's axes to the robot's
    hands[active].clutch = true;
  });
  $('take').onclick = () => { view.focus(); askForTake(); };
  navigator.xr?.isSessionSupported('immersive-vr').then(there => { $('xr').hidden = !there; });
  $('xr').onclick = () => seat.enter(() => { show('head', true); state.width = 0; }).then(() => show('head', false)).catch(error => hear.refused({ why: error.message }));
  setInterval(() => renderer.xr.isPresenting || sendHands(performance.now()), PERIOD);
}

const held = (plus, minus) => (keys.has(plus) ? 1 : 0) - (keys.has(minus) ? 1 : 0);
function edge(name, down) { const first = down && !edges.has(name); down ? edges.add(name) : edges.delete(name); return first; }

const seat = new Seat(renderer, world, camera), read = reader(hands, edge);
let sent = 0;
const show = (part, seen) => state.bodies.forEach((body, i) => { if (state.names[i].includes(part)) body.visible = seen; });
const COLOURS = { good: '#7be08a', warn: '#ffce5c', bad: '#ff7a70', now: '#8ec5ff' };

function seated(time, frame) {
  const lines = ['state', 'goal', 'near', 'gave_up', 'verdict'].flatMap(id => ($(id).children.length ? [...$(id).children] : [$(id)])
    .flatMap(node => node.textContent.split('\n').filter(Boolean).map(text => [text, COLOURS[node.className] ?? '#ffffff'])));
  const body = state.bodies[state.names.indexOf(state.stands)];
  if (body) seat.ride(body, lines, time);
  if (frame && time - sent > 0.9 * PERIOD) sendHands(time, frame);
}

function sendHands(time, frame) {
  sent = time = Math.max(time, sent); // times of frames and of the page are of one clock; a session never goes back
  const dt = PERIOD / 1000, hand = hands[active], raw = {};
  let move = [held('KeyW', 'KeyS'), held('KeyA', 'KeyD'), held('KeyE', 'KeyQ')];
  let turn = [held('KeyL', 'KeyJ'), held('KeyK', 'KeyI'), held('KeyU', 'KeyO')];
  let base = [held('ArrowUp', 'ArrowDown'), held('Comma', 'Period'), held('ArrowLeft', 'ArrowRight')];
  const pad = [...(navigator.getGamepads?.() ?? [])].find(p => p?.connected && !renderer.xr.isPresenting);
  if (pad) {
    const [x = 0, y = 0, u = 0, v = 0] = pad.axes.map(dead), b = i => finite(pad.buttons[i]?.value);
    move = [move[0] - y, move[1] - x, move[2] - v];
    turn = [turn[0], turn[1], turn[2] - u];
    if (trigger !== b(7)) hand.grip = trigger = b(7); // a trigger at rest leaves the hand to the keyboard
    if (edge('other', b(4) > 0.5)) active = active === 'left' ? 'right' : 'left';
    if (edge('take', b(9) > 0.5)) askForTake();
    base = [base[0] + b(12) - b(13), base[1], base[2] + b(14) - b(15)];
    raw.pad = { axes: pad.axes, buttons: pad.buttons.map(one => one.value) };
  }
  squat = Math.min(0, Math.max(-0.3, squat + held('PageUp', 'PageDown') * 0.1 * dt));
  hand.p.addScaledVector(new THREE.Vector3(...move), SPEED * dt);
  const angle = Math.hypot(...turn) * TURN * dt;
  if (angle) hand.q.premultiply(new THREE.Quaternion().setFromAxisAngle(new THREE.Vector3(...turn).normalize(), angle));
  if (move.some(Boolean) || angle) hand.clutch = true;
  $('hand').textContent = `${say[active]} · ${say.grip} ${Math.round(100 * hand.grip)} %${squat ? ` · ${say.squat} ${Math.round(-1000 * squat)} mm` : ''}`;
  if (frame) {
    const seen = read(frame, renderer.xr.getReferenceSpace(), raw, time);
    base = seen.base ?? base;
    if (seen.takes) askForTake();
  }
  raw.keys = [...keys];
  const told = h => ({ p: h.p.toArray(), q: [h.q.w, h.q.x, h.q.y, h.q.z], grip: h.grip, clutch: h.clutch });
  state.sent = { t: time, device: frame ? 'xr' : pad ? 'gamepad' : 'keyboard', left: told(hands.left), right: told(hands.right), base, squat, raw };
  ask('device', state.sent);
}

renderer.setAnimationLoop(draw);
