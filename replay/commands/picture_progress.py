"""How far the pictures of a demonstration are: a line on the error stream every few seconds, one that is written over on a terminal."""

from __future__ import annotations

import sys
import time

from .record_lines import Lines

EVERY = 10.0  # s, between two lines where the error stream is no terminal
LIVE = 0.2  # s, between two states of the line of a terminal


class PictureProgress:
    """Called after each picture, as `pictures` does.

    Args:
        lines: words; seed: of the demonstration; quiet: say nothing.
    """

    def __init__(self, lines: Lines, seed: int, quiet: bool) -> None:
        self._lines, self._seed, self._quiet = lines, seed, quiet
        self._live = sys.stderr.isatty()
        self._begin = self._last = time.monotonic()

    def __call__(self, feature: str, n: int, of: int) -> None:
        """Say it, unless that was done a moment ago; a camera that is done is always said."""
        now, done = time.monotonic(), n == of
        if self._quiet or not (done or now - self._last > (LIVE if self._live else EVERY)):
            return
        self._last = now
        camera = feature.removeprefix("observation.images.")
        text = self._lines.say("drawn", seed=self._seed, camera=camera, n=n, of=of, s=f"{now - self._begin:.0f}")
        end = "\n" if done or not self._live else ""
        print(f"\r    {text}" if self._live else f"    {text}", end=end, file=sys.stderr, flush=True)
