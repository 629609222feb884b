"""Verdicts of some days of a centre that never was: lines with known causes of failure, for whatever reads many of them."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shiliu.replay.checks.rules import load_rules

RULES = load_rules()
SETS = {"P-0101": 1, "P-0102": 1, "P-0103": 2, "P-0104": 2, "P-0105": 3, "P-0106": 3}  # operator -> device set
FIRST = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # eight in the morning in Beijing
BROKEN = FIRST + timedelta(days=1, hours=1, minutes=12)  # 09:12 of the second day: the clock of device set 3
REQUIRED = ["integrity", "kinematics", "dynamics", "replay.goal", "replay.safety"]


def finding(code: str, level: str, **known: Any) -> dict[str, Any]:
    return RULES[code].finding(level=level, **({"excess": 0.0} | known)).to_dict(f"{code} {known.get('value')}")


def line(
    k: int,
    operator: str = "P-0101",
    at: datetime | None = None,
    speed: float = 3.0,
    skew: float = 0.01,
    lag: float = 0.1,
    y: float = 0.25,
    goal: bool = True,
    push: float = 5.0,
    scenario: str = "table_setting",
) -> dict[str, Any]:
    """One line; what is beyond its bound fails, as the judge would say it."""
    found = [
        finding("clock.skew", "FAIL" if skew > 0.5 else "PASS", value=skew, limit=0.5),
        finding("stream.lag", "PASS", value=lag, limit=0.6),
        finding(
            "joint.velocity",
            "FAIL" if speed > 6.3 else "PASS",
            value=speed,
            limit=6.0,
            subject=("zarm_l2_joint",),
            excess=max(0.0, speed / 6.0 - 1.0),
        ),
        finding("torque.peak", "PASS"),
        finding("goal", "PASS" if goal else "FAIL", skill=None if goal else "take.rim"),
        finding("force.object", "FAIL" if push > 40.0 else "PASS", value=push, limit=40.0),
        finding("robustness", "NOT_CHECKED", reason="not_run_gate"),
    ]
    failed = [i for i, one in enumerate(found) if one["level"] == "FAIL"]
    verdict = "FEASIBLE" if not failed else "UNSOUND" if found[failed[0]]["code"] == "clock.skew" else "INFEASIBLE"
    root = failed[0] if failed else None
    pace = [round(2.0 + random.Random(f"{k} {i}").random(), 3) for i in range(8)]
    at = FIRST + timedelta(minutes=4 * k) if at is None else at
    return {
        "episode": f"take_{k:05d}",
        "source": f"day/take_{k:05d}.bag",
        "sha256": hashlib.sha256(str(k).encode()).hexdigest(),
        "scenario": scenario,
        "scenario_version": 1,
        "cell": "ts_01",
        "claim": "robot",
        "verdict": verdict,
        "outcome": {"success": goal, "label": goal},
        "taken": {
            "operator": operator,
            "centre": "Beijing Shijingshan",
            "cell": f"ts_0{1 + k % 3}",
            "devices": {"headset": "PICO 4 Ultra", "exoskeleton": f"set {SETS.get(operator, 1)}"},
            "robot": {"serial": f"00{20 + k % 2}"},
            "calibration": {"id": "cal-17", "date": "2026-11-02"},
            "begins": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "length_s": 12.0 + (k % 7) * 0.3,
            "skills": ["look", "take.rim", "lift", "put.on"],
            "pace": pace,
            "draw": {"bowl.at.y": [y, 0.21, 0.33], "buns.mass": [0.1 + 0.15 * random.Random(k).random(), 0.1, 0.25]},
        },
        "required": REQUIRED,
        "root": root,
        "owner": None if root is None else RULES[found[root]["code"]].owner,
        "stages": {},
        "findings": found,
        "provenance": {"shiliu": "0", "thresholds": "arm_manipulation 0"},
    }


def shifts(n: int = 600, days: int = 4) -> list[dict[str, Any]]:
    """Takes of six operators on three device sets. Three things are wrong, and nothing else:

    from 09:12 of the second day on the clock of device set 3 is 0.7 s behind; P-0102 moves too fast in two of five takes; where the bowl
    stands in the far quarter of its range, the goal is missed in half of the takes.
    """
    luck, found = random.Random(16), []
    operators = list(SETS)
    for k in range(n):
        operator = operators[k % len(operators)]
        at = FIRST + timedelta(days=k * days // n, minutes=(k % (n // days)) * 9 * 60 * days / n)
        y = 0.21 + 0.12 * luck.random()
        broken = SETS[operator] == 3 and at >= BROKEN
        found.append(
            line(
                k,
                operator,
                at,
                speed=8.4 if operator == "P-0102" and luck.random() < 0.4 else 3.0 + luck.random(),
                skew=0.7 + 0.01 * luck.random() if broken else 0.01 * luck.random(),
                lag=0.1 + 0.02 * (k * days // n) + 0.01 * luck.random(),
                y=y,
                goal=not (y > 0.30 and luck.random() < 0.5),
                push=30.0 + 8.0 * luck.random(),
            )
        )
    return found


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    """A `verdicts.jsonl` of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")
    return path
