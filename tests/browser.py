"""Chromium without a screen, spoken to by its debugging protocol: one page, what stands on it, a picture of it."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shiliu.replay.live.server import Message, PageServer
from shiliu.replay.live.teleop import PageHands, Teleop
from shiliu.scenarios.scene.scene import Scene

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--headless=new", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


class Browser:
    """A page that was opened."""

    def __init__(self, connection: Any):
        self._connection, self._numbers = connection, itertools.count(1)

    def call(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._connection.recv(timeout=60))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def ask(self, script: str) -> Any:
        """The value of an expression of the page."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, script: str, seconds: float = 60.0) -> float:
        """Wait for an expression to be true; how long it took [s]."""
        begun = time.monotonic()
        while not self.ask(f"(() => {{ try {{ return !!({script}) }} catch {{ return false }} }})()"):
            assert time.monotonic() - begun < seconds, f"{script} never came true"
            time.sleep(0.05)
        return time.monotonic() - begun

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, code: str, key: str, down: bool) -> None:
        self.call("Input.dispatchKeyEvent", type="keyDown" if down else "keyUp", code=code, key=key)

    def picture(self, file: Path) -> None:
        shot = self.call("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def browsing(url: str, folder: Path, size: str = "1000,640") -> Iterator[Browser]:
    """A browser with this page open."""
    from websockets.sync.client import connect

    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--window-size={size}", "--remote-debugging-port=0", f"--user-data-dir={folder}", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port_file = folder / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (port_file.is_file() and port_file.read_text().strip()):
            assert time.monotonic() < end and process.poll() is None, "the browser did not begin"
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        while True:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                pages = [one for one in json.load(answer) if one["type"] == "page" and one["url"].startswith(("http", "file"))]
            if pages:
                break
            time.sleep(0.05)
        with connect(pages[0]["webSocketDebuggerUrl"], max_size=2**26) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def performing(scene: Scene, folder: Path, seed: int, lang: str) -> Iterator[Browser]:
    """The page of `shiliu teleop` in a browser, its takes below `folder/out`; the session is over where this ends."""
    page = PageServer()
    teleop = Teleop(scene, PageHands(page, scene.control_timestep), folder / "out", page, seed, lang)
    running = threading.Thread(target=teleop.run, daemon=True)
    running.start()
    try:
        with browsing(page.url, folder / "profile") as browser:
            yield browser
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(60)
        page.close()
