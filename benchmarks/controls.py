"""What keeps a task from being done: a scenario's negative controls, in each of which one thing is changed.

`conf/controls/<scenario>.yaml` names them in the words of `mistakes`. Where a mistake is the operator's, a control changes what he meets or
what he can: its values may lie beyond what a draw or a part can have.
"""

from __future__ import annotations

from pathlib import Path

from shiliu.replay.operator.mistakes import Mistake, note_ways
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.own_files import read_own
from shiliu.scenarios.sheet.yaml_reader import Node, Problems, places_in

CONTROLS = CONF / "controls"


def read_controls(scene: Scene, folder: Path = CONTROLS) -> dict[str, Mistake]:
    """The controls of a scene by name; none where nobody has written any.

    Raises:
        ScenarioError: every unknown key, skill, part and code, with file and line.
    """
    file = folder / f"{scene.name}.yaml"
    if not file.is_file():
        return {}
    problems = Problems(places_in(file))
    found = note_ways(scene, Node(read_own(file), "", problems), beyond=True)
    problems.stop(f"The controls of {scene.name!r}")
    scene.config.problems.stop(f"The skills of {scene.name!r}")
    return found
