"""The page's server: one page, one WebSocket, on loopback unless an address is named.

It hands out the files of `page/` that are read at its start, and nothing else: no path of a request ever reaches a file system.
Whoever asks by a name that is not the machine's own (a page elsewhere with its name turned to loopback), or from a page elsewhere,
is refused. With an address it speaks TLS, and who has not the token gets an empty refusal whatever is asked for.
"""

from __future__ import annotations

import gzip
import hmac
import ipaddress
import itertools
import json
import os
import queue
import secrets
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ...scenarios.sheet.errors import ShiliuError

PAGE = Path(__file__).parent / "page"
KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
LOOPBACK = "127.0.0.1"
OWN_NAMES = ("127.0.0.1", "localhost")
OWN = ("here", "gone", "saved", "end")  # what no page asks for
COOKIE = "shiliu_token_{port}"  # a browser keeps cookies by host: each server has its own
LARGEST = 1 << 20  # bytes of a message from the page
PENDING = 4  # frames that a slow browser is behind before it is left out of the next
DAYS = 30  # that a certificate holds


def page_files() -> dict[str, bytes]:
    """What makes the page, by name. Libraries of others are kept packed, as `.gz`."""
    files = {path.name: path.read_bytes() for path in PAGE.iterdir()}
    unpacked = {name.removesuffix(".gz"): gzip.decompress(data) if name.endswith(".gz") else data for name, data in files.items()}
    return {name: data for name, data in unpacked.items() if Path(name).suffix in KINDS}


@dataclass
class Message:
    """What a page sent: its plain JSON, the number of the page, and when it came [ns, monotonic]."""

    what: dict[str, Any]
    page: int = 0
    receive_ns: int = field(default_factory=time.monotonic_ns)


