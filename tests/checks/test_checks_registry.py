"""One record a check: all that follows from the records follows from them alone."""

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from shiliu.replay.checks import registry, values
from shiliu.replay.checks.check import Check
from shiliu.replay.checks.integrity import check_integrity, stopped_signals
from shiliu.replay.checks.rules import Rules, load_rules
from shiliu.replay.checks.rules import _collect as collect
from shiliu.replay.judge.explanation.advice import fix_of
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.robots.limits import Limits
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

RULES = load_rules()


@pytest.fixture
def recorded(monkeypatch):
    """Records more checks, in a module that stands for a new file of the folder, with bounds at the end of the file."""

    def record(*checks):
        known = registry.registry()
        order = (*known, *(check.code for check in checks if check.code not in known))
        monkeypatch.setattr(values, "CHECKS", (*values.CHECKS, *checks))
        monkeypatch.setattr(registry, "blocks", lambda: order)
        registry.registry.cache_clear()
        rules = {code: RULES[code] for code in RULES}
        for check in checks:
            rules[check.code] = replace(RULES["value.nonfinite"], code=check.code)
        return Rules("with more", rules, "0")

    yield record
    monkeypatch.undo()
    registry.registry.cache_clear()


def stream(role, broken=False):
    q = np.zeros((200, 1))
    q[10, 0] = np.nan if broken else 0.0
    t = (np.arange(200) * 20_000_000).astype(np.int64)
    return Stream(f"/{role}", role, "joint_position", "rad", ("elbow",), q, t, t, meta={"topic": f"/{role}"})


def recording(broken=False):
    streams = {s.name: s for s in (stream("command", broken), stream("measured"))}
    return Recording("a", "a", "0" * 64, "robot", streams)


def test_the_records_are_of_the_codes_that_have_bounds_in_their_order():
    assert list(registry.registry()) == list(RULES)
    assert registry.check_of("scenario.bowl_dropped") is registry.registry()["scenario"]
    assert registry.check_of("nobody.knows").lasts is False


def test_a_code_is_recorded_once_and_has_bounds(recorded, monkeypatch):
    recorded(Check("clock.gap"))
    with pytest.raises(ValueError, match=r"clock\.gap is recorded twice"):
        registry.registry()
    monkeypatch.undo()
    registry.registry.cache_clear()
    monkeypatch.setattr(values, "CHECKS", (*values.CHECKS, Check("value.odd")))
    with pytest.raises(ValueError, match=r"no bounds for value\.odd: write a block"):
        registry.registry()
    with pytest.raises(ValueError, match="'vales' is nothing that a fault spoils"):
        Check("value.odd", after=("vales",))
    with pytest.raises(ValueError, match="'joint' is nothing that is asked"):
        Check("value.odd", of="joint")


def test_a_new_check_of_a_recording_is_asked_without_any_other_edit(recorded):
    seen = []

    def run(one):
        seen.append(one)
        return [one.rules["value.odd"].finding(level="FAIL", subject=("/command",), t0=0.0, t1=1.0)]

    rules = recorded(
        Check("value.odd", run=run, fix=lambda finding, known: {"kind": "odd", "by": None}, spoils="values")
    )
    sound = recording()
    found = check_integrity(sound, Limits({}), rules)
    assert len(seen) == 1 and (seen[0].command.name, seen[0].state.name) == ("/command", "/measured")
    odd = next(f for f in found if f.code == "value.odd")
    assert fix_of(odd) == {"kind": "odd"}
    assert {f.code for f in found if f.reason == "integrity.value.odd"} >= {"stream.lag", "unit.polarity"}
    assert stopped_signals(found, sound) == {"command": "integrity.value.odd"}


