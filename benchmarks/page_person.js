// A slow, imprecise person with an emulated headset, in the page itself. Nobody: a delay, a hand that swings, eyes that correct it.
// What it sees is what the page shows: the time of the take, and where both hands of the robot are.
(() => {
  const PERSON = ['left', 'right'], LOOK = 0.1, WAITS = 2.5, STEP = 0.005, LATE = 0.4; // s ahead at a grip; s until it goes on all the same; s; s by which it knows its hand to come late
  const FIX = 0.012, FORGETS = 0.5, PUSH = 0.01, FURTHEST = 0.04, PATIENCE = 5, RETRACES = 8; // m, of what eyes correct; 1/s; m/s and m, by which it pushes on; s, s of its way back to an arm that waits
  const mean = (a, b, f) => a + (b - a) * f;
  const at = (rows, s, dt) => {
    const k = Math.min(Math.max(s / dt, 0), rows.length - 1), i = Math.floor(k), j = Math.min(i + 1, rows.length - 1);
    return rows[i].map((v, n) => mean(v, rows[j][n], k - i));
  };
  const noise = seed => () => { seed = (seed * 1664525 + 1013904223) >>> 0; return seed / 2 ** 31 - 1; };
  const unit = q => { const n = Math.hypot(...q); return q.map(v => v / n); };
  const turned = ([w, x, y, z], [a, b, c]) => { // v + 2 q × (q × v + w v)
    const t = [y * c - z * b + w * a, z * a - x * c + w * b, x * b - y * a + w * c];
    return [a + 2 * (y * t[2] - z * t[1]), b + 2 * (z * t[0] - x * t[2]), c + 2 * (x * t[1] - y * t[0])];
  };

  /**
   * plan: { dt, left, right: { aim: (T,3), seen: (T,3), turn: (T,4), grip: (T,1) }, pushed: [{ step, s, side, way }] } in the robot's axes,
   * where `slow` (T,1) is 1 before a touch, `pushed` are steps of the goal that the page has to show before the hand goes on; style: see page_takes.py.
   */
  window.person = { over: true };
  window.perform = (plan, style) => {
    const random = noise(style.seed), length = plan.dt * (plan.left.aim.length - 1), past = [];
    const hands = Object.fromEntries(PERSON.map(side => [side, {
      x: [...plan[side].aim[0]], v: [0, 0, 0], q: plan[side].turn[0], fix: [0, 0, 0], drift: [0, 0, 0], back: 0,
    }]));
    const me = window.person = { over: false, s: 0, worst: 0, waited: 0, pushed: 0, fetched: 0, s_end: length };
    let last = null, still = 0, rest = 0, end = null, push = 0, patience = 0;
    const left = new Set(); // steps that it pushed for in vain

    const where = side => { // the robot's hand on the page, in the axes in which the plan stands
      const site = shiliu.sites.find(one => one.name === `${side}_tcp`), body = shiliu.bodies[site.body];
      body.updateMatrixWorld(true);
      const p = body.localToWorld(body.position.clone().set(...site.pos)).toArray();
      const off = p.map((v, i) => v - plan.stands[i]), [c, s] = plan.facing;
      return [c * off[0] + s * off[1], -s * off[0] + c * off[1], off[2]];
    };
    const nearest = (side, place, s) => { // when the plan was last where the robot's hand is
      let best = s, least = Infinity;
      for (let when = s; when > Math.max(s - RETRACES, 0); when -= plan.dt) {
        const off = Math.hypot(...at(plan[side].aim, when, plan.dt).map((v, i) => v - place[i]));
        if (off < least - FIX / 4) [best, least] = [when, off];
      }
      return best;
    };
    const asItWas = t => past.find(one => one.t >= t) ?? past.at(-1);

    const move = (t, dt) => {
      past.push({ t, s: me.s, ...Object.fromEntries(PERSON.map(side => [side, where(side)])) });
      while (past.length > 2 && past[1].t < t - style.reaction - LATE) past.shift();
      const then = asItWas(t - style.reaction), meant = asItWas(t - style.reaction - LATE).s, gap = {}, seen = shiliu.progress;
      const lost = PERSON.some(side => seen.lost?.[side]);
      let near = Infinity, far = 0;
      for (const side of PERSON) {
        const wanted = at(plan[side].seen, meant - hands[side].back, plan.dt);
        gap[side] = wanted.map((v, i) => v - then[side][i]);
        const apart = Math.hypot(...gap[side]), grips = at(plan[side].grip, me.s, plan.dt)[0] !== at(plan[side].grip, me.s + LOOK, plan.dt)[0];
        far = Math.max(far, apart);
        near = Math.min(near, (grips ? style.careful : style.loose) - apart);
      }
      me.worst = Math.max(me.worst, far);
      still = near < 0 ? still + dt : 0;
      if (rest <= 0 && random() > 1 - 2 * dt / style.rests) rest = style.rest * (1 + 0.5 * random()); // stops now and then
      rest -= dt;
      const open = plan.pushed.find(one => me.s >= one.s && !left.has(one) && shiliu.progress.goal.find(([name]) => name === one.step)?.[1] === null);
      const calm = shiliu.progress.limits.every(one => one.value < 0.6 * one.bound) && !shiliu.progress.near?.some(one => one.startsWith('balance'));
      if (open) push = calm ? Math.min(push + PUSH * dt, FURTHEST) : Math.max(push - PUSH * dt, 0);
      if (open && (patience += dt) > PATIENCE) left.add(open);
      if (!open) [push, patience] = [Math.max(push - 2 * PUSH * dt, 0), 0];
      const pushing = open ?? (push > 0 ? me.last : null);
      me.last = pushing;
      me.pushed = Math.max(me.pushed, push);
      const pace = style.pace * (at(plan.slow, me.s + LOOK, plan.dt)[0] ? style.gently : 1);
      if (open || rest > 0 || lost || (near < 0 && still < WAITS)) me.waited += dt;
      else if (!PERSON.some(side => hands[side].back > 0)) me.s = Math.min(me.s + pace * dt, length);
      if (still >= WAITS && near >= 0) still = 0;
      for (const side of PERSON) {
        const hand = hands[side], lost = seen.lost?.[side];
        if (lost) { // the arm waits for it: it goes back to where the arm is, and later goes on from there, as on the way that it had come
          if (!hand.lost) me.fetched++;
          hand.back = Math.max(hand.back, me.s - nearest(side, then[side], me.s));
        } else hand.back = Math.max(hand.back - pace * dt, 0);
        hand.lost = !!lost;
        const s = Math.max(then.s - hand.back, 0); // what the arm does now was meant a moment ago
        const aim = lost ? then[side] : at(plan[side].aim, s, plan.dt).map((v, i) => v + (pushing?.side === side ? push * pushing.way[i] : 0));
        hand.fix = hand.fix.map((v, i) => calm ? Math.min(Math.max(v + (style.corrects * gap[side][i] - FORGETS * v) * dt, -FIX), FIX) : v * (1 - Math.min(5 * dt, 1)));
        hand.drift = hand.drift.map(v => v * (1 - 2 * dt) + style.drift * random() * Math.sqrt(12 * dt));
        for (let left = dt; left > 1e-9; left -= STEP) {
          const h = Math.min(STEP, left);
          hand.x = hand.x.map((x, i) => {
            const pull = style.quick ** 2 * (aim[i] + hand.fix[i] + hand.drift[i] - x) - 2 * style.damped * style.quick * hand.v[i];
            hand.v[i] += h * pull;
            return x + h * hand.v[i];
          });
        }
        const to = at(plan[side].turn, s, plan.dt), f = 1 - Math.exp(-style.quick * dt);
        const sign = to.reduce((sum, v, i) => sum + v * hand.q[i], 0) < 0 ? -1 : 1;
        hand.q = unit(hand.q.map((v, i) => mean(v, sign * to[i], f)));
        show(side, hand.x, hand.q);
        worn.controllers[side].updateButtonValue('trigger', at(plan[side].grip, s, plan.dt)[0]);
      }
      if (me.s >= length && far < style.careful && end === null) end = t;
      if (me.s >= length && (end !== null && t > end + 0.6 || (still += dt) > 2 * WAITS)) finish();
    };

    const show = (side, p, [w, x, y, z]) => { // robot's axes to WebXR's, and from the grip back to the controller
      const device = worn.controllers[side], matrix = IWER.metaQuest3.controllerConfig.layout[side].gripOffsetMatrix;
      const q = [w, -y, z, -x], off = turned(q, matrix.slice(12, 15));
      device.quaternion.set(q[1], q[2], q[3], q[0]);
      device.position.set(-p[1] - off[0], p[2] - off[1], -p[0] - off[2]);
    };
    const press = value => worn.controllers.right.updateButtonValue('a-button', value);
    const finish = () => { me.over = true; press(1); setTimeout(() => press(0), 300); };

    for (const side of PERSON) {
      show(side, hands[side].x, hands[side].q);
      worn.controllers[side].updateButtonValue('squeeze', 0);
      worn.controllers[side].updateButtonValue('trigger', 0);
    }
    press(1);
    const go = () => {
      if (me.over) return;
      requestAnimationFrame(go);
      const now = shiliu.progress;
      if (!now?.recording) { if (last !== null) me.over = true; return; }
      if (last === null) {
        press(0);
        last = shiliu.time;
        for (const side of PERSON) worn.controllers[side].updateButtonValue('squeeze', 1);
        return;
      }
      const t = shiliu.time, dt = Math.min(t - last, 0.2);
      if (dt <= 0) return;
      last = t;
      move(t, dt);
    };
    requestAnimationFrame(go);
  };
})();
