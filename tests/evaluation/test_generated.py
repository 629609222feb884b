"""Generated faults: each changes what it says and nothing else, by as much as it says; and no judge knows of them."""

import ast
import hashlib
import json
from contextlib import suppress

import numpy as np
import pyarrow.parquet as pq
import pytest
import shiliu
import yaml
from conftest import ROOT, script
from generated_faults import judging, limits, scoring
from generated_faults.compose import ORDINARY, OWN, REAL, UNSEEN, draw_fault
from generated_faults.operations import FAMILIES, GAIN, OPERATIONS, PEAK, ROWS, SECONDS, operation
from generated_faults.patch import Patch, UnfitError
from generated_faults.sources import TIME, read_source
from generated_faults.writing import write_clean, write_fault
from shiliu.replay.checks.finding import Finding
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.residual.torque_timing import HARMLESS, is_harmless
from shiliu.scenarios.reading.composition import CONF

JOINTS = [*(f"zarm_{side}{i}_joint" for side in "lr" for i in range(1, 8)), "zhead_1_joint", "zhead_2_joint"]
N = len(JOINTS)
MIDDLE = np.zeros(N + 2)
MIDDLE[[1, 3, 8, 10, N, N + 1]] = 0.9, -1.3, -0.9, -1.3, 45.0, 45.0  # within their ranges
MOTORS = [*JOINTS, "left_claw", "right_claw"]
POSE = ["x", "y", "z", "qw", "qx", "qy", "qz"]
THINGS = [f"{thing}.{word}" for thing in ("cup", "bowl") for word in POSE]
RAD, SPEED, FORCE = (
    " ".join([unit] * N + [hand] * 2) for unit, hand in (("rad", "%"), ("rad/s", "%/s"), ("Nm", "N/%"))
)


def feature(names, unit, low, high):
    n = len(names)
    return {
        "dtype": "float32",
        "shape": [n],
        "names": names,
        "unit": unit.split(),
        "low": [low] * n,
        "high": [high] * n,
    }


FEATURES = {
    "action": feature(MOTORS, RAD, -3.0, 3.0),
    "observation.state": feature(MOTORS, RAD, -3.0, 3.0),
    "observation.velocity": feature(MOTORS, SPEED, -20.0, 20.0),
    "observation.effort": feature(MOTORS, FORCE, -60.0, 60.0),
    "observation.environment_state": feature(THINGS, " ".join(["m m m 1 1 1 1"] * 2), -5.0, 5.0),
}
FPS = 30