def test_a_check_that_waits_is_asked_last_and_not_after_what_it_waits_for(recorded):
    asked = []

    def run(one):
        asked.append(one)
        return [one.rules["value.pair"].passed()]

    rules = recorded(Check("value.pair", run=run, after=("values",)))
    assert check_integrity(recording(), Limits({}), rules)[-1].code == "value.pair" and len(asked) == 1
    last = check_integrity(recording(broken=True), Limits({}), rules)[-1]
    assert (last.code, last.level, last.reason) == ("value.pair", "NOT_CHECKED", "integrity.value.nonfinite")
    assert len(asked) == 1


def test_findings_stand_in_the_order_of_causes():
    codes = [f.code for f in check_integrity(recording(), Limits({}), RULES)]
    order = (
        *("set.digest", "value.nonfinite", "clock.gap", "stream.unmapped", "hand.idle", "image.black", "unit.polarity"),
        *("stream.repeated", "stream.swapped", "stream.scaled", "stream.frozen", "stream.lag"),
    )
    assert tuple(code for code in codes if code in order) == order
    stopped = [
        f.code
        for f in check_integrity(recording(broken=True), Limits({}), RULES)
        if f.reason == "integrity.value.nonfinite"
    ]
    order = ("unit.polarity", "stream.swapped", "stream.scaled", "stream.frozen", "stream.repeated", "stream.lag")
    assert tuple(code for code in stopped if code in order) == order
    assert len(codes) == len(set(codes)), "what is found together is asked once"
    integrity = {code for code, check in registry.registry().items() if check.run and RULES[code].stage == "integrity"}
    assert integrity == set(codes)


def test_what_is_asked_of_one_thing_stands_by_its_turns():
    assert registry.asked_of("joints", "shapes")[-2:] == ("collision.self", "collision.scene")
    assert registry.asked_of("world")[:2] == ("goal", "drop"), "by their turns, and not as the bounds stand"
    assert registry.asked_of("nothing") == ()


def test_a_curve_is_of_the_recording_and_the_bounds():
    gap = RULES["clock.gap"].finding(level="FAIL", subject=("/command",), t0=1.0, t1=1.02, value=0.02)
    plot = registry.check_of("clock.gap").curve(recording(), gap, RULES)
    assert plot.traces[0]["y"] == pytest.approx(np.full(199, 20.0))
    assert [limit["value"] for limit in plot.limits] == [50.0, 500.0]


def test_the_check_of_the_guide_is_made_as_it_says(recorded):
    """`docs/new-check.md`: its module, its bounds and its words fit each other."""
    guide = (Path(__file__).resolve().parents[2] / "docs" / "new-check.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"(?s)```python\n(.*?)```", guide)
    bounds, texts = (yaml.safe_load(textwrap.dedent(one)) for one in re.findall(r"(?s)```yaml\n(.*?)```", guide))
    module = {"__package__": "shiliu.replay.checks", "__name__": "shiliu.replay.checks.short"}
    exec(textwrap.dedent(code), module)
    (check,) = module["CHECKS"]
    rules, problems = {}, Problems()
    recorded(check)
    collect(Node({"stream": bounds}, "", problems), "", rules)
    assert list(rules) == [check.code] and not problems.found
    (found,) = module["check_short"](stream("command"), Rules("guide", rules, "0"))
    assert found.level == "PASS"
    (found,) = module["check_short"](shorter(stream("command"), 0.1), Rules("guide", rules, "0"))
    assert (found.level, found.value, found.limit) == ("FAIL", pytest.approx(0.398), 1.0)
    fix = fix_of(found)
    assert fix == {"kind": "longer", "channel": "/command", "seconds": 5.0}
    assert Words("en").fill(texts["fixes"][fix["kind"]], fix) == "Record /command again, for at least 5.00 s."
    entry = texts["codes"][check.code]
    assert set(entry) == {"topic", "title", "slip", "message", "ok", "fix", "what", "how"}
    assert "?" not in Words("en").fill(entry["message"], {"value": found.value, "limit": found.limit})


def shorter(one, share):
    """The same samples in a share of the time."""
    return replace(one, **{key: (getattr(one, key) * share).astype(np.int64) for key in ("receive_ns", "capture_ns")})
