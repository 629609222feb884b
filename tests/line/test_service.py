"""A watched line answers a supervisor: figures, health, and a log that is turned over."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import closing

import pytest
from shiliu import cli
from shiliu.replay.line import service as module
from shiliu.replay.line.service import Service
from shiliu.scenarios.sheet.errors import ShiliuError


def ask(service, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_metrics_count_takes_by_verdict():
    with closing(Service("127.0.0.1:0", None)) as service:
        service.waiting, service.lost = lambda: 7, lambda: 2
        for verdict, in_time in (("FEASIBLE", True), ("FEASIBLE", False), ("INFEASIBLE", True), (None, True)):
            service.count(verdict, in_time)
        code, text = ask(service, "/metrics")
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert code == 200 and lines['shiliu_takes_total{verdict="FEASIBLE"}'] == "2"
    assert lines['shiliu_takes_total{verdict="unreadable"}'] == "1" and lines["shiliu_takes_late_total"] == "1"
    assert lines["shiliu_jobs_waiting"] == "7" and lines["shiliu_workers_replaced_total"] == "2"
    assert float(lines["shiliu_last_take_timestamp_seconds"]) > 1.7e9
    assert text.count("# TYPE shiliu_takes_total counter") == 1


def test_a_loop_that_stands_still_is_not_healthy(monkeypatch):
    with closing(Service("127.0.0.1:0", None)) as service:
        assert ask(service, "/health") == (200, "ok\n") and ask(service, "/x")[0] == 404
        monkeypatch.setattr(module, "STILL", 0.0)
        assert ask(service, "/health") == (503, "the loop stands still\n")


def test_the_log_is_turned_over(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "LOG_BYTES", 300)
    with closing(Service(None, tmp_path / "log" / "watch.log")) as service:
        for n in range(40):
            service.say(f"take {n} 可行", quiet=n > 0)
    files = sorted(file.name for file in (tmp_path / "log").iterdir())
    assert files == ["watch.log", *(f"watch.log.{n}" for n in range(1, 6))]
    assert (tmp_path / "log" / "watch.log").read_text(encoding="utf-8").splitlines()[-1].endswith("take 39 可行")
    assert capsys.readouterr().out == "take 0 可行\n"


@pytest.mark.parametrize("address", ["9400", "127.0.0.1:", ":9400", "127.0.0.1:99999", "a:b"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ShiliuError, match=r"is no address\. Write HOST:PORT"):
        Service(address, None)


def test_a_port_that_is_taken_and_a_log_that_is_a_folder_are_refused(tmp_path):
    with closing(Service("127.0.0.1:0", None)) as service:
        with pytest.raises(ShiliuError, match=r"cannot be listened at: .* a free port"):
            Service(f"127.0.0.1:{service.port}", None)
    with pytest.raises(ShiliuError, match="cannot be written"):
        Service(None, tmp_path)


@pytest.mark.parametrize(("setting", "fix"), [("serve=127.0.0.1:99999", "Write HOST:PORT"), ("log=/proc/x", "Choose another file")])
def test_watch_refuses_a_setting_before_anything_is_made(tmp_path, capsys, setting, fix):
    (tmp_path / "in").mkdir()
    assert cli.main(["watch", f"in={tmp_path / 'in'}", f"out={tmp_path / 'out'}", setting, "once=true"]) == 2
    error = capsys.readouterr().err
    assert setting.partition("=")[0] in error and fix in error and not (tmp_path / "out").exists()
