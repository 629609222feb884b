// A scene as it is drawn: bodies with their shapes, cloth, a ghost of the robot, arrows of forces. What is drawn comes from elsewhere.
// It is drawn where something has changed: without a GPU each picture takes the processor from the simulation.
import * as THREE from './three.module.min.js';
import { OrbitControls } from './OrbitControls.js';

const FORCE = 0.005, LONGEST = 0.5, CLOSE = 0.7, MARGIN = 0.8, VEIL = 0.1; // m/N; m of an arrow; m from which a contact is looked at; share of the picture that is filled; of a veil's colour
export const quat = q => new THREE.Quaternion(q[1], q[2], q[3], q[0]);

function geometryOf(g, meshes) {
  const [a, b, c] = g.size;
  switch (g.type) {
    case 'plane': return new THREE.PlaneGeometry(2 * (a || 20), 2 * (b || 20));
    case 'sphere': return new THREE.SphereGeometry(a, 20, 14);
    case 'ellipsoid': return new THREE.SphereGeometry(1, 20, 14).scale(a, b, c);
    case 'box': return new THREE.BoxGeometry(2 * a, 2 * b, 2 * c);
    case 'capsule': return new THREE.CapsuleGeometry(a, 2 * b, 6, 16).rotateX(Math.PI / 2);
    case 'cylinder': return new THREE.CylinderGeometry(a, a, 2 * b, 28).rotateX(Math.PI / 2);
    case 'mesh': return meshes[g.mesh];
  }
}

function materialOf(rgba) {
  const colour = new THREE.Color().setRGB(rgba[0], rgba[1], rgba[2], THREE.SRGBColorSpace);
  return new THREE.MeshLambertMaterial({ color: colour, transparent: rgba[3] < 1, opacity: rgba[3], side: THREE.DoubleSide });
}

export class Picture {
  constructor(canvas) {
    const renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
    const world = new THREE.Scene(), camera = new THREE.PerspectiveCamera(45, 1, 0.02, 60);
    world.background = new THREE.Color(0xdfe5ea);
    camera.up.set(0, 0, 1);
    camera.position.set(1.9, -1.9, 2.0);
    const orbit = new OrbitControls(camera, canvas);
    orbit.target.set(0.35, 0, 0.9);
    const sun = new THREE.DirectionalLight(0xffffff, 1.7);
    sun.position.set(-1, -2, 4);
    const [moving, helpers, arrows, ghost] = [0, 1, 2, 3].map(() => new THREE.Group());
    world.add(sun, new THREE.HemisphereLight(0xffffff, 0x888888, 1.6), moving, helpers, arrows, ghost);
    ghost.visible = helpers.visible = false;
    const mist = new THREE.MeshBasicMaterial({ color: 0x2266cc, transparent: true, opacity: 0.25, depthWrite: false });
    Object.assign(this, { renderer, world, camera, orbit, moving, helpers, arrows, ghost, mist });
    this.stale = true; // whether what is on the canvas is no longer so
    for (const [one, event] of [[orbit, 'change'], [canvas, 'webglcontextrestored']]) one.addEventListener(event, () => { this.stale = true; });
    Object.assign(this, { names: [], bodies: [], ghosts: [], geometries: [], flexes: [], hits: [], veiled: [] });
  }

  /** Shapes of a model (`page_shapes.shapes`), its meshes known. */
  build(shapes) {
    this.stale = true;
    this.moving.clear();
    this.ghost.clear();
    this.hits = [];
    this.names = shapes.bodies;
    this.bodies = shapes.bodies.map(() => { const group = new THREE.Group(); this.moving.add(group); return group; });
    for (const g of shapes.geoms) {
      const geometry = geometryOf(g, this.geometries);
      if (!geometry) continue;
      const mesh = new THREE.Mesh(geometry, materialOf(g.rgba));
      mesh.position.set(...g.pos);
      mesh.quaternion.copy(quat(g.quat));
      mesh.userData.body = g.body;
      this.bodies[g.body].add(mesh);
      this.hits.push(mesh);
    }
    this.ghosts = this.bodies.map(body => {
      const link = new THREE.Group();
      link.visible = false;
      for (const child of body.children) link.add(Object.assign(child.clone(), { material: this.mist }));
      this.ghost.add(link);
      return link;
    });
    this.flexes = shapes.flexes.map(f => {
      const geometry = new THREE.BufferGeometry();
      geometry.setAttribute('position', new THREE.BufferAttribute(new Float32Array(3 * f.n), 3));
      geometry.setIndex(f.faces);
      const mesh = new THREE.Mesh(geometry, materialOf(f.rgba));
      mesh.frustumCulled = false;
      this.moving.add(mesh);
      this.hits.push(mesh);
      return { ...f, mesh };
    });
    this.veil(this.veiled); // of the draw before, until the next view says which
  }

  /** A message of all meshes (`page_shapes.meshes`). */
  takeMeshes(view) {
    const n = view.getUint32(4, true);
    let at = 8 + 4 * n;
    this.geometries = [];
    for (let i = 0; i < n; i++) {
      const corners = view.getUint32(8 + 4 * i, true), first = view.byteOffset + at;
      const geometry = new THREE.BufferGeometry();
      const places = new Float32Array(view.buffer.slice(first, first + 12 * corners));
      geometry.setAttribute('position', new THREE.BufferAttribute(places, 3));
      geometry.computeVertexNormals();
      this.geometries.push(geometry);
      at += 12 * corners;
    }
  }

