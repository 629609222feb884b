"""What lies beside a bag of a published Kuavo set (LET): a JSON of the bag's name with scene, task and a timeline of skills.

Layout as the set's public page describes it: `marks` of `skillAtomic`, `skillDetail`, `enSkillDetail`, `markStart` and `markEnd` (local
times of day), `startPosition` and `endPosition` (shares of the recording), `markType`; `taskName`, `taskPrompt`, `deviceSn`,
`primaryScene…`. It was never tried on a bag of theirs. Whatever is not as described is a note, never an error: the bag is evidence
without it too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...recording.recording import Recording

MAX_BYTES = 16 << 20
SCENES = ("primarySceneCode", "secondarySceneCode", "tertiarySceneCode")
TEXTS = ("initSceneText", "englishInitSceneText", "taskGroupName", "taskGroupCode", "taskName", "taskCode", "deviceSn")
HANDS = (  # topic of a hand's state or command -> what the hand is
    ("/leju_claw_state", "leju_claw"),
    ("/control_robot_leju_claw", "leju_claw"),
    ("/leju_claw_command", "leju_claw"),
    ("/dexhand/state", "dexterous hand"),
    ("/control_robot_hand_position", "dexterous hand"),
    ("/gripper/state", "Robotiq 2F-85 of the simulator"),
    ("/gripper/command", "Robotiq 2F-85 of the simulator"),
)
OWN = "leju_claw"


def with_labels(recording: Recording, path: Path, topics: set[str], duration_s: float) -> None:
    """Put what lies beside a bag into the recording's metadata (`task`, `timeline`, `set_label`), and say what its hand is.

    Args:
        topics: that the bag holds with messages; duration_s: of the bag [s].
    """
    hands = list(dict.fromkeys(hand for topic, hand in HANDS if topic in topics))
    if hands:
        recording.metadata["hand"] = ", ".join(hands)
    if other := [hand for hand in hands if hand != OWN]:
        recording.notes.append(
            f"its hands are {', '.join(other)}, and not the claw that is judged here: what they hold is not checked"
        )
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return
    try:
        if beside.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
        tree = json.loads(beside.read_text(encoding="utf-8-sig"))
        if not isinstance(tree, dict) or not isinstance(tree.get("marks"), list):
            raise ValueError("it has no list `marks`")
        timeline = [_segment(mark, duration_s) for mark in tree["marks"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        recording.notes.append(f"labels in {beside.name} are not read: {' '.join(str(error).split())[:160]}")
        return
    label = {key: str(tree[key]) for key in (*SCENES, *TEXTS) if tree.get(key)}
    recording.metadata["set_label"] = label
    recording.metadata["timeline"] = timeline
    sentence = str(tree.get("taskPrompt") or label.get("taskName") or "")
    if sentence:
        recording.metadata.setdefault("task", sentence)
    skills = ", ".join(f"{one['skill']} {one['t0']:.1f}-{one['t1']:.1f} s" for one in timeline[:12])
    recording.notes.append(f"labels read from {beside.name}: {len(timeline)} steps ({skills or 'none'})")


def _segment(mark: dict[str, Any], duration_s: float) -> dict[str, Any]:
    """One step: skill, seconds from the bag's beginning, and its sentence in both languages.

    Raises:
        ValueError, KeyError, TypeError: it is not as described.
    """
    first, last = float(mark["startPosition"]), float(mark["endPosition"])
    if not 0.0 <= first <= last <= 1.0:
        raise ValueError(f"a step lies from {first:g} to {last:g} of the recording, which are no shares of it")
    return {
        "skill": str(mark["skillAtomic"]),
        "t0": round(first * duration_s, 3),
        "t1": round(last * duration_s, 3),
        "en": str(mark.get("enSkillDetail") or ""),
        "zh": str(mark.get("skillDetail") or ""),
    }
