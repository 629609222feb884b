"""shiliu studio: a page that shows a scene while its files are edited, or takes that were judged."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...scenarios.reading.override import unquoted
from ...scenarios.sheet.errors import ScenarioError
from .command_request import CommandRequest
from .settings import Settings

if TYPE_CHECKING:
    from ..live.replayed import Replayed
    from ..live.server import PageServer

OF_SCENE = ("scenario", "variant", "cell", "robot", "hand", "base", "seed", "parts")  # settings of a scene that is edited
ANY = ("bare", "microwave")  # scenarios by whose files settings are read where the chosen one's cannot be
DRAWS = 5  # that `shiliu check` tries of a file that was saved

PORTS = 65535  # the highest
USAGE = """
shiliu studio scenario=NAME|FILE [variant=NAME] [cell=ID] [seed=N] [lang=en|zh] [listen=ADDRESS]
              [port=0]
shiliu studio verdict=DIR [data=RECORDINGS] [take=NAME|N] [lang=en|zh] [listen=ADDRESS] [port=0]

Serves a page until Ctrl-C ends it, and prints its address.

scenario= shows a scene that follows its files:
  - A saved change of a scenario, a part or a cell is shown at once. If a file is wrong, the
    page stays and lists what `shiliu check` reports; at the start, too.
  - A slider for each varied value, and the seed; sites by name; the reach of both arms. A click
    gives the `at:` of a part.
  - The scripted operator's chain is played, stopped and stepped by skill, with the reason if it
    gives up.
verdict= shows judged takes: each is played again with its findings on the time line. A click on
one goes to its moment and aims at its contact or joint.

Only this machine can open the page (127.0.0.1). listen= opens it to others by TLS, to whoever
has the printed token; the first who opens the page holds it.
"""


def run(request: CommandRequest) -> int:
    """Serve the page; 0 when it was ended."""
    from ...scenarios.reading import composition
    from ..live.studio import Studio
    from .record_performing import scene_of_request

    settings = page_settings(request)
    lang = settings["lang"].word(choices=("en", "zh"))
    seed = None if settings["seed"].value is None else settings["seed"].seed()
    listen, port = settings["listen"].word(default="") or None, settings["port"].integer(low=0, high=PORTS)
    verdict, data = (settings[key].word(default="") or None for key in ("verdict", "data"))
    take = None if settings["take"].value is None else str(settings["take"].value)
    settings.refuse_sweep("scenario", "Leave -m out.")
    settings.stop()
    if verdict is not None or data is not None or take is not None:
        return _verdict(request, verdict, data, take, lang, listen, port)
    own = (request.conf_dir or Path("conf")).resolve()  # which may be made later, as its assets may
    of = (own, composition.CONF)
    folders = list(dict.fromkeys([*of, *(one.parent / "assets" for one in of)]))

    def run_studio(page: PageServer) -> None:
        Studio(page, lambda: scene_of_request(Settings(request)), lang, seed, folders, check_command(request)).run()

    return serve(opened(listen, port), run_studio)


def page_settings(request: CommandRequest) -> Settings:
    """The settings of the page; what its scene's files have wrong is left for the page to show.

    Raises:
        ScenarioError: the command itself is wrong: a scenario, a cell or a key that there is not, or a value.
    """
    from ...scenarios.reading import composition

    try:
        return Settings(request)
    except ScenarioError as error:
        wrong = error
    where = request.conf_dir
    chosen = composition.chosen(request.verb, composition.by_name(request.verb, request.overrides, where), where)
    keys = {word: unquoted(word).partition("=")[0].lstrip("+~") for word in request.overrides}
    files = [word for word, key in keys.items() if key in chosen]
    page = [word for word, key in keys.items() if key.partition(".")[0] not in chosen]
    plain: dict[str, object] = {}
    with suppress(ScenarioError):
        plain = Settings(replace(request, overrides=[*files, *page])).tree
    if plain and all(isinstance(plain[group], dict) and plain[group] for group, member in chosen.items() if member):
        raise wrong  # its files can be read: it is the command that is wrong about what stands there
    for other in (name for name in ANY if name != chosen["scenario"]):
        try:
            return Settings(replace(request, overrides=[f"scenario={other}", *page]))
        except ScenarioError as error:
            wrong = error
    raise wrong


def _verdict(
    request: CommandRequest, verdict: str | None, data: str | None, take: str | None, lang: str, listen: str | None, port: int
) -> int:
    """Serve takes that were judged. The first is played before the page opens, so that what is wrong with it ends the command."""
    from ..live.player import Player, index_of
    from ..live.replayed import replayed
    from ..report.lines import VerdictLine, files_of, lines_of
    from ..report.text import Words

    if verdict is None:
        raise ScenarioError("belongs to verdict=. Name the out= of a `shiliu replay` by that.", field="data" if data else "take")
    keys = [unquoted(word).partition("=")[0].lstrip("+") for word in request.overrides]
    scene = next((key for key in keys if key.partition(".")[0] in OF_SCENE), None)
    if scene is not None:
        raise ScenarioError(f"A take is played in the scene that it was judged in. Leave {scene}= out.", field=scene)
    lines, words = list(lines_of(files_of(Path(verdict), "verdict"))), Words(lang)
    if not lines:
        raise ScenarioError("holds no line. Judge something first.", file=verdict, field="verdict")

    def load(line: VerdictLine) -> Replayed:
        return replayed(line, words, None if data is None else Path(data), request.conf_dir)

    index = index_of(lines, take)
    first = load(lines[index])
    return serve(opened(listen, port), lambda page: Player(page, lines, load, words, index, first).run())


def check_command(request: CommandRequest) -> list[str]:
    """`shiliu check` of the scene that a command names, with few draws: it is asked at each save."""
    own = ("seed", "listen", "port")
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
