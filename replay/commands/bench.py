"""shiliu bench: speed as ratios to the bare engine, ours and bare interleaved in one run."""

from __future__ import annotations

import json
from pathlib import Path

from .command_request import CommandRequest
from .settings import Settings, listed

USAGE = """
shiliu bench scenario=NAME [variant=NAME] [cell=ID] [pairs=30] [only=[env.step,physics]]
             [out=FILE.json]

How fast is shiliu, compared with the bare engine? Blocks of both alternate, from the same
states. It prints the median of their ratio with a 95 % interval:
  - env.step against mj_step, and what of the scene a physics step is spent on
  - the vector environment, and replay with its verdicts, stage by stage, against Batch.rollout
  - reset, memory, start-up
only= chooses some of them.
"""


def run(request: CommandRequest) -> int:
    """Print a table, and write it as JSON where out= is given."""
    from ...scenarios.catalog.catalog import scene_of
    from ..benchmark.speed import SECTIONS, measure, table
    from ..formats.atomic_folder import refuse_unwritable, write_whole

    settings = Settings(request)
    name = settings.chosen("scenario") or "microwave"
    pairs, seed = settings["pairs"].integer(low=3), settings["seed"].seed()
    only = tuple(node.word(choices=tuple(SECTIONS)) for node in listed(settings["only"]))
    out = settings["out"].word(default="") or None
    robot, hand, base = settings.body()
    settings.stop()
    if out:
        refuse_unwritable(Path(out), file=True)
    scene = scene_of(settings.composed, name, hand=hand, base=base, robot=robot)
    results = measure(scene, pairs, seed, only)
    print(table(results))
    if out:
        write_whole(Path(out), json.dumps(results, indent=1) + "\n")
    return 0
