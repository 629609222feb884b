"""Page takes: scripts that drive the page of `shiliu teleop` as a slow, imprecise person would, then judged and delivered.

    python benchmarks/page_takes.py out=DIR [scenario=table_setting] [takes=10] [seed=0] [styles=careful,hasty,hesitant]

No person is in them. A plan says where both hands shall go (that of the scripted operator in the same draw, by the forward kinematics of
its commands). What follows it is `page_person.js`, in the page: it sees what the page shows a moment later than it is, its hands swing
as a mass on a spring that is damped too little (so they come late and overshoot), drift, and are corrected by what is seen; before
a grip it waits until the robot's hand is there. It wears a headset's emulator and holds two controllers; a button begins and ends a take.

In DIR: what `shiliu teleop` keeps; `verdict/`, of `shiliu replay data=DIR/set`; `delivered/`, of `shiliu deliver`; `person.jsonl`, a line
for each take; a picture of the page for each style. Needs Chromium, and `npm pack iwer@2.5.0` unpacked into build/iwer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from shiliu import load_scenario
from shiliu.replay.live.replayed import bodies_of
from shiliu.replay.operator.operator import perform
from shiliu.replay.retarget.arms import arms_of
from shiliu.replay.retarget.targets import HANDS
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.scene.scene import Scene

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))
from browser import Browser, browsing  # noqa: E402

EMULATOR = ROOT / "build" / "iwer" / "package" / "build" / "iwer.min.js"
WEAR = "window.worn = new IWER.XRDevice(IWER.metaQuest3); worn.installRuntime({forceInstall: true}); worn.stereoEnabled = false;"
PUSHED = {"microwave": ("closed", "started")}  # steps of a goal that a hand presses until the page shows them
BEFORE = 0.4  # s, of the way by which it got there
NEAR, AFTER, NEW = 0.7, 0.5, 1.0  # s before a touch from which on a hand is slow, s after it; s without one, after which it is another
LONGEST = 1800.0  # s, that a take may last on a slow machine
STYLES: dict[str, dict[str, float]] = {
    # pace: of the plan; reaction [s]; quick [rad/s] and damped: of the swing; drift [m]; corrects [1/s]; rests, rest [s]: how often it
    # stops, and for how long; careful, loose [m]: how near the robot's hand has to be at a grip, and elsewhere
    # gently: of the pace, before a touch
    "careful": {"pace": 0.85, "reaction": 0.20, "quick": 9, "damped": 0.75, "drift": 0.0007, "corrects": 1.0, "rests": 20, "rest": 0.4},
    "hasty": {"pace": 1.15, "reaction": 0.15, "quick": 8, "damped": 0.45, "drift": 0.002, "corrects": 1.5, "rests": 60, "rest": 0.2},
    "hesitant": {"pace": 0.80, "reaction": 0.30, "quick": 8, "damped": 0.60, "drift": 0.0015, "corrects": 0.8, "rests": 4, "rest": 0.6},
}
STYLES["careful"] |= {"careful": 0.008, "loose": 0.07, "gently": 0.3}
STYLES["hasty"] |= {"careful": 0.012, "loose": 0.12, "gently": 0.3}
STYLES["hesitant"] |= {"careful": 0.010, "loose": 0.06, "gently": 0.3}


def plan_of(scene: Scene, seed: int) -> dict[str, Any]:
    """Where the scripted operator's hands go in the draw of a seed, in the axes of a person who stands where the robot stands.

    By hand `aim` (T, 3) [m], where they are commanded, and `seen` (T, 3), where they were; `turn` (T, 4) since the start; `grip` (T, 1).
    `slow` (T, 1): 1 where a hand is about to touch something.
    `pushed`: steps of the goal that a hand presses, with the second at which the operator did, the hand, and its way (3,).
    """
    drawn = draw(scene, seed)
    (done,) = perform(scene, [drawn], [seed], judged=True)
    arms, names = arms_of(scene), list(scene.schema.action.names)
    columns = [names.index(name) for name in arms.names]
    joints = [int(scene.model.joint(name).qposadr[0]) for name in arms.names]
    x, y, yaw = scene.config.stands_at
    back = arms.facing.T
    ready = np.asarray(scene.ready_ctrl, float)
    actions = np.vstack([ready[None, : done.actions.shape[1]], done.actions])
    found: dict[str, Any] = {"dt": scene.control_timestep, "stands": [x, y, 0.0], "facing": [float(np.cos(yaw)), float(np.sin(yaw))]}
    for hand in HANDS:
        aim, frames = arms.follow(actions[:, columns], hand)
        seen, _ = arms.follow(done.qpos[:, joints], hand)
        claw = names.index(scene.robot.closes(hand))
        low, high = scene.schema.action.low[claw], scene.schema.action.high[claw]
        found[hand] = {
            "aim": rounded((aim - [x, y, 0.0]) @ arms.facing),
            "seen": rounded((seen - [x, y, 0.0]) @ arms.facing),
            "turn": rounded([quaternion(back @ one @ frames[0].T @ arms.facing) for one in frames]),
            "grip": rounded((actions[:, [claw]] - low) / (high - low)),
        }
    found["slow"] = _slow(scene, drawn.model, done.qpos, found["dt"])
    found["pushed"] = [_pushed(found, step, done.reached[step]) for step in PUSHED.get(scene.name, ()) if done.reached[step]]
    return found


def _slow(scene: Scene, model: mujoco.MjModel, qpos: np.ndarray, dt: float) -> list[list[float]]:
    """(T, 1) 1 from `NEAR` before a hand comes to touch a thing till `AFTER` it."""
    data, touching, slow = mujoco.MjData(model), {}, np.zeros((len(qpos), 1))
    hands = [bodies_of(model, scene.robot.arm_of(hand)[-1]) for hand in HANDS]
    for t, row in enumerate(qpos):
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        for pair in {tuple(sorted(model.geom_bodyid[geom].tolist())) for geom in data.contact.geom if geom.min() >= 0}:
            for k, hand in enumerate(hands):
                if len(hand.intersection(pair)) != 1:
                    continue
                thing = next(body for body in pair if body not in hand)
                if t - touching.get((k, thing), -np.inf) > NEW / dt:
                    slow[max(0, t - round(NEAR / dt)) : t + round(AFTER / dt)] = 1.0
                touching[k, thing] = t
    return slow.tolist()


def _pushed(plan: dict[str, Any], step: str, at: float) -> dict[str, Any]:
    """The hand that went furthest before a step was reached, and which way."""
    last, first = (int(t / plan["dt"]) for t in (at, at - BEFORE))
    ways = {hand: np.subtract(plan[hand]["aim"][last], plan[hand]["aim"][first]) for hand in HANDS}
    side = max(HANDS, key=lambda hand: float(np.linalg.norm(ways[hand])))
    way = ways[side] / max(float(np.linalg.norm(ways[side])), 1e-9)
    return {"step": step, "s": at, "side": side, "way": way.tolist()}


def rounded(values: Any) -> list[list[float]]:
    return np.round(np.asarray(values, float), 5).tolist()


def quaternion(matrix: np.ndarray) -> np.ndarray:
    found = np.empty(4)
    mujoco.mju_mat2Quat(found, np.ascontiguousarray(matrix).ravel())
    return found


def wear(browser: Browser) -> None:
    """The page with a headset on, and the person in it."""
    browser.call("Page.enable")
    script = "\n".join([EMULATOR.read_text(), WEAR, Path(__file__).with_name("page_person.js").read_text()])
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    browser.call("Page.reload")
    browser.until("window.worn && shiliu.bodies.length > 5 && !document.getElementById('xr').hidden", 120)
    browser.ask("worn.position.set(0, 1.6, 0), document.getElementById('xr').click(), 0")
    browser.until("worn.activeSession", 120)


def take(browser: Browser, plan: dict[str, Any], style: dict[str, float]) -> dict[str, Any]:
    """One take; what the person says of it, and the page's answers."""
    browser.until("shiliu.progress && shiliu.progress.recording === false && !shiliu.progress.judging", 120)
    browser.ask(f"perform({json.dumps(plan)}, {json.dumps(style)}), 0")
    browser.until("person.over", LONGEST)
    first = browser.until("shiliu.verdict", LONGEST)
    last = first + browser.until("shiliu.verdict.check === 'gate'", LONGEST)
    report = browser.ask("({...person, verdict: shiliu.verdict.verdict, lines: shiliu.verdict.lines, took: shiliu.verdict.took})")
    return dict(report) | {"answered": first, "judged": last, "lasted": browser.ask("shiliu.time")}


