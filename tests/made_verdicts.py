"""Hand-made verdicts of every kind, for the tests of the reports."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from shiliu.replay.checks.finding import Fact, Finding, Picture, Plot, Table, VerdictEvidence
from shiliu.replay.judge.verdict import StageResult, Verdict

COMMAND = "shiliu replay data=takes scenario=microwave out=verdicts"
HOSTILE = "<script>alert(1)</script>\x1b[31m"


def png(width: int = 96, height: int = 64, shade: int = 200) -> bytes:
    """A plain grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes([shade, shade, min(255, shade + 20)] * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def evidence(length: float = 41.3, *, fault: bool = True) -> VerdictEvidence:
    t = np.arange(0.0, length, 1 / 30)
    speed = 1.6 * np.sin(0.9 * t) + (7.0 * np.exp(-(((t - 5.96) / 0.12) ** 2)) if fault else 0.0)
    skills = [
        ("reach", 0, 4.2),
        ("move_joint.pull", 4.2, 8.3),
        ("release", 8.3, 10),
        ("carry.level", 10, 19),
        ("put.inside", 19, 22),
        ("move_joint.shut", 22, 27),
        ("press.key", 27, 31),
        ("wait.event", 31, length),
    ]
    return VerdictEvidence(
        duration_s=length,
        wall_start_ns=1_763_447_527_030_000_000,
        segments=[{"skill": s, "t0": float(a), "t1": float(b)} for s, a, b in skills],
        plots=[
            Plot(
                "joint_velocity",
                "zarm_l2_joint",
                "rad/s",
                [
                    {"name": "command", "t": t, "y": speed},
                    {"name": "measured", "t": t, "y": 0.9 * speed},
                    {"name": "replayed", "t": t, "y": 0.85 * np.roll(speed, 8)},
                ],
                [{"name": "upper", "value": 6.0}, {"name": "lower", "value": -6.0}],
                [{"t0": 5.87, "t1": 6.06, "code": "joint.velocity"}] if fault else [],
            ),
            Plot(
                "joint_torque",
                "zarm_l2_joint",
                "Nm",
                [{"name": "replayed", "t": t, "y": 8 + 6 * np.sin(t)}],
                [{"name": "peak", "value": 66.7}],
            ),
        ],
        pictures=[
            Picture(0.0, "start", png()),
            Picture(5.87, "cause", png(shade=160)),
            Picture(length, "end", png(shade=120)),
        ],
        facts=[
            Fact("duration", {"value": length, "control_steps": round(30 * length)}),
            Fact("something_new", {"p50": 0.021, "what": "wrist"}),
        ],
        tables=[
            Table(
                "tracking",
                ["joint", "p50", "p95", "max"],
                [["zarm_l1_joint", 0.012, 0.08, 0.21], ["zarm_r7_joint", 0.034, 0.11, None]],
            )
        ],
    )


def stages(**verdicts: str) -> dict[str, StageResult]:
    known = {
        "integrity": "FEASIBLE",
        "kinematics": "FEASIBLE",
        "dynamics": "FEASIBLE",
        "replay": "FEASIBLE",
        "robustness": "NOT_CHECKED",
    } | verdicts
    return {
        name: StageResult(name, word, {"NOT_CHECKED": "not_run", "INCONCLUSIVE": "unknown_start"}.get(word))
        for name, word in known.items()
    }


def passed() -> list[Finding]:
    return [
        Finding("clock.gap", "PASS", "integrity", value=0.033, limit=0.05, unit="s"),
        Finding("unit.degrees", "PASS", "integrity"),
        Finding(
            "torque.peak",
            "PASS",
            "dynamics",
            signal="replayed",
            subject=("zarm_l2_joint",),
            value=31.0,
            limit=66.7,
            unit="Nm",
            limit_grade="published",
            limit_source="hardware configuration",
        ),
        Finding("balance", "PASS", "dynamics", value=0.046, limit=0.0, unit="m"),
        Finding("joint.acceleration", "NOT_CHECKED", "kinematics", reason="no_published_limit"),
        Finding("joint.jerk", "NOT_CHECKED", "kinematics", reason="no_published_limit"),
        Finding("grip.friction", "NOT_CHECKED", "dynamics", reason="no_finger_force"),
        Finding("force.person", "NOT_APPLICABLE", "replay", reason="no_person"),
    ]


def verdict(
    episode: str, word: str | None, findings: list[Finding], root: int | None = None, owner: str | None = None, **rest
) -> Verdict:
    fields = {
        "episode": episode,
        "source": f"{episode}.bag#0",
        "sha256": "5b0c" * 16,
        "scenario": "microwave",
        "scenario_version": 1,
        "cell": "bj_mw_03",
        "claim": "human",
        "verdict": word,
        "outcome": {},
        "required": ["integrity", "kinematics", "dynamics", "replay.goal"],
        "root": root,
        "owner": owner,
        "stages": stages(),
        "findings": findings,
        "provenance": {
            "judge": "0.1.0",
            "thresholds": "9f2c",
            "engine": "3.17.0",
            "notes": ["arm command: deg read as declared, converted to rad"],
        },
        "error": None,
        "evidence": evidence(fault=False),
    }
    return Verdict(**(fields | rest))


def too_fast(episode: str = "take_218") -> Verdict:
    own = {"limit_source": "hardware configuration", "limit_grade": "published"}
    door = {
        "details": {"title": {"en": "door swung back", "zh": "门弹回"}},
        "limit_source": "house rule",
        "limit_grade": "estimate",
    }
    findings = [
        Finding(
            "joint.velocity",
            "FAIL",
            "kinematics",
            "command",
            ("zarm_l2_joint",),
            5.87,
            6.06,
            8.4,
            6.0,
            -2.4,
            0.4,
            "rad/s",
            skill="move_joint.pull",
            fix={"kind": "slow", "t0": 5.7, "t1": 6.2, "factor": 0.7, "applicable": True},
            **own,
        ),
        Finding(
            "tracking", "FAIL", "replay", "replayed", ("left_tcp",), 6.1, 6.4, 0.11, 0.05, -0.06, 1.2, "m", because_of=0
        ),
        Finding(
            "scenario.door_rebound",
            "FAIL",
            "replay",
            "replayed",
            ("oven/door_hinge",),
            7.4,
            7.4,
            38.0,
            2.0,
            -36.0,
            18.0,
            "deg",
            because_of=1,
            **door,
        ),
        Finding(
            "goal",
            "FAIL",
            "replay",
            "replayed",
            because_of=0,
            details={"reached": 1, "total": 4, "reached_names": ["opened"], "starts": 32, "successes": 0},
        ),
        Finding(
            "torque.rated", "WARN", "dynamics", "replayed", ("zarm_r1_joint",), value=22.0, limit=20.0, unit="Nm", **own
        ),
        *passed(),
    ]
    word = {"kinematics": "INFEASIBLE", "replay": "INFEASIBLE"}
    outcome = {
        "label": True,
        "success": False,
        "subgoals": {"opened": 6.9, "loaded": None, "closed": None, "started": None},
    }
    return verdict(
        episode, "INFEASIBLE", findings, 0, "operator", stages=stages(**word), evidence=evidence(), outcome=outcome
    )


def degrees() -> Verdict:
    unit = Finding(
        "unit.degrees",
        "FAIL",
        "integrity",
        "recording",
        ("/kuavo_arm_traj",),
        details={"lo": -149.8, "hi": 110.7, "declared": "rad", "range_lo": -2.6, "range_hi": 1.6},
        fix={"kind": "unit", "channel": "/kuavo_arm_traj", "unit": "deg"},
    )
    stopped = [Finding("joint.velocity", "NOT_CHECKED", "kinematics", reason="integrity.unit.degrees")]
    return verdict(
        "take_221",
        "UNSOUND",
        [*passed(), unit, *stopped],
        len(passed()),
        "device",
        stages=stages(integrity="UNSOUND", kinematics="NOT_CHECKED"),
    )


def undecided() -> Verdict:
    goal = Finding("goal", "NOT_CHECKED", "replay", reason="unknown_start", details={"starts": 32, "successes": 13})
    return verdict("take_222", "INCONCLUSIVE", [*passed(), goal], None, "scene", stages=stages(replay="INCONCLUSIVE"))


def clean() -> Verdict:
    exact = Finding("reproduces", "PASS", "replay", details={"steps": 1239})
    return verdict("take_214", "FEASIBLE", [*passed(), exact], claim="simulation")


def unreadable(episode: str = "take_223") -> Verdict:
    nothing = {
        "stages": {},
        "evidence": None,
        "sha256": None,
        "claim": None,
        "provenance": {},
        "scenario": None,
        "scenario_version": None,
    }
    return verdict(
        episode,
        None,
        [],
        error={"file": f"{episode}.bag", "message": "The bag ends in the middle of a chunk. Copy it again."},
        **nothing,
    )


def everything() -> list[Verdict]:
    return [clean(), too_fast(), degrees(), undecided(), unreadable()]
