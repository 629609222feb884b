"""Workers of a Ray cluster of two machines on this one: the bytes of one process, also where a machine is lost."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from odd_bench import Odd
from shiliu import cli
from shiliu.replay.formats import Entry
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.line.jobs import Made, TakeJob, Unread
from swinging import RATE, waving

HERE = importlib.util.find_spec("ray") is not None
FILES = ("verdicts.jsonl", "junit.xml", "verdicts.sarif", "passed.txt", "refused.txt")


@pytest.mark.skipif(HERE, reason="Ray is installed")
def test_without_ray_it_says_what_to_install(tmp_path, capsys, bare):
    write_lerobot(tmp_path / "set", [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)
    words = ["replay", f"data={tmp_path / 'set'}", f"out={tmp_path / 'out'}", "quiet=true", "workers=1", "cluster=auto"]
    assert cli.main(words) == 2
    assert 'pip install "shiliu[cluster]"' in capsys.readouterr().err
    assert cli.main([*words[:-2], "cluster=auto"]) == 2
    assert "such as workers=8" in capsys.readouterr().err


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    before, beside = os.environ.get("PYTHONPATH"), str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (before, beside)))  # actors find the helpers of tests there
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [made.add_node(num_cpus=1) for _ in range(2)]
    made.wait_for_nodes()
    yield made, nodes
    made.shutdown()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


@pytest.mark.slow
def test_what_crashes_hangs_or_fails_costs_itself_alone(cluster, tmp_path):
    from shiliu.replay.line.cluster import Cluster

    entry = Entry(tmp_path / "takes", "takes")
    with Cluster(2, Odd, (str(tmp_path),), 4.0, cluster[0].address) as workers:
        for k in range(8):
            workers.add(TakeJob(0, entry, k))
        found = {job.k: answer for job, answer in workers.answers()}
        assert workers.lost >= 3
    assert [k for k, answer in sorted(found.items()) if isinstance(answer, Made)] == [0, 3, 5, 6, 7]
    codes = {k: answer.error["code"] for k, answer in found.items() if isinstance(answer, Unread)}
    assert codes == {1: "crashed", 2: "timeout", 4: "fault"}


@pytest.mark.slow
def test_a_machine_that_is_lost_loses_nothing(cluster, bare, tmp_path):
    made, nodes = cluster
    data = tmp_path / "data" / "set"
    takes = [waving(bare, k, 0.8 + 0.01 * k) for k in range(16)]
    write_lerobot(data, takes, bare.schema.lerobot_features(()), RATE)
    common = [f"data={data.parent}", "pictures=false", "quiet=true"]
    plain = cli.main(["replay", f"out={tmp_path / 'plain'}", *common])
    lost: list[float] = []

    def lose() -> None:
        ledger = tmp_path / "line" / "ledger"
        while sum(path.is_file() for path in ledger.rglob("*")) < 4:
            time.sleep(0.02)
        made.remove_node(nodes[0], allow_graceful=False)
        lost.append(time.monotonic())

    killer = threading.Thread(target=lose, daemon=True)
    killer.start()
    code = cli.main(["replay", f"out={tmp_path / 'line'}", *common, "workers=2", f"cluster={made.address}"])
    ended = time.monotonic()
    killer.join(1.0)
    assert lost and lost[0] < ended, "the machine was lost after the run"
    assert code == plain
    for name in FILES:
        assert same(tmp_path / "plain" / name, tmp_path / "line" / name), name


def same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


@pytest.mark.slow
def test_a_head_that_is_lost_ends_the_run_with_a_sentence(bare, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    data, out = tmp_path / "data" / "set", tmp_path / "line"
    takes = [waving(bare, k, 2.0 + 0.01 * k) for k in range(60)]
    write_lerobot(data, takes, bare.schema.lerobot_features(()), RATE)
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.wait_for_nodes()
    words = ["replay", f"data={data.parent}", f"out={out}", "pictures=false", "workers=1", f"cluster={made.address}"]
    run = subprocess.Popen([sys.executable, "-m", "shiliu", *words], stderr=subprocess.PIPE, text=True)
    while sum(path.is_file() for path in (out / "ledger").rglob("*")) < 6 and run.poll() is None:
        time.sleep(0.05)
    made.head_node.kill_gcs_server(check_alive=False)
    assert "the head of the cluster does not answer any more" in run.communicate(timeout=55.0)[1]
    assert run.returncode == 2 and [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    made.shutdown()
