"""The scenario's own mistakes as faults: each stands in its YAML with the code that it must bring."""

from __future__ import annotations

from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.scenarios.scene.scene import Scene

from .fault import Fault, FaultMark, Work


def mistakes_of(scene: Scene) -> tuple[Fault, ...]:
    """A fault for each mistake of a scenario.

    Raises:
        ScenarioError: something is wrong with the mistakes in its YAML.
    """
    found = []
    for name, mistake in read_mistakes(scene).items():

        def put(work: Work, size: float, name: str = name) -> FaultMark:
            work.mistake = name
            return FaultMark()

        codes = [_finding_code(mistake.code)]
        if any(step.slips is not None for step in mistake.steps):
            codes.append("drop")  # what a hand lets go of falls first, whatever the scenario calls it where it lands
        found.append(Fault(f"mistake {name.replace('_', ' ')}", tuple(codes), "mistake", put, whole=True))
    return tuple(found)


def _finding_code(code: str) -> str:
    """`replay.force.object:door_pinch` as the code of a finding, `force.object`."""
    return code.removeprefix("replay.").partition(":")[0]
