"""shiliu teleop: a scenario performed by hands on a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .settings import Settings

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from ..live.server import PageServer

USAGE = """
shiliu teleop scenario=NAME out=DIR [variant=NAME] [cell=ID] [seed=0] [lang=en|zh] [listen=ADDRESS] [port=0]
shiliu teleop scenario=NAME out=DIR from=SESSION.jsonl

Prints the address of a page on which the scenario is performed: by keyboard and mouse, a gamepad, or the controllers of a headset.
Enter begins a take and ends it; each has the draw of the next seed. A take is kept whatever its verdict: as an episode of DIR/set, what
the device sent in DIR/device, and its verdict in DIR/takes and DIR/slips. The page shows the intake's answer, and then the gate's.
from= performs a recorded session instead, as fast as it goes: a file of DIR/device gives the same actions again.
Exit 0; with from=, 1 where a take is INFEASIBLE or UNSOUND, 3 where one is INCONCLUSIVE.
"""


def run(request: CommandRequest) -> int:
    """Serve the page, or perform a session."""
    from ..formats.atomic_folder import refuse_unwritable
    from ..live.teleop import PageHands, SessionHands, Teleop
    from .record_performing import scene_of_request
    from .studio import PORTS, opened, serve

    settings = Settings(request)
    out, session = Path(settings["out"].word()), settings["from"].word(default="") or None
    lang, seed = settings["lang"].word(choices=("en", "zh")), settings["seed"].seed()
    listen, port = settings["listen"].word(default="") or None, settings["port"].integer(low=0, high=PORTS)
    if session is None:
        settings.refuse_sweep("from", "Write from=SESSION.jsonl, or leave -m out.")
    scene = scene_of_request(settings)  # which stops where a setting is wrong
    refuse_unwritable(out)
    if session is not None:
        hands = SessionHands(Path(session), scene.control_timestep)
        words = [verdict.verdict for verdict in Teleop(scene, hands, out, None, seed, lang).run()]
        return 1 if {"INFEASIBLE", "UNSOUND"} & set(words) else 3 if set(words) - {"FEASIBLE"} else 0

    def run_teleop(page: PageServer) -> None:
        Teleop(scene, PageHands(page, scene.control_timestep), out, page, seed, lang).run()

    return serve(opened(listen, port), run_teleop)
