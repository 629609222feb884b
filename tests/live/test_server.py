"""The page's server: who is answered, and with what."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from shiliu.replay.live import server
from shiliu.replay.live.server import PageServer
from shiliu.replay.report.translation import translated
from shiliu.scenarios.sheet.errors import ShiliuError

connect = pytest.importorskip("websockets.sync.client").connect


@pytest.fixture
def page() -> Iterator[PageServer]:
    made = PageServer()
    yield made
    made.close()


def asked(port: int, path: str, secure: bool = False, method: str = "GET", **headers: str):
    """Status, headers and body of a raw request; the path is sent as it stands."""
    if secure:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_the_page_is_this_machines_alone(page):
    assert page._server.socket.getsockname()[0] == "127.0.0.1" and page.url.startswith("http://127.0.0.1:")
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in [one for one in others if not one.startswith("127.")]:
        with pytest.raises(OSError):
            socket.create_connection((address, page.port), timeout=1)


@pytest.mark.skipif(shutil.which("ss") is None, reason="there is no ss here")
def test_sockets_of_this_machine_listen_on_loopback_alone(page):
    lines = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[3] for line in lines if line.split()[3].endswith(f":{page.port}")] == [f"127.0.0.1:{page.port}"]


@pytest.mark.parametrize("name", ["Host", "Origin"])
def test_a_header_that_comes_twice_is_refused(page, name):
    ours = f"127.0.0.1:{page.port}"
    lines = [f"Host: {ours}", f"{name}: {'http://' if name == 'Origin' else ''}{ours}", "Origin: http://elsewhere"]
    request = "\r\n".join(["GET / HTTP/1.1", *lines[: 2 if name == "Host" else 3], "", ""])
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as raw:
        raw.sendall(request.encode())
        assert b"403" in raw.recv(100)


def test_the_page_and_its_scripts_are_answered(page):
    status, headers, body = asked(page.port, "/")
    assert status == 200 and b"page.js" in body and "text/html" in headers["Content-Type"]
    for path in ("/page.js", "/style.css", "/three.module.min.js", "/three.core.min.js", "/OrbitControls.js"):
        assert asked(page.port, path)[0] == 200
    script = asked(page.port, "/page.js")[2].decode()
    assert "http://" not in script and "https://" not in script  # nothing is fetched from elsewhere


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/..%2fserver.py",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/page/page.js",
        "/three.LICENSE",
        "/./page.js",
        "/page.js%00",
    ],
)
def test_no_other_file_is_read(page, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "server.py").write_text("secret")
    status, _, body = asked(page.port, path)
    assert status == 404 and not body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1:1"])
def test_a_name_that_leads_here_is_refused(page, host):
    assert asked(page.port, "/", Host=host)[0] == 403


def test_a_page_from_elsewhere_is_refused(page):
    with pytest.raises(Exception, match="403"):
        connect(f"ws://127.0.0.1:{page.port}/socket", origin="http://evil.example")
    assert asked(page.port, "/", Origin="http://evil.example")[0] == 403


def test_messages_go_both_ways_and_what_was_kept_comes_first(page):
    page.keep("mode", {"mode": "studio"})
    page.keep("frame", b"\x02\x00\x00\x00")
    page.keep("gone", {"a": 1})
    page.keep("gone", None)
    with connect(f"ws://127.0.0.1:{page.port}/socket", origin=f"http://127.0.0.1:{page.port}") as one:
        assert json.loads(one.recv(timeout=5)) == {"kind": "mode", "mode": "studio"}
        assert one.recv(timeout=5) == b"\x02\x00\x00\x00"
        for text in ("no json", "[1]", '{"do": 3}', '{"no": 1}', "[" * 100_000, '{"do": "end"}', '{"do": "play"}'):
            one.send(text)
        one.send(b"bytes")
        came: list[str] = []
        end = time.monotonic() + 5
        while "play" not in came and time.monotonic() < end:
            came += [message.what["do"] for message in page.received(0.1)]
        assert came == ["here", "play"]
        page.send("at", {"at": "x"})
        assert json.loads(one.recv(timeout=5)) == {"kind": "at", "at": "x"}


def test_a_slow_page_gets_fewer_frames_and_every_word(page):
    outgoing = server.queue.Queue()
    page._clients["slow"] = outgoing
    for k in range(50):
        page.send("frame", b"%d" % k)
        page.send("progress", {"t": k})
    kinds = [isinstance(one, bytes) for one in list(outgoing.queue)]
    assert kinds.count(False) == 50 and 0 < kinds.count(True) <= server.PENDING


@pytest.fixture
def states(tmp_path, monkeypatch) -> Path:
    """The user's folder of states."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "shiliu" / "tls"


def certificate(page: PageServer) -> str:
    return ssl.get_server_certificate(("127.0.0.1", page.port))


def test_the_certificate_is_this_machines_until_it_ends(states, monkeypatch):
    seen = []
    for days in (30, 30, 1, 30):  # one that ends within a day is made anew
        monkeypatch.setattr(server, "DAYS", days)
        if days == 1:
            (states / "127.0.0.1.pem").unlink()
        page = PageServer("127.0.0.1")
        seen.append(certificate(page))
        page.close()
    assert seen[0] == seen[1] and len(set(seen)) == 3  # the third had to be made, and the fourth, too
    assert (states / "127.0.0.1.pem").stat().st_mode & 0o077 == 0 and states.stat().st_mode & 0o077 == 0
    assert [one.name for one in states.iterdir()] == ["127.0.0.1.pem"]


