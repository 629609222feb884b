// A headset's controllers or tracked hands, and the page's words before the person's eyes. Poses are only known in a frame of the headset.
import * as THREE from './three.module.min.js';

const FAR = 0.07, NEAR = 0.02; // m between thumb and finger: open, together
const HELD = 1000; // ms, for which both hands ask for a take to begin or end
// WebXR has x right, y up, z back; the robot x ahead, y left, z up
const AXES = new THREE.Quaternion().setFromRotationMatrix(new THREE.Matrix4().set(0, 0, -1, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1));

/** A number of a device; one that is none moves nothing. */
export const finite = v => Number.isFinite(v) ? v : 0;
export const dead = v => Math.abs(finite(v)) < 0.12 ? 0 : finite(v);

/** Hands of `frame`: fills `hands.left`, `hands.right` and `raw`; gives { base, takes }: shares of the base's speeds, or null, and whether a take shall begin or end. */
export function reader(hands, edge) {
  let since = null, asked = false;
  return (frame, space, raw, time) => {
    let base = null, takes = false;
    const parted = {}; // hands whose thumb is at the middle finger
    for (const hand of Object.values(hands)) hand.clutch = false; // one that is not seen holds nothing
    for (const source of frame.session.inputSources) {
      const hand = hands[source.handedness];
      if (!hand) continue;
      const joint = name => source.hand?.get(name) && frame.getJointPose(source.hand.get(name), space);
      const pose = source.hand ? joint('wrist') : source.gripSpace && frame.getPose(source.gripSpace, space);
      const buttons = [...(source.gamepad?.buttons ?? [])].map(one => finite(one.value)), stick = [...(source.gamepad?.axes ?? [])].map(dead);
      if (source.hand) {
        const tip = name => joint(name)?.transform.position, thumb = tip('thumb-tip'), index = tip('index-finger-tip'), middle = tip('middle-finger-tip');
        const apart = (a, b) => { const far = a && b ? Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z) : Infinity; return Number.isNaN(far) ? Infinity : far; };
        if (thumb && index) hand.grip = Math.min(1, Math.max(0, (FAR - apart(thumb, index)) / (FAR - NEAR)));
        parted[source.handedness] = apart(thumb, middle) < NEAR;
        hand.clutch = !!pose && !parted[source.handedness];
      } else {
        hand.grip = buttons[0] ?? 0;
        hand.clutch = !!pose && (buttons[1] ?? 0) > 0.5;
        if (source.handedness === 'left') base = [-(stick[3] ?? 0), -(stick[2] ?? 0), base?.[2] ?? 0];
        if (source.handedness === 'right') base = [base?.[0] ?? 0, base?.[1] ?? 0, -(stick[2] ?? 0)];
        if (edge(`take ${source.handedness}`, (buttons[4] ?? 0) > 0.5)) takes = true;
      }
      if (!pose) continue;
      const { position: p, orientation: o } = pose.transform;
      if (![p.x, p.y, p.z, o.x, o.y, o.z, o.w].every(Number.isFinite)) continue;
      hand.p.set(-p.z, -p.x, p.y);
      hand.q.set(-o.z, -o.x, o.y, o.w);
      raw[source.handedness] = { kind: source.hand ? 'hand' : 'controller', p: [p.x, p.y, p.z], q: [o.w, o.x, o.y, o.z], buttons, axes: stick };
    }
    if (parted.left && parted.right) {
      since ??= time;
      if (!asked && time - since >= HELD) takes = asked = true;
    } else [since, asked] = [null, false];
    return { base, takes };
  };
}

/** Where the person stands: at the robot's place, looking its way; `words` gives the lines that are shown ahead to the left. */
export class Seat {
  constructor(renderer, world, camera) {
    Object.assign(this, { renderer, world, camera, rig: new THREE.Group(), next: 0 });
    const sheet = document.createElement('canvas');
    Object.assign(sheet, { width: 768, height: 768 });
    this.sheet = sheet.getContext('2d');
    this.paper = new THREE.CanvasTexture(sheet);
    this.panel = new THREE.Mesh(new THREE.PlaneGeometry(0.5, 0.5), new THREE.MeshBasicMaterial({ map: this.paper, transparent: true }));
    this.panel.position.set(-0.55, 1.35, -0.75);
    this.panel.rotation.y = 0.6;
    this.rig.add(this.panel);
    world.add(this.rig);
    this.rig.visible = false;
  }

  async enter(ended) {
    const session = await navigator.xr.requestSession('immersive-vr', { requiredFeatures: ['local-floor'], optionalFeatures: ['hand-tracking'] });
    this.renderer.xr.enabled = true;
    const was = [this.camera.position.clone(), this.camera.quaternion.clone()];
    session.addEventListener('end', () => {
      this.rig.remove(this.camera);
      [this.camera.position, this.camera.quaternion].forEach((one, i) => one.copy(was[i]));
      this.rig.visible = false;
      ended();
    });
    this.rig.add(this.camera);
    this.rig.visible = true;
    await this.renderer.xr.setSession(session);
  }

  /** Ride on the robot's top body, upright, and show the words. */
  ride(body, words, time) {
    const ahead = new THREE.Vector3(1, 0, 0).applyQuaternion(body.quaternion);
    this.rig.position.set(body.position.x, body.position.y, 0);
    this.rig.quaternion.setFromAxisAngle(new THREE.Vector3(0, 0, 1), Math.atan2(ahead.y, ahead.x)).multiply(AXES);
    if (time < this.next) return;
    this.next = time + 300;
    const { sheet } = this;
    sheet.clearRect(0, 0, 768, 768);
    sheet.fillStyle = 'rgba(20, 28, 36, 0.75)';
    sheet.fillRect(0, 0, 768, 768);
    sheet.font = '44px sans-serif';
    words.slice(0, 13).forEach(([text, colour], i) => {
      sheet.fillStyle = colour;
      sheet.fillText(text, 24, 64 + 54 * i, 720);
    });
    this.paper.needsUpdate = true;
  }
}
