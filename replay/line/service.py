"""What a watched line tells a supervisor: `/health`, `/metrics` (Prometheus text format 0.0.4), and a log that is turned over."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ...scenarios.sheet.errors import ShiliuError
from ...version import __version__

STILL = 60.0  # s without a round of the loop, after which the line is no longer healthy: a round takes about a second
LOG_BYTES, LOG_FILES = 10_000_000, 5  # of one log file, and how many former ones are kept


class Service:
    """The figures of a line that watches, and who answers with them.

    Args:
        address: `HOST:PORT`, such as 127.0.0.1:9400, or None: nobody asks. Port 0 takes a free one.
        log: file that gets each line beside the terminal; None: none.

    Attributes:
        waiting: how many jobs nobody has begun; lost: workers that were replaced.

    Raises:
        ShiliuError: the address is none, or taken; the log cannot be written. Nothing is left behind.
    """

    waiting: Callable[[], int]
    lost: Callable[[], int]

    def __init__(self, address: str | None, log: Path | None) -> None:
        self.takes: Counter[str] = Counter()
        self.late = 0
        self.last = 0.0  # s since 1970, of the last take
        self.waiting = self.lost = lambda: 0
        self._round, self._log = time.monotonic(), None
        self._server = None if address is None else self._serve(address)
        try:
            self._log = None if log is None else _rotating(log)
        except ShiliuError:
            self.close()
            raise

    @property
    def port(self) -> int | None:
        """The port that answers."""
        return None if self._server is None else int(self._server.server_address[1])

    def alive(self) -> None:
        """The loop has gone round."""
        self._round = time.monotonic()

    def count(self, verdict: str | None, in_time: bool) -> None:
        """A take was reported; None: it could not be read."""
        self.takes[verdict or "unreadable"] += 1
        self.late += not in_time
        self.last = time.time()

    def say(self, line: str, quiet: bool = False) -> None:
        """A line for the log, and for the terminal unless `quiet`."""
        if self._log is not None:
            self._log.info(line)
        if not quiet:
            print(line, flush=True)

    def healthy(self) -> bool:
        return time.monotonic() - self._round < STILL

    def metrics(self) -> str:
        """All figures, in the text format of Prometheus."""
        rows = [("shiliu_info", "gauge", f'{{version="{__version__}"}}', 1.0)]
        rows += [("shiliu_takes_total", "counter", f'{{verdict="{verdict}"}}', n) for verdict, n in sorted(self.takes.items())]
        rows += [
            ("shiliu_takes_late_total", "counter", "", self.late),
            ("shiliu_jobs_waiting", "gauge", "", self.waiting()),
            ("shiliu_workers_replaced_total", "counter", "", self.lost()),
            ("shiliu_last_take_timestamp_seconds", "gauge", "", self.last),
        ]
        kinds = dict.fromkeys(f"# TYPE {name} {kind}" for name, kind, *_ in rows)
        return "\n".join([*kinds, *(f"{name}{labels} {value:.17g}" for name, _, labels, value in rows)]) + "\n"

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        if self._log is not None:
            for handler in list(self._log.handlers):
                handler.close()
                self._log.removeHandler(handler)

    def _serve(self, address: str) -> ThreadingHTTPServer:
        host, colon, port = address.rpartition(":")
        if not (colon and host and port.isdecimal() and int(port) < 65536):
            raise ShiliuError(f"{address!r} is no address. Write HOST:PORT, such as 127.0.0.1:9400.", field="serve")
        try:
            server = ThreadingHTTPServer((host, int(port)), _handler(self))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise ShiliuError(
                f"{address} cannot be listened at: {why}. Name an address of this machine and a free port.", field="serve"
            ) from None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def _rotating(file: Path) -> logging.Logger:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ShiliuError(f"cannot be written: {why}. Choose another file.", file=file, field="log") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.Logger("shiliu.watch")
    logger.addHandler(handler)
    return logger


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class ServiceAnswer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._reply(200, service.metrics(), "text/plain; version=0.0.4; charset=utf-8")
            elif self.path == "/health":
                good = service.healthy()
                self._reply(200 if good else 503, "ok\n" if good else "the loop stands still\n", "text/plain; charset=utf-8")
            else:
                self._reply(404, "There is /health and /metrics.\n", "text/plain; charset=utf-8")

        def _reply(self, code: int, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Who asks is no line of the log."""

    return ServiceAnswer