def finite(value: Any) -> float | None:
    """A number of a page; None for what is none, is not finite, or fits no float: JSON has whole numbers of any length."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None  # NaN is not below anything


class PageServer:
    """Serves the page and carries messages, from a thread of its own.

    Args:
        listen: an address of this machine for others in the room, by TLS and with a token; None: loopback alone, plain.
        port: 0 for any that is free.

    Attributes:
        inbox: messages of pages, in the order in which they came; those of the server itself (`OWN`) among them.
        url: to be opened; with `listen` the token is in it, and is taken once.

    Raises:
        ShiliuError: the extra `studio` is not installed, the address is not this machine's, or no certificate can be made.
    """

    def __init__(self, listen: str | None = None, port: int = 0):
        try:
            from websockets.server import ServerProtocol
            from websockets.sync.server import ServerConnection, serve
        except ImportError:
            raise ShiliuError('The page needs the extra studio: pip install "shiliu[studio]".') from None
        if listen and _everywhere(listen):
            raise ShiliuError(
                f"{listen} means all addresses of this machine, and a browser asks for one. Name one address of this machine.",
                field="listen",
            )
        self.inbox: queue.Queue[Message] = queue.Queue()
        self._token = secrets.token_urlsafe(24) if listen else None
        self._session: str | None = None  # given for the token, which is used up by that
        self._lock, self._numbers = threading.Lock(), itertools.count(1)
        self._clients: dict[Any, queue.Queue[str | bytes | None]] = {}
        self._kept: dict[str, str | bytes] = {}
        self._files = {f"/{name}": (content, KINDS[Path(name).suffix]) for name, content in page_files().items()}

        class QuietConnection(ServerConnection):
            """Its own refusals (of a line that is too long) are empty, too."""

            def __init__(self, plug: Any, protocol: Any, *others: Any, **more: Any):
                protocol.reject = lambda status, text: ServerProtocol.reject(protocol, 403, "")
                super().__init__(plug, protocol, *others, **more)

        try:
            self._server = serve(
                self._talk,
                listen or LOOPBACK,
                port,
                ssl=_tls(listen) if listen else None,
                process_request=self._answer,
                server_header=None,
                create_connection=QuietConnection,
                max_size=LARGEST,
                compression=None,
            )
        except OSError as error:
            raise ShiliuError(
                f"{listen or LOOPBACK}:{port} cannot be listened at: {error.strerror}. Name an address of this machine and a free port.",
                field="listen" if listen else "port",
            ) from None
        self.port = int(self._server.socket.getsockname()[1])
        self._names = {f"{name}:{self.port}" for name in ((listen,) if listen else OWN_NAMES)}
        shown = f"[{listen}]" if listen and ":" in listen else listen
        self._names |= {f"{shown}:{self.port}"} if listen else set()
        self.url = f"https://{shown}:{self.port}/?token={self._token}" if listen else f"http://{LOOPBACK}:{self.port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    # -- what is answered -------------------------------------------------------------------------------------------

    def _answer(self, connection: Any, request: Any) -> Any:
        """An answer to a request; None lets a WebSocket begin."""
        from websockets.datastructures import Headers
        from websockets.http11 import Response

        def reply(status: int, reason: str, body: bytes = b"", kind: str = "text/plain", **more: str) -> Response:
            headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
            headers |= {
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            }
            headers["Content-Security-Policy"] = (
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
            )
            return Response(
                status, reason, Headers({**headers, **{k.replace("_", "-"): v for k, v in more.items()}}), body
            )

        path, _, query = request.path.partition("?")  # as it stands: no form of it is refused by a parser
        scheme = "https" if self._token else "http"
        hosts, origins = (request.headers.get_all(name) for name in ("Host", "Origin"))
        ours = {f"{scheme}://{name}" for name in self._names}
        if len(hosts) != 1 or hosts[0] not in self._names or len(origins) > 1 or not ours.issuperset(origins):
            return reply(403, "Forbidden")
        if self._token and not self._known(request):
            given = parse_qs(query).get("token", [""])[0]
            if not self._take(given):
                return reply(403, "Forbidden")
            cookie = f"{COOKIE.format(port=self.port)}={self._session}; Secure; HttpOnly; SameSite=Strict; Path=/"
            return reply(303, "See Other", Location="/", Set_Cookie=cookie)
        if path == "/socket":
            return None
        found = self._files.get("/index.html" if path == "/" else path)
        return reply(404, "Not Found") if found is None else reply(200, "OK", *found)

    def _take(self, given: str) -> bool:
        """Whether this is the token, which opens the page once."""
        with self._lock:
            if self._session is not None or not hmac.compare_digest(given.encode(errors="replace"), str(self._token).encode()):
                return False
            self._session = secrets.token_urlsafe(24)
            return True

    def _known(self, request: Any) -> bool:
        if self._session is None:
            return False
        pairs = [one.strip().partition("=") for line in request.headers.get_all("Cookie") for one in line.split(";")]
        held = [value for name, _, value in pairs if name == COOKIE.format(port=self.port)]  # those of others may be anything
        return any([hmac.compare_digest(value.encode(errors="replace"), self._session.encode()) for value in held])

    def _talk(self, connection: Any) -> None:
        """One page, until it is closed: what it sends goes to the inbox, what was kept and what is new goes to it."""
        outgoing: queue.Queue[str | bytes | None] = queue.Queue()
        with self._lock:
            for message in self._kept.values():
                outgoing.put(message)
            self._clients[connection] = outgoing
            number = next(self._numbers)
        self.inbox.put(Message({"do": "here"}, number))
        threading.Thread(target=_write, args=(connection, outgoing), daemon=True).start()
        try:
            for text in connection:
                try:
                    what = json.loads(text) if isinstance(text, str) else None
                except (ValueError, RecursionError):
                    what = None
                if isinstance(what, dict) and isinstance(what.get("do"), str) and what["do"] not in OWN:
                    self.inbox.put(Message(what, number))
        except Exception:  # however a connection ends, the page is gone
            pass
        finally:
            with self._lock:
                self._clients.pop(connection, None)
            outgoing.put(None)
            self.inbox.put(Message({"do": "gone"}, number))

    # -- what is sent -----------------------------------------------------------------------------------------------

    def keep(self, kind: str, content: dict[str, Any] | bytes | None) -> None:
        """Send to every page, and to each that is opened later; None forgets it. Bytes are sent as they are."""
        with self._lock:
            self._kept.pop(kind, None)
            if content is None:
                return
            message = content if isinstance(content, bytes) else json.dumps({"kind": kind, **content}, default=float)
            self._kept[kind] = message
            for outgoing in self._clients.values():
                outgoing.put(message)

    def send(self, kind: str, content: dict[str, Any] | bytes) -> None:
        """Send to every page that is open and keeps up; a browser that lags sees fewer frames, not old ones."""
        message = content if isinstance(content, bytes) else json.dumps({"kind": kind, **content}, default=float)
        with self._lock:
            for outgoing in self._clients.values():
                if not isinstance(content, bytes) or outgoing.qsize() < PENDING:
                    outgoing.put(message)

    def received(self, wait: float = 0.0) -> list[Message]:
        """All messages that have come; where there is none, it waits for one so long [s]."""
        found: list[Message] = []
        try:
            found.append(self.inbox.get(timeout=wait) if wait > 0 else self.inbox.get_nowait())
            while True:
                found.append(self.inbox.get_nowait())
        except queue.Empty:
            return found

    def close(self) -> None:
        self._server.shutdown()


def _write(connection: Any, outgoing: queue.Queue[str | bytes | None]) -> None:
    while (message := outgoing.get()) is not None:
        try:
            connection.send(message)
        except Exception:
            return


def _everywhere(address: str) -> bool:
    """Whether it stands for all addresses (0.0.0.0, ::), in any spelling."""
    try:
        found = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(ipaddress.ip_address(one[4][0]).is_unspecified for one in found)


def _tls(address: str) -> ssl.SSLContext:
    """A context with this machine's certificate for an address, made where there is none that holds for another day.

    It lies in the user's folder of states, readable by that user alone, so that a headset that has accepted it once knows it again.

    Raises:
        ShiliuError: the program `openssl` is not there, or refuses; or nothing can be kept there.
    """
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "shiliu" / "tls"
    kept = folder / f"{''.join(c if c.isalnum() or c in '.-' else '_' for c in address)}.pem"  # key and certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (kept.is_file() and _openssl("x509", "-checkend", str(86400), "-noout", "-in", str(kept)).returncode == 0):
            _make(address, kept)
        context.load_cert_chain(kept)
    except (OSError, subprocess.CalledProcessError):
        why = f"No certificate could be made for {address} in {folder}. Install openssl, or leave listen= out."
        raise ShiliuError(why, field="listen") from None
    return context


def _make(address: str, file: Path) -> None:
    name = f"subjectAltName={'IP' if address.replace('.', '').isdigit() or ':' in address else 'DNS'}:{address}"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        key, certificate, both = (Path(folder) / name for name in ("key", "certificate", "both"))
        ends = ["-days", str(DAYS), "-subj", "/CN=shiliu", "-addext", name]
        _openssl("req", "-x509", *curve, *ends, "-keyout", str(key), "-out", str(certificate)).check_returncode()
        both.touch(mode=0o600)
        both.write_bytes(key.read_bytes() + certificate.read_bytes())
        os.replace(both, file)


def _openssl(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *words], capture_output=True, check=False)
