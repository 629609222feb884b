"""How long the page takes, from a wish to what is seen, in headless Chromium.

    python benchmarks/page_times.py [rounds=5] [pictures=DIR]

A copy of a scenario is edited in a working folder of its own. Each line: median and largest of the rounds in seconds by the clock; the
processor time of the server and of the browser, all its processes (medians); and how many times slower than alone a loop ran beside the
rounds: on a machine that is busy the clock counts the others, and processor time is what a machine of one's own would take at most.
The browser draws by software (SwiftShader).
- saved, shown: from the write of the file to the page's new shapes and frame, rigid (`microwave`) and cloth (`laundry_folding`).
- slider, scene: from a slider's event to the values and frame that come back; click, at: from a click to the line in the field.
- finding, moment: from a click on a finding to the picture at its moment with the camera on its contact, of a take of 50 s.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shiliu
from shiliu.cli import main as command
from shiliu.replay.live.player import Player
from shiliu.replay.live.replayed import replayed
from shiliu.replay.live.server import Message, PageServer
from shiliu.replay.live.studio import Studio
from shiliu.replay.report.lines import files_of, lines_of
from shiliu.replay.report.text import Words

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))
from browser import Browser, browsing  # noqa: E402

YARDSTICK = 0.1  # s of processor time
OF = {  # of each scenario: what is changed in its file, between these two, and a value that varies
    "microwave": ("x: 142 mm", "x: 152 mm", "counter.height", "bowl"),
    "laundry_folding": ("x: 270 mm", "x: 272 mm", "", ""),
}


@contextmanager
def served(run: Callable[[PageServer], Any], size: str) -> Iterator[Browser]:
    page = PageServer()
    running = threading.Thread(target=run, args=(page,), daemon=True)
    running.start()
    try:
        with tempfile.TemporaryDirectory() as profile, browsing(page.url, Path(profile), size) as browser:
            browser.until("shiliu.frames > 0", 120)
            yield browser
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(60)
        page.close()


def of_children() -> float:
    """Processor time [s] so far of the browser, all its processes; 0 where there is no /proc."""
    ticks, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), int(fields[11]) + int(fields[12])
    ours = {os.getpid()}
    for _ in range(6):  # generations of a browser
        ours |= {pid for pid, parent in parents.items() if parent in ours}
    return sum(ticks[pid] for pid in ours - {os.getpid()}) / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def slowed() -> float:
    """How many times longer a loop takes by the clock than by its processor time, now."""
    begun, before = time.monotonic(), time.thread_time()
    while time.thread_time() - before < YARDSTICK:
        sum(range(1000))
    return (time.monotonic() - begun) / YARDSTICK


def timed(name: str, rounds: int, do: Callable[[int], None], shown: Callable[[int], Any]) -> None:
    clock, spent, drawn, beside = [], [], [], []
    for k in range(rounds):
        beside.append(slowed())
        begun, before, browser = time.monotonic(), time.process_time(), of_children()
        do(k)
        shown(k)
        clock.append(time.monotonic() - begun)
        spent.append(time.process_time() - before)
        drawn.append(of_children() - browser)
        time.sleep(1.0)
    middle = [statistics.median(one) for one in (clock, spent, drawn, beside)]
    print(f"| {name} | {middle[0]:.2f} s | {max(clock):.2f} s | {middle[1]:.2f} s | {middle[2]:.2f} s | {middle[3]:.1f} |", flush=True)


def studio(name: str, rounds: int, pictures: Path | None) -> None:
    one, other, key, part = OF[name]
    Path("conf/scenario").mkdir(parents=True, exist_ok=True)
    file = Path("conf/scenario/mine.yaml")
    shutil.copy(ROOT / "conf" / "scenario" / f"{name}.yaml", file)
    text = file.read_text(encoding="utf-8")
    assert one in text, (name, one)

    def run(page: PageServer) -> None:
        Studio(page, lambda: shiliu.load_scenario("mine"), files=[Path("conf").absolute()]).run()

    def save(k: int) -> None:
        browser.ask("window.before = shiliu.shapes, window.count = shiliu.frames, 0")
        file.write_text(text.replace(one, other) if k % 2 == 0 else text, encoding="utf-8")

    with served(run, "1200,760") as browser:
        timed(f"saved, shown: {name}", rounds, save, lambda k: browser.until("shiliu.shapes !== before && shiliu.frames > count"))
        if not key:
            return
        slider = f"document.querySelector('[data-key=\"{key}\"]')"

        def slide(k: int) -> None:
            to = f"{slider}.{'max' if k % 2 == 0 else 'min'}"
            browser.ask(f"window.before = shiliu.values, {slider}.value = +{to}, {slider}.oninput(), 0")

        timed("slider, scene", rounds, slide, lambda k: browser.until("shiliu.values !== before"))
        browser.ask(f"document.getElementById('part').value = '{part}', 0")

        def click(k: int) -> None:
            browser.ask("window.before = shiliu.at, 0")
            browser.click(400 + 5 * k, 430)

        timed("click, at", rounds, click, lambda k: browser.until("shiliu.at !== before"))
        if pictures is not None:
            browser.ask("document.getElementById('spheres').click(), document.getElementById('sites').click(), 0")
            browser.ask("document.getElementById('play').click(), 0")
            browser.until("shiliu.time > 6", 240)
            browser.picture(pictures / "studio.png")


def verdict(rounds: int, pictures: Path | None) -> None:
    command(["record", "scenario=microwave", "episodes=1", "seed=1", "out=own", "quiet=true"])
    command(["replay", "data=own", "out=judged", "pictures=false", "quiet=true"])
    words, lines = Words("en"), list(lines_of(files_of(Path("judged"))))
    found = [{**lines[0].findings[0], "level": "WARN", "t0": t, "t1": t, "subject": ["bowl", "counter"]} for t in (2.0, 30.0)]
    lines[0].tree["findings"] = [*lines[0].findings, *found]
    first = replayed(lines[0], words, Path("own"))
    with served(lambda page: Player(page, lines, lambda line: first, words, 0, first).run(), "1200,760") as browser:
        n = browser.ask("document.querySelectorAll('#findings li').length")

        def jump(k: int) -> None:
            browser.ask(f"window.before = shiliu.aim, document.querySelectorAll('#findings li')[{n - 1 - k % 2}].click(), 0")

        timed("finding, moment", rounds, jump, lambda k: browser.until("shiliu.aim !== before"))
        if pictures is not None:
            browser.ask("document.getElementById('ghost').click(), 0")
            time.sleep(2)
            browser.picture(pictures / "player.png")


def main() -> int:
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    rounds, pictures = int(given.get("rounds", 5)), Path(given["pictures"]).absolute() if "pictures" in given else None
    print("| from, to | median | largest | processor time of the server | of the browser | a loop is slower |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in OF:
            studio(name, rounds, pictures)
        verdict(rounds, pictures)
        os.chdir(ROOT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