  /** Where all is: (bodies, 7) places and quaternions, then (vertices, 3) of cloth. */
  takeFrame(all) {
    if (all.length < 7 * this.bodies.length) return;
    this.stale = true;
    this.bodies.forEach((body, i) => pose(body, all, 7 * i));
    const soft = all.subarray(7 * this.bodies.length);
    for (const f of this.flexes) {
      f.mesh.geometry.attributes.position.array.set(soft.subarray(3 * f.first, 3 * (f.first + f.n)));
      f.mesh.geometry.attributes.position.needsUpdate = true;
      f.mesh.geometry.computeVertexNormals();
    }
  }

  /** Where the robot's links would be if its joints were where they are commanded: (bodies, 7), of which those of `robot` are drawn. */
  takeGhost(all, robot) {
    this.stale = true;
    for (const i of robot) {
      if (!this.ghosts[i] || all.length < 7 * i + 7) continue;
      pose(this.ghosts[i], all, 7 * i);
      this.ghosts[i].visible = true;
    }
  }

  /** Arrows of contact forces: { pos (3) [m], force (3) [N] }. */
  drawForces(forces) {
    this.drawArrows(forces.map(f => {
      const way = new THREE.Vector3(...f.force), length = Math.min(FORCE * way.length(), LONGEST);
      return { from: new THREE.Vector3(...f.pos), way: way.setLength(length) };
    }));
  }

  /** Arrows from places to places: [from (3), to (3)] [m]. */
  drawWays(ways) {
    if (!ways.length && !this.arrows.children.length) return;
    this.drawArrows(ways.map(([from, to]) => ({ from: new THREE.Vector3(...from), way: new THREE.Vector3(...to).sub(new THREE.Vector3(...from)) })));
  }

  drawArrows(arrows) {
    this.stale = true;
    for (const arrow of this.arrows.children) arrow.dispose();
    this.arrows.clear();
    for (const { from, way } of arrows) {
      const length = way.length(), arrow = new THREE.ArrowHelper(way.normalize(), from, length, 0xd02020);
      for (const piece of [arrow.line, arrow.cone]) Object.assign(piece, { renderOrder: 1 }).material.depthTest = false; // seen through things
      this.arrows.add(arrow);
    }
  }

  /** Show or hide a group of it. */
  show(group, shown) {
    group.visible = shown;
    this.stale = true;
  }

  look(from, at) {
    this.stale = true;
    this.camera.position.set(...from);
    this.orbit.target.set(...at);
  }

  /** From so far, in the way `ahead`, that all points (n, 3) [m] are in the picture, as large as they can be. */
  fit(ahead, points) {
    const f = new THREE.Vector3(...ahead).normalize(), r = new THREE.Vector3().crossVectors(f, this.camera.up).normalize();
    const u = new THREE.Vector3().crossVectors(r, f), high = MARGIN * Math.tan(this.camera.fov * Math.PI / 360), wide = high * this.camera.aspect;
    const along = way => points.map(p => way.x * p[0] + way.y * p[1] + way.z * p[2]), z = along(f);
    const least = (v, t) => [Math.max(...v.map((at, i) => at - t * z[i])), Math.max(...v.map((at, i) => -at - t * z[i]))];
    const [a, b] = least(along(r), wide), [c, d] = least(along(u), high), back = Math.min(-(a + b) / (2 * wide), -(c + d) / (2 * high));
    const from = new THREE.Vector3().addScaledVector(r, (a - b) / 2).addScaledVector(u, (c - d) / 2).addScaledVector(f, back);
    this.look(from.toArray(), from.clone().addScaledVector(f, z.reduce((sum, v) => sum + v, 0) / z.length - back).toArray());
  }

  /** What bodies of these names look like is looked through. */
  veil(names) {
    const of = new Set(this.veiled = names), clear = { transparent: true, opacity: VEIL, depthWrite: false, side: THREE.FrontSide };
    this.bodies.forEach((body, i) => of.has(this.names[i]) && body.children.forEach(mesh => {
      Object.assign(mesh.material, clear, { needsUpdate: true }); // the shader of one that was drawn before writes no transparency
    }));
    this.stale = true;
  }

  /** Go along with a body over the floor, and turn with it. */
  rideWith(body) {
    const way = new THREE.Vector3(1, 0, 0).applyQuaternion(body.quaternion), now = [body.position.x, body.position.y, Math.atan2(way.y, way.x)];
    const [x, y, yaw] = this.ridden ?? now;
    this.ridden = now;
    for (const at of [this.camera.position, this.orbit.target]) at.sub(new THREE.Vector3(x, y, 0)).applyAxisAngle(this.camera.up, now[2] - yaw).add(new THREE.Vector3(now[0], now[1], 0));
  }

  /** Come near a point, from the side on which the person is. */
  aimAt(place) {
    this.stale = true;
    const point = new THREE.Vector3(...place), off = this.camera.position.clone().sub(this.orbit.target);
    off.z = Math.max(off.z, 1.5 * Math.hypot(off.x, off.y)); // from above: the robot stands beside its work
    off.setLength(CLOSE);
    this.orbit.target.copy(point);
    this.camera.position.copy(point).add(off);
  }

  size(width, height) {
    this.stale = true;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
  }

  render() {
    if (!this.stale && !this.renderer.xr.isPresenting) return;
    this.stale = false;
    this.renderer.render(this.world, this.camera);
  }
}

function pose(group, all, p) {
  group.position.set(all[p], all[p + 1], all[p + 2]);
  group.quaternion.set(all[p + 4], all[p + 5], all[p + 6], all[p + 3]);
}
