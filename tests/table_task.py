"""A task at the table of the bench, and what `shiliu check` says of it to one question."""

from __future__ import annotations

import benches
import yaml
from shiliu.scenarios.soundness.task_soundness import task_problems

# the far edge of the table is 250 mm from its middle; the bowl stands 280 mm to the left of it
FAR = "{near: {of: bowl.base, to: table.top_front, within: %d mm}}"
STANDS = "upright: {of: bowl, within: 5 deg}"
MIDDLE = "{near: {of: bowl.base, to: table.top, within: 100 mm}}"
TOGETHER, STEPS, FORBIDDEN, STILL = (
    "conditions can hold at once",
    "steps can hold at once",
    "what is asked for is not forbidden",
    "the task is still to do",
)
MOVED = "a: {moved: {of: bowl, more_than: 60 mm}, passes: true}, "


def scene(goal: str = "{there: " + MIDDLE + "}", skills: str = "[wait: {time: 1 s}]", **more: object):
    return benches.bench(skills, goal, "can", **more)


def found(made, question: str) -> list[str]:
    lines = dict(task_problems(made, []))[question]
    assert all(line.startswith("scenario.") for line in lines)  # of a tree without a file
    return [line.removeprefix("scenario.") for line in lines]


def extras() -> dict:
    """An oven with a door, and a counter."""
    tree = yaml.safe_load(benches.BENCH)["parts"]
    tree.pop("can")
    tree["oven"] = {"part": "fixtures/microwave", "at": {"x": "900 mm", "y": "-900 mm"}}
    rules = {"turns": {"counts": {"angle": {"of": "oven.door", "above": "60 deg"}}, "adds": 1}}
    return {"parts": tree, "rules": rules}
