"""Clean takes of servos and hands that the judge has never seen: how many are refused at intake, with speeds and without?

    python benchmarks/unseen_servos.py seeds=1000:1100 [out=FILE]

A seed draws a device and what six of its joints are commanded, and steps their physics:

device    stiffness 100 to 1600 /s², damping 0.7 to 1.5 of the critical; largest acceleration 15, 40 or 100 rad/s² or none; largest speed
          1.5 or 3 rad/s or none; a band of friction up to 10 mrad; sag under weight up to 30 mrad; 0 to 3 rows of delay; 15, 30 or 50 Hz;
          noise of 0.01 to 0.5 mrad
hands     largest speed 50 to 500 %/s, lag 20 to 150 ms, up to six rows of delay, an encoder of up to 1 %, measured every one to three
          rows; most close on a thing, which gives way by up to 15 % of what is commanded beyond
commands  smooth ways between places; with them two of: leaps by up to 0.6 rad within one to six rows, stretches that stand and then are
          elsewhere (a headset that was not seen), steps between the chunks of a policy, tremor; hands by a switch, ramps, a person, steps

Nothing is wrong in any of them, so a FAIL of `column.differs` is a wrong refusal. Each is a line. Exit 1: there is one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from given_words import given_words
from shiliu.replay.signals.statistics import wilson

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import servo_takes

DEFAULTS = {"seeds": "1000:1100", "out": ""}
STYLES = ("smooth", "leaps", "frozen", "chunks", "tremor")
LEAST_STEPS, PHYSICS = 8, 1200  # steps between two rows; Hz


def commands(rng: np.random.Generator, base: np.ndarray, rate: int) -> tuple[np.ndarray, list[str]]:
    """Commands (n, 6) [rad] that were smooth, in two styles; the styles."""
    styles = [str(one) for one in rng.choice(STYLES, size=2)]
    out, rows = base.copy(), np.arange(len(base))
    if "leaps" in styles:
        for joint in rng.choice(6, rng.integers(1, 4), replace=False):
            for _ in range(rng.integers(1, 3)):
                at, lasts = rng.integers(20, len(base) - 40), rng.integers(1, 7)
                out[:, joint] += np.clip((rows - at) / lasts, 0.0, 1.0) * rng.uniform(-0.6, 0.6)
    if "chunks" in styles:
        for at in range(40, len(base), int(rng.integers(25, 60))):
            out[at:] += rng.normal(0.0, 0.02, 6)
    if "tremor" in styles:
        out += 0.3 * np.cumsum(rng.normal(0.0, 1e-3, out.shape), axis=0) + 0.004 * np.sin(2.0 * np.pi * 8.0 / rate * rows)[:, None]
    if "frozen" in styles:
        for _ in range(rng.integers(1, 4)):
            at, lasts = rng.integers(20, len(base) - 60), rng.integers(3, 25)
            out[at : at + lasts] = out[at]
    return out, styles


def device(rng: np.random.Generator) -> dict[str, float]:
    """Numbers of a servo, in rad and s; `late` in rows."""
    stiffness = 10.0 ** rng.uniform(2.0, 3.2)
    return {
        "stiffness": stiffness,
        "damping": 2.0 * float(np.sqrt(stiffness)) * rng.uniform(0.7, 1.5),
        "most": float(rng.choice([15.0, 40.0, 100.0, np.inf])),
        "fastest": float(rng.choice([1.5, 3.0, np.inf])),
        "band": float(rng.choice([0.0, 0.0, 0.003, 0.01])),
        "sag": float(rng.choice([0.0, 0.0, 0.01, 0.03])),
        "late": int(rng.integers(0, 4)),
    }


def hands(rng: np.random.Generator, n: int, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Commands and measurements (n, 2) [%] of two hands, of which the second may rest."""
    rows, sent, seen = np.arange(n), np.zeros((n, 2)), np.zeros((n, 2))
    style, of = rng.choice(("switch", "ramp", "person", "steps")), {
        "fastest": 10.0 ** rng.uniform(1.7, 2.7), "lag": rng.uniform(0.02, 0.15), "late": int(rng.integers(0, 7)),
        "gives": float(rng.choice([0.0, 0.0, 0.05, 0.15])), "grain": float(rng.choice([0.0, 0.1, 0.4, 1.0])),
        "held": int(rng.integers(1, 4)),
    }  # fmt: skip
    for side in range(2 if rng.random() < 0.5 else 1):
        closes, lasts, full = int(rng.integers(30, 120)), int(rng.integers(60, 200)), float(rng.choice([60.0, 80.0, 100.0]))
        opens, takes = closes + lasts, int(rng.integers(8, 50))
        way = np.clip((rows - closes) / takes, 0.0, 1.0) * np.where(rows < opens, 1.0, np.clip(1.0 - (rows - opens) / takes, 0.0, 1.0))
        if style == "switch":
            way = ((rows >= closes) & (rows < opens)).astype(float)
        elif style == "person":
            way = 1.0 / (1.0 + np.exp(-(rows - closes) * 6.0 / takes)) - 1.0 / (1.0 + np.exp(-(rows - opens) * 6.0 / takes))
            way = np.clip(way + 0.0005 * np.abs(np.cumsum(rng.normal(0.0, 1.0, n))), 0.0, 1.0)
        sent[:, side] = full * (np.round(10.0 * way) / 10.0 if style == "steps" else way)
        thing = [(closes, opens, rng.uniform(15.0, 0.9 * full))] if rng.random() < 0.7 else []
        seen[:, side] = servo_takes.claw(sent[:, side], stops=thing, rate=rate, **of)
    return sent, seen


