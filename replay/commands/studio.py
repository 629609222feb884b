"""shiliu studio: a page that shows a scene while its files are edited."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from ...scenarios.reading.override import unquoted
from .settings import Settings

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from ..live.server import PageServer

DRAWS = 5  # that `shiliu check` tries of a file that was saved

USAGE = """
shiliu studio scenario=NAME|FILE [variant=NAME] [cell=ID] [seed=N] [lang=en|zh] [listen=ADDRESS] [port=0]

Prints the address of a page and serves it until it is interrupted (Ctrl-C). The page shows the scene, and follows its files: what is
saved in a scenario, a part or a cell is shown at once; where a file is wrong the page stays and lists what `shiliu check` says.
A slider for each varied value, and the seed; sites by name; the reach of both arms; a click gives the `at:` of a part, ready to paste.
The scripted operator's chain is played, stopped, and stepped by skill, with the reason where it gives up.
The page is this machine's alone (127.0.0.1). listen= opens it to others in the room by TLS, to whoever has the token that is printed;
the first who opens it has it.
"""


def run(request: CommandRequest) -> int:
    """Serve the page; 0 when it was ended."""
    from ...scenarios.reading import composition
    from ..live.studio import Studio
    from .record_performing import scene_of_request

    settings = Settings(request)
    lang = settings["lang"].word(choices=("en", "zh"))
    seed = None if settings["seed"].value is None else settings["seed"].integer(low=0)
    listen, port = settings["listen"].word(default="") or None, settings["port"].integer(low=0)
    settings.stop()
    own = composition.folders(request.conf_dir)[0]
    folders = [own, *([assets] if (assets := composition.own_assets(request.conf_dir)) else [])]
    folders += [composition.CONF.parent / "assets", *([composition.CONF] if own != composition.CONF else [])]

    def run_studio(page: PageServer) -> None:
        Studio(page, lambda: scene_of_request(Settings(request)), lang, seed, folders, check_command(request)).run()

    return serve(opened(listen, port), run_studio)


def check_command(request: CommandRequest) -> list[str]:
    """`shiliu check` of the scene that a command names, with few draws: it is asked at each save."""
    own = ("seed", "lang", "listen", "port")
    words = [unquoted(word) for word in request.overrides if word.partition("=")[0] not in own]
    where = ["--config-dir", str(request.conf_dir)] if request.conf_dir is not None else []
    gently = ["nice"] if shutil.which("nice") else []  # what plays goes before
    return [*gently, sys.executable, "-m", "shiliu", "check", *words, f"draws={DRAWS}", *where]


def opened(listen: str | None, port: int) -> PageServer:
    """The server, its address printed."""
    from ..live.server import PageServer

    page = PageServer(listen, port)
    print(page.url, flush=True)
    return page


def serve(page: PageServer, run: object) -> int:
    """Run until it is interrupted."""
    try:
        run(page)  # type: ignore[operator]
    except KeyboardInterrupt:
        print("shiliu: the page has ended", file=sys.stderr)
    finally:
        page.close()
    return 0