def picture(browser: Browser, file: Path) -> None:
    """Of the page as large as a person's: while it performs it is small, since a processor draws it."""
    browser.call("Emulation.setDeviceMetricsOverride", width=1000, height=640, deviceScaleFactor=1, mobile=False)
    time.sleep(1.0)
    browser.picture(file)
    browser.call("Emulation.clearDeviceMetricsOverride")


def main() -> int:
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    out, name = Path(given["out"]), given.get("scenario", "table_setting")
    takes, seed, chosen = int(given.get("takes", 10)), int(given.get("seed", 0)), given.get("styles", ",".join(STYLES)).split(",")
    scene = load_scenario(name)
    plans = [plan_of(scene, seed + k) for k in range(takes)]  # before there is a browser, which takes a core
    command = [sys.executable, "-m", "shiliu"]
    serving = subprocess.Popen(
        [*command, "teleop", f"scenario={name}", f"out={out}", f"seed={seed}"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert serving.stdout is not None
        url = serving.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder, browsing(url, Path(folder), "480,270") as browser:
            wear(browser)
            for k in range(takes):
                style = chosen[k % len(chosen)]
                report = take(browser, plans[k], STYLES[style] | {"seed": seed + k})
                if k < len(chosen):
                    picture(browser, out / f"{style}.png")
                line = {"take": k, "seed": seed + k, "style": style} | report
                with (out / "person.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
                lag = f"worst {1e3 * report['worst']:.0f} mm, waited {report['waited']:.1f} s of {report['lasted']:.1f} s"
                times = f"intake after {report['answered']:.2f} s, gate after {report['judged']:.2f} s, load {os.getloadavg()[0]:.1f}"
                print(f"{k} {style}: {report['lines'][0]} ({lag}; {times})", flush=True)
    finally:
        serving.terminate()
        serving.wait(timeout=60)
    subprocess.run([*command, "replay", f"data={out / 'set'}", f"out={out / 'verdict'}", "pictures=false"], check=False)
    delivering = ["deliver", f"data={out / 'set'}", f"verdicts={out / 'verdict'}", f"out={out / 'delivered'}", "licence=CC-BY-4.0"]
    return subprocess.run([*command, *delivering], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