def take(seed: int) -> tuple[dict[str, np.ndarray], int, dict[str, Any]]:
    """Columns of a take, of six joints and two hands; rows a second; device and styles."""
    rng = np.random.default_rng(seed)
    rate = int(rng.choice([15, 30, 30, 50]))
    columns = servo_takes.motion(seed, rate=rate)
    columns["action"], styles = commands(rng, columns["action"], rate)
    of, noise = device(rng), 10.0 ** rng.uniform(-5.0, -3.3)
    for j in range(6):
        steps = max(LEAST_STEPS, PHYSICS // rate)
        columns["state"][:, j], columns["velocity"][:, j] = servo_takes.servo(columns["action"][:, j], rate=rate, steps=steps, **of)
    columns["state"] += rng.normal(0.0, noise, columns["state"].shape)
    columns["claw"], columns["claw_at"] = hands(rng, len(columns["action"]), rate)
    return columns, rate, of | {"noise": noise, "rate": rate, "styles": "+".join(styles)}


def main() -> int:
    given = given_words(DEFAULTS, sys.argv[1:], ("seeds",))
    first, _, last = (given or {"seeds": ""})["seeds"].partition(":")
    if given is None or not (first.isdecimal() and last.isdecimal()):
        print(__doc__, file=sys.stderr)
        return 2
    lines = []
    for seed in range(int(first), int(last)):
        columns, rate, about = take(seed)
        for without in ((), ("velocity",)):
            one = servo_takes.found(columns, without=without, rate=rate)
            lines.append({"seed": seed, "without": list(without), "level": one.level, **about})
            if one.level == "FAIL":
                kind, column, rows = (one.details.get(key) for key in ("kind", "column", "rows"))
                print(seed, ", ".join(one.subject[:2]), column, kind, rows, f"{one.value:.3f} {one.unit}", about, flush=True)
    if given["out"]:
        Path(given["out"]).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    refused, takes = len({line["seed"] for line in lines if line["level"] == "FAIL"}), int(last) - int(first)
    low, high = wilson(refused, takes)
    print(f"refused {refused} of {takes} clean takes, {refused / takes:.1%} ({low:.1%} to {high:.1%})")
    return int(refused > 0)


if __name__ == "__main__":
    raise SystemExit(main())