def sim_episode(seed, n):
    """A take in which everything moves, each column in its own way."""
    rng = np.random.default_rng(seed)
    t = np.arange(n + 1)[:, None] / FPS
    rate, phase, size = rng.uniform(1.5, 4.0, N + 2), rng.uniform(0.0, 6.0, N + 2), rng.uniform(0.35, 0.5, N + 2)
    size[N:] = 40.0
    q = size * np.sin(rate * (t - 0.1) + phase)
    wanted = size * np.sin(rate * t + phase)
    for x in (q, wanted):
        x += MIDDLE
    turn = np.sin(rng.uniform(0.5, 1.5, 2) * t)
    things = [
        np.stack([turn[:, i] * 0.4, 0.3 * np.cos(t[:, 0]), 0.8 + 0.2 * turn[:, i], np.cos(turn[:, i]), 0 * turn[:, i],
                  0.6 * np.sin(turn[:, i]), 0.8 * np.sin(turn[:, i])], axis=1)
        for i in range(2)
    ]  # fmt: skip
    return SimEpisode(
        seed=seed, draw={"counter.height": 0.1}, config={"title": {"en": "Microwave"}}, scenario_version=1, fingerprint="51ab",
        engine="mujoco 3.17.0", control_timestep=1 / FPS, n_substeps=16, start_state=rng.normal(size=57),
        actions=wanted[:n].astype(np.float32), action_names=tuple(MOTORS),
        states={
            "observation.state": q.astype(np.float32),
            "observation.velocity": (size * rate * np.cos(rate * (t - 0.1) + phase)).astype(np.float32),
            "observation.effort": (10.0 * np.sin(2.0 * rate * t)).astype(np.float32),
            "observation.environment_state": np.concatenate(things, axis=1).astype(np.float32),
        },
        checkpoints={k: rng.normal(size=57) for k in range(0, n, 30)}, label={"success": True, "subgoals": {}, "failure": None},
        segments=[], task={"en": "Heat the bowl."}, scenario="microwave", provenance={"operator": "scripted"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    episodes = [sim_episode(k, 240 + 20 * k) for k in range(3)]
    return read_source(write_lerobot(tmp_path_factory.mktemp("own") / "set", episodes, FEATURES, FPS))


@pytest.fixture(scope="module")
def real(own, tmp_path_factory):
    """The same takes as a set of a robot that one of the mappings names: 26 columns, of which sixteen move."""
    root = tmp_path_factory.mktemp("real") / "bottles"
    (root / "meta").mkdir(parents=True)
    (root / "data").mkdir()
    spelled = yaml.safe_load((CONF / "mapping" / "g1_inspire_lerobot.yaml").read_text())["spellings"]
    wide = {"dtype": "float32", "shape": [26], "names": [[*spelled["arms"][0], *spelled["hands"][0]]]}
    number = {"dtype": "int64", "shape": [1], "names": None}
    info = {
        "codebase_version": "v2.1", "robot_type": "Unitree_G1_Inspire", "fps": FPS,
        "features": {"action": wide, "observation.state": wide, "timestamp": number | {"dtype": "float32"},
                     "frame_index": number, "episode_index": number, "index": number, "task_index": number},
    }  # fmt: skip
    (root / "meta" / "info.json").write_text(json.dumps(info))
    import pyarrow as pa

    lines = []
    for take in own.takes:
        n = take.n
        rows = {
            name: [
                [*map(float, row[:14]), *(float(x) / 100.0 for x in row[N:]), *[0.5] * 10] for row in take.tables[name]
            ]
            for name in ("action", "observation.state")
        }
        columns = {name: pa.array(values, pa.list_(pa.float32(), 26)) for name, values in rows.items()}
        columns[TIME] = pa.array(take.tables[TIME][:, 0])
        for name, values in (
            ("frame_index", range(n)),
            ("episode_index", [take.index] * n),
            ("index", range(n)),
            ("task_index", [0] * n),
        ):
            columns[name] = pa.array(list(values), pa.int64())
        pq.write_table(pa.table(columns), root / "data" / f"episode_{take.index:06d}.parquet")
        lines.append(json.dumps({"episode_index": take.index, "tasks": ["Pick."], "length": n}))
    (root / "meta" / "episodes.jsonl").write_text("\n".join(lines))
    return read_source(root)


def one_part(own, name, seed):
    """A fault of one operation alone: no second one."""
    for more in range(seed, seed + 400):
        with suppress(UnfitError):  # there is no room for a second one of some
            fault = draw_fault(more, OWN, own, [operation(name)])
            if len(fault.parts) == 1:
                return fault
    raise AssertionError(f"{name} is always drawn twice")


@pytest.mark.parametrize("name", [one.name for one in OPERATIONS])
def test_an_operation_changes_what_it_says_and_nothing_else(own, name):
    one = operation(name)
    for seed in range(2):
        fault = one_part(own, name, 1000 * seed)
        (part,) = fault.parts
        before, after = fault.take.tables, fault.tables
        assert part.operation == name and part.peak > 0.0
        assert all(np.isfinite(values).all() and values.dtype == before[key].dtype for key, values in after.items())
        if part.group == "all":
            assert len({len(values) for values in after.values()}) == 1 and part.columns == ()
            if name in ("cut", "thinned", "stuttered"):
                assert abs(len(after["action"]) - fault.take.n) == part.size
            clean = {row.tobytes() for take in own.takes for row in take.tables["observation.state"]}
            assert {row.tobytes() for row in after["observation.state"]} <= clean, "rows are moved, none is made up"
            continue
        if part.group == "names":
            assert all(np.array_equal(after[key], before[key]) for key in before)
            changed = [a for a, b in zip(fault.names[part.feature], own.names[part.feature]) if a != b]
            assert sorted(changed) == sorted(part.columns) and len(changed) == 2
            continue
        for key in before:
            if key != part.feature:
                assert after[key] is before[key]
        was, now = (tables[part.feature].astype(np.float64) for tables in (before, after))
        off = np.abs(now - was)
        assert off.max() == pytest.approx(part.peak, rel=1e-6)
        assert not off[: part.first].any() and not off[part.last :].any(), "rows outside of the span stand"
        names = own.names.get(part.feature, (TIME,))
        moved = {names[j] for j in np.flatnonzero(off.max(axis=0) >= limits.PEAKS[part.peak_unit] * 0.05)}
        assert moved == set(part.columns)
        assert part.above == (part.above and part.excess >= 1.0)
        if one.unit == PEAK:
            assert part.size == pytest.approx(off.max(), rel=1e-6)
        if one.unit == ROWS and one.span == "sized" and not one.order:
            assert part.size == (off > 1e-6 * off.max()).any(axis=1).sum()


def patch_of(values, first, last, size, **more):
    values = np.asarray(values, float)
    ends = np.full(values.shape[1], -3.0), np.full(values.shape[1], 3.0)
    return Patch(values, np.arange(len(values)) / FPS, first, last, size, np.random.default_rng(3), *ends, **more)


def ramp(n=90, k=2):
    return np.linspace(0.2, 1.4, n)[:, None] * np.arange(1, k + 1)


def test_sizes_are_true_of_what_is_known():
    x = ramp()
    off = operation("constant").act(patch_of(x, 20, 50, 0.2)) - x
    assert np.abs(off[20:50]) == pytest.approx(0.2) and not off[:20].any() and not off[50:].any()
    late = operation("late").act(patch_of(x, 20, 50, 0.2))
    assert late[20:50] == pytest.approx(x[14:44]), "0.2 s are six rows"
    share = operation("factor").act(patch_of(x, 20, 50, 0.07))[20:50] / x[20:50]
    assert np.abs(share - 1.0) == pytest.approx(0.07)
    play = operation("backlash").act(patch_of(x, 20, 90, 0.06))
    assert np.abs(play - x).max() == pytest.approx(0.06, abs=1e-6)
    clipped = operation("clipped").act(patch_of(x, 0, 90, 0.3))
    assert np.abs(clipped - x).max() == pytest.approx(0.3)
    hum = operation("hum").act(patch_of(x, 20, 60, 0.1)) - x
    assert np.abs(hum).max() == pytest.approx(0.1)
    assert np.array_equal(operation("cut").act(patch_of(x, 20, 25, 5)), [*range(20), *range(25, 90)])
    assert np.array_equal(operation("turned").act(patch_of(x, 3, 6, 3))[:8], [0, 1, 2, 5, 4, 3, 6, 7])
    assert np.array_equal(operation("pairs").act(patch_of(x, 3, 8, 5))[3:8], [4, 3, 6, 5, 7])
    talk = operation("cross-talk").act(patch_of(x[:, :1], 0, 90, 0.1, near=x[:, 1:])) - x[:, :1]
    assert np.abs(np.corrcoef(talk[:, 0], x[:, 1])[0, 1]) == pytest.approx(1.0)
    with pytest.raises(UnfitError):
        operation("cross-talk").act(patch_of(x, 0, 90, 0.1))
    with pytest.raises(UnfitError):
        operation("no faster than").act(patch_of(np.ones((90, 1)), 0, 90, 0.1))


@pytest.mark.parametrize(("seconds", "found"), [(0.1, True), (0.0999, False)])
def test_a_delay_of_exactly_its_limit_is_to_be_found_and_is_not_harmless(seconds, found):
    """The generator, the page of limits and the judge mean the same by 0.1 s; times of a set are rounded to float32."""
    late = operation("late")
    assert limits.exceeds(late, "rad", seconds, limits.PEAKS["rad"], limits.TOUCHED) == found
    for dt in (seconds / 5, float(np.float32(seconds / 5))):
        assert is_harmless(5, dt) != found
    page = (ROOT / "docs/faults-without-a-list.md").read_text(encoding="utf-8")
    assert "A delay of exactly 0.1 s is above." in page and limits.SIZES[SECONDS] == HARMLESS


def test_a_sign_lost_downwards_only_stands_where_it_rises():
    x = np.sin(np.arange(120) / 10.0)[:, None] + 2.0
    y = operation("sign, downwards only").act(patch_of(x, 10, 110, 1.0))
    falls = np.diff(x[:, 0], prepend=x[0, 0]) < 0.0
    inside = (np.arange(120) >= 11) & (np.arange(120) < 110)
    assert np.array_equal(y[inside & falls], -x[inside & falls]) and np.array_equal(
        y[inside & ~falls], x[inside & ~falls]
    )


def test_what_is_drawn_is_spread_as_the_page_says(own):
    drawn = [draw_fault(seed, kind, own) for kind in (OWN, ORDINARY) for seed in range(100)]
    parts = [part for fault in drawn for part in fault.parts]
    assert len(OPERATIONS) >= 36 and len({one.name for one in OPERATIONS}) == len(OPERATIONS)
    assert sum(one.beyond for one in OPERATIONS) >= len(OPERATIONS) / 3
    assert {one.family for one in OPERATIONS} == set(FAMILIES) == set(scoring.NEAR) == set(scoring.WORDS)
    assert 0.7 <= np.mean([fault.above for fault in drawn]) <= 0.97, "some stay below, most do not"
    assert np.mean([part.beyond for part in parts]) >= 1 / 3
    assert {"command", "measured", "velocity", "effort", "gripper", "pose", "all"} <= {part.group for part in parts}
    assert (
        limits.PEAKS["rad"] <= 0.05
        and limits.SIZES[ROWS] <= 2
        and limits.SIZES[GAIN] <= 0.05
        and limits.SIZES["s"] <= 0.1
    )


def digest_of(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("kind", [OWN, ORDINARY, REAL])
def test_the_same_seed_gives_the_same_bytes(own, real, kind, tmp_path):
    source = real if kind == REAL else own
    for seed in range(2):
        sets = [digest_of(write_fault(draw_fault(seed, kind, source), tmp_path / f"{seed}{x}" / "set")) for x in "ab"]
        assert sets[0] == sets[1] and len(sets[0]) > 3
    draws = [draw_fault(seed, kind, source) for seed in range(12)]
    assert len({(f.parts[0].operation, f.parts[0].t0, f.parts[0].columns) for f in draws}) > 9


@pytest.mark.parametrize("kind", [*(pytest.param(kind, marks=pytest.mark.slow) for kind in (OWN, ORDINARY)), REAL])
def test_a_written_set_is_whole_but_for_its_fault(own, real, kind, tmp_path):
    source = real if kind == REAL else own
    root = write_clean(source, kind, [1, 0], tmp_path / "clean", True)
    for verdict in intake(shiliu.read(root)):
        assert verdict.error is None
        assert not [f for f in verdict.findings if f.failed and f.code.startswith("set.")], (
            "lengths, counters, digests hold"
        )
    for seed in range(4 if kind == REAL else 25):
        fault = draw_fault(seed, kind, source)
        root = write_fault(fault, tmp_path / str(seed))
        verdict = next(iter(intake(shiliu.read(root))))
        assert verdict.error is None, verdict.error
        codes = {f.code for f in verdict.findings if f.level in ("FAIL", "WARN") and f.code.startswith("set.")}
        assert not codes - ({"set.timestamp", "set.fps"} if any(p.group == "time" for p in fault.parts) else set())
        table = pq.read_table(sorted((root / "data").rglob("*.parquet"))[0])
        first = table.filter(table.column("episode_index").to_numpy() == 0)
        for name in ("action", "observation.state"):
            stored = np.array(first.column(name).to_pylist())
            assert np.array_equal(stored.astype(fault.tables[name].dtype), fault.tables[name])
        assert np.array_equal(first.column(TIME).to_numpy(), fault.tables[TIME][:, 0])
        assert (root / "shiliu").is_dir() == (kind == OWN)
        if kind == ORDINARY:
            assert not (set(UNSEEN) - set(fault.seen)) & set(first.column_names)
        info = json.loads((root / "meta" / "info.json").read_text())
        assert info["total_episodes"] == 1 + len(fault.company)


FAULT = dict(
    operation="constant", family="offset", beyond=False, group="measured", feature="observation.state",
    columns=("kElbow",), joints=("left_elbow",), broad=False, t0=4.0, t1=6.0, whole=False, first=120, last=180,
    size=0.2, unit="rad", peak=0.2, peak_unit="rad", rows=60, above=True, excess=4.0,
)  # fmt: skip


def scored(own, part=(), named=False, **finding):
    """The line of a verdict whose root is one finding."""
    import dataclasses

    from generated_faults.compose import FaultPart

    fault = dataclasses.replace(draw_fault(0, OWN, own), parts=(FaultPart(**(FAULT | dict(part))),))
    owner = finding.pop("owner", "device")
    words = {
        "code": "calibration.offset",
        "level": "FAIL",
        "stage": "integrity",
        "subject": ("left_elbow",),
        "t0": 4.1,
        "t1": 5.9,
    }
    root = Finding(**(words | finding))
    verdict = Verdict("a", "a#0", verdict="UNSOUND", root=0, owner=owner, findings=[root])
    line = scoring.score_fault(fault, "gate", verdict)
    return line["refused"], line["where"], line["root"], *([line["named"]] if named else [])


def test_a_root_is_right_by_column_span_and_family(own):
    assert scored(own) == (True, True, True)
    assert scored(own, subject=("kElbow",)) == (True, True, True), "as the set calls it"
    assert scored(own, subject=("right_elbow",)) == (True, False, False)
    assert scored(own, subject=("observation.state",)) == (True, False, False), "one column of many is to be named"
    assert scored(own, {"broad": True}, subject=("observation.state",)) == (True, True, True)
    assert scored(own, t0=6.5, t1=7.0) == (True, False, False)
    assert scored(own, t0=0.0, t1=14.0) == (True, False, False), "a finding about everything says not where"
    assert scored(own, t0=None, t1=None) == (True, False, False)
    assert scored(own, {"whole": True}, t0=None, t1=None) == (True, True, True)
    assert scored(own, code="stream.lag") == (True, True, False)
    assert scored(own, code="record.residual", details={"cause": "constant"}) == (True, True, True)
    assert scored(own, code="record.residual", details={"cause": "unknown"}) == (True, True, False), (
        "a constant is known"
    )
    assert scored(own, {"beyond": True}, code="record.residual", details={"cause": "unknown"}) == (True, True, True)
    assert scored(own, owner="operator") == (True, True, False), "a recorder's fault is no operator's"
    differs = {"code": "column.differs", "details": {"kind": "smoothed"}}
    assert scored(own, {"beyond": True}, named=True, **differs) == (True, True, True, False), "another family beside the unknown"
    assert scored(own, {"beyond": True}, named=True, code="column.differs") == (True, True, True, True)
    turned = {"family": "rows", "operation": "cut"}
    assert scored(own, turned, code="value.quaternion", details={"kind": "length"}) == (True, True, False), "of no take"
    speed = {"feature": "observation.velocity", "group": "velocity"}
    assert scored(own, speed) == (True, False, False), "the joint's position is blamed, not its speed"
    assert scored(own, speed, subject=("observation.velocity", "left_elbow")) == (True, True, True)


def test_faults_in_takes_that_are_refused_clean_tell_nothing(own):
    clean = {"clean": True, "kind": OWN, "check": "gate", "set": "set", "poses": True, "root_code": "balance"}
    fault = {
        "kind": OWN,
        "check": "gate",
        "set": "set",
        "poses": True,
        "seed": 1,
        "above": True,
        "refused": True,
        "root": True,
    }
    lines = [clean | {"take": k, "refused": k == 1} for k in range(3)] + [fault | {"take": k} for k in range(3)]
    left, spoilt, takes = scoring.counted(lines)
    assert [line["take"] for line in left] == [0, 2] and [line["take"] for line in spoilt] == [1] and len(takes) == 3
    assert scoring.share_of(left, "refused").startswith("2/2  100 %")


def test_no_judge_knows_of_the_generator():
    """No module of the package imports it, by any name."""
    knows = []
    files = [path for folder in ("scenarios", "envs", "replay") for path in (ROOT / folder).rglob("*.py")]
    for path in [*files, ROOT / "cli.py", ROOT / "__init__.py"]:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "generated_faults" in text else ():
            names = [one.name for one in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                names += [f"{node.module or ''}.{name}" for name in names] + [node.module or ""]
            if any("generated_faults" in name.split(".") for name in names):
                knows.append(path.relative_to(ROOT).as_posix())
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "generated_faults" in node.value:
                knows.append(path.relative_to(ROOT).as_posix())
    assert not knows and len(files) > 300


def test_the_runner_goes_on_where_it_was(own, tmp_path, capsys, monkeypatch):
    run = script("benchmarks/generated.py")
    monkeypatch.setattr(run, "sources_of", lambda given: {OWN: [own], ORDINARY: [own]})
    out = tmp_path / "lines.jsonl"

    def called(count):
        monkeypatch.setattr("sys.argv", ["generated.py", "check=intake", f"count={count}", f"out={out}", "missed=3"])
        assert run.main() == 0
        return [json.loads(line) for line in out.read_text().splitlines()], capsys.readouterr().out

    two, _ = called(2)
    assert [line["seed"] for line in two if "seed" in line] == [0, 1]
    three, text = called(3)
    assert three[: len(two)] == two and [line["seed"] for line in three if "seed" in line] == [0, 1, 2]
    assert "clean takes refused 0/" in text and "| **intake** | **ordinary** | **all** |" in text
    assert "above the limits" in text


def test_likely_starts_are_fewer_and_nothing_else_is_changed(tmp_path):
    few = judging.few_starts(tmp_path / "conf", 8)
    files = sorted((few / "scenario").glob("*.yaml"))
    assert len(files) > 6
    for path in files:
        was, now = (CONF / "scenario" / path.name).read_text().splitlines(), path.read_text().splitlines()
        (line,) = [b for a, b in zip(was, now, strict=True) if a != b]
        assert "starts: 8}" in line
    assert not list((judging.few_starts(tmp_path / "conf", 0) / "scenario").iterdir())


def test_a_set_that_cannot_be_read_is_refused_and_names_no_root(own, tmp_path):
    fault = draw_fault(0, OWN, own)
    root = write_fault(fault, tmp_path / "set")
    (root / "meta" / "info.json").write_text("{")
    verdict = judging.verdict_of(root, "intake", None)
    line = scoring.score_fault(fault, "intake", verdict)
    assert line["refused"] and line["error"] and not line["root"] and not line["where"]


@pytest.mark.parametrize(
    ("group", "message", "right"),
    [
        ("names", "observation.state: the container calls its column 3 left_elbow, the mapping calls column 1 so.", True),
        ("names", "observation.state: the container calls its column 3 left_wrist, the mapping calls column 1 so.", False),
        ("names", "action: the container calls its column 3 left_elbow, the mapping calls column 1 so.", False),
        ("measured", "observation.state: column left_elbow cannot be read.", False),
    ],
)
def test_an_error_is_right_of_names_that_it_names(own, group, message, right):
    import dataclasses

    from generated_faults.compose import FaultPart

    fault = dataclasses.replace(draw_fault(0, OWN, own), parts=(FaultPart(**(FAULT | {"group": group})),))
    error = {"message": message, "file": "episode_000000.parquet", "field": ""}
    line = scoring.score_fault(fault, "intake", Verdict("a", "a#0", error=error))
    assert line["refused"] and (line["where"], line["root"]) == (right, right)
