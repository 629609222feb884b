"""shiliu teleop: a scenario performed by hands on a page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .command_request import CommandRequest
from .settings import Settings

if TYPE_CHECKING:
    from ..live.server import PageServer

USAGE = """
shiliu teleop scenario=NAME out=DIR [variant=NAME] [cell=ID] [seed=0] [lang=en|zh]
              [listen=ADDRESS] [port=0]
shiliu teleop scenario=NAME out=DIR from=SESSION.jsonl

Serves a page on which a person performs the scenario, and prints its address. Devices: keyboard
and mouse, a gamepad, or the controllers of a headset. Enter begins a take and ends it. Each
take has the draw of the next seed.

Every take is kept, whatever its verdict:
  DIR/set                an episode
  DIR/device             what the device sent
  DIR/takes, DIR/slips   the verdict. The page shows the intake's answer first, then the gate's
from= performs a recorded session instead, as fast as possible: a file of DIR/device gives the
same actions again.
Exit: 0; with from=, 1 if a take is INFEASIBLE or UNSOUND, 3 if one is INCONCLUSIVE.
"""


def run(request: CommandRequest) -> int:
    """Serve the page, or perform a session."""
    from ...scenarios.sheet.errors import ShiliuError
    from ..formats.atomic_folder import refuse_unwritable
    from ..live.device_session import SessionHands
    from ..live.rehearsal import rehearse
    from ..live.sole_writer import sole_writer
    from ..live.teleop import NoHands, Teleop
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
        with sole_writer(out):
            words = [verdict.verdict for verdict in Teleop(scene, hands, out, None, seed, lang).run()]
        return 1 if {"INFEASIBLE", "UNSOUND"} & set(words) else 3 if set(words) - {"FEASIBLE"} else 0

    with sole_writer(out):
        teleop = Teleop(scene, NoHands(), out, None, seed, lang)  # what is wrong with it is reported before there is a page
        with suppress(ShiliuError):  # somebody's own `bare`, which need not be right
            rehearse(lang)

        def run_teleop(page: PageServer) -> None:
            teleop.show_on(page)
            teleop.run()

        return serve(opened(listen, port), run_teleop)