def test_where_no_certificate_can_be_kept_it_is_one_error(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(ShiliuError, match=r"listen: No certificate could be made for 127\.0\.0\.1"):
        PageServer("127.0.0.1")


def secured(address, context, origin, headers=None):
    """A connection over TLS. On a busy machine websockets 17.4 loses one of some 200 handshakes: its answer never comes."""
    for _ in range(3):
        with contextlib.suppress(TimeoutError):
            return connect(address, ssl=context, origin=origin, additional_headers=headers, open_timeout=5.0)
    raise TimeoutError("three handshakes in a row got no answer")


def test_without_the_token_nothing_is_answered(states):
    page = PageServer("127.0.0.1")
    try:
        token = page.url.partition("token=")[2]
        assert page.url.startswith("https://") and len(token) >= 32
        for path in ("/", "/page.js", "/socket", "/nothing", "/?token=", f"/?token={token[:-1]}", f"/?token={token}x"):
            status, headers, body = asked(page.port, path, secure=True)
            assert status == 403 and not body and "Set-Cookie" not in headers
        status, headers, body = asked(page.port, f"/?token={token}", secure=True)
        assert status == 303 and not body
        cookie = headers["Set-Cookie"]
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict"))
        known = cookie.partition(";")[0]
        assert token not in known
        assert asked(page.port, "/page.js", secure=True, Cookie=known)[0] == 200
        assert asked(page.port, "/page.js", secure=True, Cookie=known + "x")[0] == 403
        assert asked(page.port, f"/?token={token}", secure=True)[0] == 403  # it opens once
        with pytest.raises((OSError, http.client.HTTPException)):
            asked(page.port, "/")  # no plain HTTP
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        address, own = f"wss://127.0.0.1:{page.port}/socket", f"https://127.0.0.1:{page.port}"
        with pytest.raises(Exception, match="403"):
            secured(address, context, own)
        with secured(address, context, own, {"Cookie": known}):
            pass
    finally:
        page.close()


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize(
    "request_",
    [
        b"GET //[ HTTP/1.1\r\n{host}\r\n",
        b"GET http://[ HTTP/1.1\r\n{host}\r\n",
        b"GET /?token=\xff HTTP/1.1\r\n{host}\r\n",
        b"GET / HTTP/1.1\r\n{host}X: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n{host}" + b"X: a\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n{host}\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_refusal_is_empty_and_names_nothing(states, capfd, request_, secure):
    page = PageServer("127.0.0.1" if secure else None)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        plain = socket.create_connection(("127.0.0.1", page.port), timeout=10)
        with context.wrap_socket(plain) if secure else plain as raw:  # a socket that is wrapped is closed by its wrapper alone
            raw.sendall(request_.replace(b"{host}", f"Host: 127.0.0.1:{page.port}\r\n".encode()))
            came: list[bytes] = []
            with contextlib.suppress(ConnectionResetError):  # the rest of a long line is not waited for
                came.extend(iter(lambda: raw.recv(65536), b""))
    finally:
        page.close()
    head, _, body = b"".join(came).partition(b"\r\n\r\n")
    if b"\xff" in request_:  # no HTTP at all
        assert not head
    else:
        known = b"404" if not secure and b"[" in request_ else b"403"
        assert head.startswith(b"HTTP/1.1 " + known) and b"Server:" not in head and b"ython" not in head and not body
    assert capfd.readouterr().err == ""


def test_cookies_of_others_do_no_harm(states):
    """Two servers of one host, and other things that the host gave to the browser."""
    pages = [PageServer("127.0.0.1"), PageServer("127.0.0.1")]
    try:
        given = [asked(page.port, page.url[page.url.index("/?") :], secure=True)[1]["Set-Cookie"].partition(";")[0] for page in pages]
        assert given[0].partition("=")[0] != given[1].partition("=")[0]
        both = "; ".join(given)
        for page in pages:
            for more in ("{}", "odd[]=1; {}", 'a={{"x":1,"y":2}}; {}', "{}; =; ;;lone; \xff=\xfe"):
                assert asked(page.port, "/page.js", secure=True, Cookie=more.format(both))[0] == 200
        assert asked(pages[0].port, "/page.js", secure=True, Cookie=given[1])[0] == 403
        assert asked(pages[0].port, "/page.js", secure=True, Cookie=given[0] + "\xff")[0] == 403
        swapped = given[1].replace(str(pages[1].port), str(pages[0].port), 1)  # the session of the other under this one's name
        assert asked(pages[0].port, "/page.js", secure=True, Cookie=swapped)[0] == 403
    finally:
        for page in pages:
            page.close()


def test_an_address_that_is_not_this_machines_is_refused(page):
    with pytest.raises(ShiliuError, match=r"listen: 192\.0\.2\.7:0 cannot be listened at"):
        PageServer("192.0.2.7")
    with pytest.raises(ShiliuError, match="port: 127"):
        PageServer(port=page.port)


@pytest.mark.parametrize("listen", ["0.0.0.0", "::", "0"])
def test_all_addresses_at_once_are_refused(states, listen):
    with pytest.raises(ShiliuError, match=r"listen: .* means all addresses of this machine") as refused:
        PageServer(listen)
    assert not states.exists()
    assert "请写本机的一个地址" in translated(str(refused.value), "zh")
