"""A Chinese report holds no English word but names: of every scenario, with a finding of every kind that it can raise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import shiliu
from shiliu.replay.checks.finding import STAGES, Fact, Finding, Picture, Plot, Table, VerdictEvidence
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.verdict import StageResult, Verdict
from shiliu.replay.labels.proposal import chain_of, sentence
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.report.html import render
from shiliu.replay.report.message_catalogue import sentences
from shiliu.replay.report.text import Words, catalogue
from shiliu.scenarios.catalog.catalog import list_scenarios, list_variants
from shiliu.scenarios.people.safety import CAVEAT
from shiliu.scenarios.scene.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
NOTED = sentences("notes", "zh")
RULES = load_rules()
BOOK = catalogue("zh")
KINDS = ("message", "slip", "ok", "warn", "info", "fix", "title", "topic", "what")
FILLED = {  # what a check says where a sentence takes a word as it is
    "likely": "lag",
    "held_back": "at_speed",
    "timed_by": "receive",
    "which": "mean",
    "declared": "rad",
    "unit": "rad",
    "stored_in": "float32",
    "task": "把碗放进微波炉。",
    "word": "放",
}
# names that stay as they are in any language
NAMES = (
    r"[A-Za-z0-9]+(?:[_./:#][A-Za-z0-9]+)+",  # of joints, bodies, columns, files, codes: anything written with _ . / :
    r"FEASIBLE|INFEASIBLE|UNSOUND|INCONCLUSIVE|NaN",
    r"(?<![A-Za-z])(?:rad|deg|mm|cm|ms|kg|Nm|Hz)(?![A-Za-z])",  # units of two letters and more
    r"float32|float64|SHA-256|sha256|chrony|PTP|ISO|TS|FMVSS|LeRobot|Robotiq|shiliu|info\.json|verdicts\.jsonl",
    r"(?:again|check|repair)=\w+|(?:cell|from)=|conf/cell/\.yaml|device/",  # settings of the command, and where a cell or a take stands
    r"(?<![A-Za-z])(?:timestamp|index|fps|length|min|max|mean|std|count|header|streams|unused)(?![A-Za-z])",  # columns and keys of files
    r"（[a-z0-9_]+）|\([a-z0-9_]+\)",  # the identifier behind a plain name
    r"(?<![A-Za-z0-9])[0-9a-f]{12}(?:[0-9a-f]{52})?(?![A-Za-z0-9])",  # digests
    r"MANO|ARTz|wxyz|xyzw",  # a model of a hand, a joint of another, orders of quaternions
)
NAME = re.compile("|".join(NAMES))
CASES = [(name, variant) for name in list_scenarios() for variant in (None, *list_variants(name))]
NAMED = [f"{name}.{variant}" if variant else name for name, variant in CASES]


@cache
def any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z_])(?:{longest_first})(?![A-Za-z_])")


def english(text: str, names: tuple[str, ...] = ()) -> list[str]:
    """The words of two Latin letters and more that are left when names are taken out."""
    text = NAME.sub(" ", text)
    if names:
        text = any_of(names).sub(" ", text)
    return re.findall(r"[A-Za-z]{2,}", text)


def visible(page: str) -> str:
    """The text that is read: without styles, tags, codes in `<code>` and commands in `<pre>`."""
    page = re.sub(r"<(style|code|pre|head)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", page)


@pytest.fixture(scope="module", params=CASES, ids=NAMED)
def scene(request: pytest.FixtureRequest) -> Scene:
    name, variant = request.param
    return shiliu.load_scenario(name, variant=variant)


@lru_cache(maxsize=1)
def titles(scene: Scene) -> dict[str, Any]:
    return SceneContext(scene, "command").titles


def things(scene: Scene) -> list[str]:
    """Everything that a finding may be about: bodies, joints, parts, words of parts, limits, the robot's hands."""
    model = scene.model
    bodies = [model.body(i).name for i in range(1, model.nbody)]
    cloth = {name.rpartition("_")[0] for name in bodies if re.search(r"_\d+$", name)}
    bodies = [name for name in bodies if name.rpartition("_")[0] not in cloth or name.endswith("_0")]
    joints = [name for i in range(model.njnt) if (name := model.joint(i).name) and "cloth" not in name]
    parts = [placed.name for placed in scene.config.parts]
    regions = [limit.about for limit in scene.safety if limit.about]
    return [*bodies, *joints, *parts, *regions, "left_tcp", "right_tcp", "left_claw", "right_claw", "zero_moment_point"]


def sentences(code: str) -> Iterator[tuple[str, str | None, str]]:
    """(kind of sentence, the finding's own kind, template) of every sentence of a code."""
    for key, template in BOOK["codes"][code].items():
        kind, _, own = key.partition("_")
        if kind in KINDS:
            yield kind, own or None, template


def details(template: str) -> dict[str, Any]:
    """Something for each field of a template; its own words where it takes words."""
    found: dict[str, Any] = {}
    for _, name, spec, _ in Formatter().parse(re.sub(r"\[\[|\]\]", "", template)):
        if name and spec in ("full", "plain", "ids"):
            found[name] = "zarm_l4_joint"
        elif name:
            found[name] = FILLED.get(name, 1.25)
    return found


def raised(scene: Scene) -> list[Finding]:
    """A finding of every kind that is the scenario's own: each step missed, failure mode, limit, thing and varied place."""
    found = []
    for subgoal in scene.goal:
        conditions = [
            {
                "word": c.word,
                "about": list(c.about),
                "value": 1.0,
                "bound": c.bound,
                "more": c.more,
                "margin": -1.0,
                "unit": "m",
            }
            for c in subgoal.conditions
        ]
        near = {"conditions": conditions}
        record = {"missed": subgoal.name, "reached": 1, "total": 2, "reached_names": [subgoal.name], "nearest": near}
        found.append(
            Finding(
                "goal", "FAIL", "replay", "replayed", details=record, fix={"kind": "finish", "missed": subgoal.name}
            )
        )
    for never in scene.course.nevers:
        code = f"scenario.{never.name}"
        record = {"missed": scene.goal[0].name, "failure": code, "reached": 0, "total": 2, "reached_names": ""}
        found.append(Finding(code, "FAIL", "replay", "replayed", margin=-0.1, unit="m", details={"event": never.name}))
        found.append(Finding("goal", "FAIL", "replay", "replayed", details=record))
    for limit in scene.safety:
        known = {"limit_source": limit.source, "limit_grade": limit.grade, "value": 2.0, "limit": 1.0, "margin": -1.0}
        code = limit.judged_as
        subject = (limit.about or limit.name,)
        for level in ("FAIL", "PASS"):
            found.append(
                Finding(code, level, "replay", "replayed", subject, unit="N", details={"kind": limit.kind}, **known)
            )
    for thing in things(scene):
        known = {"value": 20.0, "limit": 10.0, "unit": "N", "t0": 1.0, "t1": 2.0}
        found.append(Finding("collision.unexpected", "WARN", "replay", "replayed", ("left_claw", thing), **known))
        apart = {"kind": "apart", "move": "left_claw", "from": thing, "by": 0.01}
        found.append(
            Finding("collision.scene", "FAIL", "kinematics", "command", ("zarm_l7_link", thing), fix=apart, **known)
        )
    for vary in scene.config.variation:
        known = {
            "successes": 3,
            "starts": 8,
            "decides": {"parameter": vary.key, "low": 1, "low_of": 4, "high": 2, "high_of": 4},
        }
        known |= {"parameters": {vary.key: {"low": 0.25, "high": 0.5}}, "low": 0.2, "high": 0.6, "copies": 8}
        found.append(Finding("robustness", "WARN", "robustness", "replayed", value=0.4, limit=0.8, details=known))
    return found


def shown(scene: Scene) -> VerdictEvidence:
    """What a report shows of a scenario beside the findings: its skills, and what its steps came to."""
    skills = [skill.name for skill in read_chain(scene)]
    conditions = [
        [c.word, list(c.about), (1.0, "m"), (0.5, "m"), False] for step in scene.goal for c in step.conditions
    ]
    return VerdictEvidence(
        duration_s=2.0 + len(skills),
        segments=[{"skill": skill, "t0": float(i), "t1": i + 1.0} for i, skill in enumerate(skills)],
        tables=[
            Table("nearest", ["condition", "about", "reached", "bound", "met"], conditions),
            Table("steps", ["step", "starts_reached", "reached_at"], [[step.name, 3, 1.0] for step in scene.goal]),
        ],
    )


def everything() -> VerdictEvidence:
    """Every curve, caption, fact and table that the catalogue has words for."""
    t = [0.0, 1.0, 2.0]
    traces = [{"name": name, "t": t, "y": [0.0, 1.0, 0.5]} for name in BOOK["signals"]]
    plots = [Plot(key, "zarm_l4_joint", "rad", traces[:3], [{"name": "limit", "value": 1.0}]) for key in BOOK["plots"]]
    plots += [Plot("joint_position", "", "rad", traces[i : i + 4]) for i in range(0, len(traces), 4)]
    row = [[] if column == "about" else 1.0 for column in BOOK["columns"]]
    facts = [
        Fact(key, details(" ".join(words.values())) | {"name": "/arm/command"}) for key, words in BOOK["facts"].items()
    ]
    return VerdictEvidence(
        duration_s=2.0,
        plots=plots,
        pictures=[Picture(0.0, key, b"\x89PNG") for key in BOOK["captions"]],
        facts=facts,
        tables=[Table(key, list(BOOK["columns"]), [row]) for key in BOOK["tables"]],
    )


def verdict(scene: Scene, findings: list[Finding], evidence: VerdictEvidence | None = None) -> Verdict:
    reached = {step.name: 1.0 for step in scene.goal}
    return Verdict(
        "take_1",
        "take_1.bag",
        scenario=scene.name,
        scenario_version=scene.version,
        claim="simulation",
        verdict="INFEASIBLE",
        outcome={"success": False, "subgoals": reached, "label": True},
        root=0,
        owner="operator",
        stages={name: StageResult(name, "INFEASIBLE") for name in STAGES},
        findings=findings,
        evidence=evidence,
        titles=titles(scene),
    )


def names(scene: Scene) -> tuple[str, ...]:
    """What may stand in Latin letters beside the patterns: codes, and the scenario's and its variant's own names."""
    own = (scene.name, scene.config.variant or scene.name)
    return (
        *own,
        *STAGES,
        *RULES,
        *(f"scenario.{never.name}" for never in scene.course.nevers),
        *(f.key for f in scene.config.variation),
    )


# of every other scenario the sentences alone are read in the default suite
@pytest.mark.parametrize(
    "scene",
    [case if case in (("car_assembly", None), ("laundry_folding", None)) else pytest.param(case, marks=pytest.mark.slow) for case in CASES],
    ids=NAMED,
    indirect=True,
)
def test_what_a_scenario_raises_is_said_in_chinese(scene):
    findings = raised(scene) or [Finding("joint.velocity", "FAIL", "kinematics", "command", ("zarm_l4_joint",))]
    page = render([verdict(scene, findings, shown(scene))], Words("zh"), "shiliu replay")
    assert english(visible(page), names(scene)) == []


def test_every_thing_of_a_scenario_has_a_chinese_name(scene):
    words = Words("zh").telling(titles(scene))
    assert [thing for thing in things(scene) if re.search("[A-Za-z_]{2}", words.plain(thing))] == []


def test_every_skill_of_a_scenario_is_told_in_chinese(scene):
    for step in chain_of(scene):
        about = next((word for word in step.written.values() if "." in word), None)
        text = sentence("zh", step, "left", about, titles(scene))
        assert re.findall("[A-Za-z_]{2,}", text) == [], (step.word, text)


def test_every_cause_of_a_scenario_is_said_in_chinese(scene):
    words, own = Words("zh").telling(titles(scene)), names(scene)
    for finding in raised(scene):
        for text in (
            words.message(finding),
            words.slip(finding),
            words.fix(finding),
            words.title(finding.code, finding),
        ):
            assert english(text, own) == [], (finding.code, text)


@pytest.mark.parametrize("code", [code for code in RULES if code in BOOK["codes"]])
def test_every_check_speaks_chinese(code):
    words, rule = Words("zh"), RULES[code]
    for kind, own, template in sentences(code):
        level = {"ok": "PASS", "warn": "WARN", "info": "INFO"}.get(kind, "FAIL")
        finding = Finding(
            code, level, rule.stage, rule.signal, ("zarm_l4_joint",), 1.0, 2.0, 2.0, 1.0, -1.0, 1.0, "rad",
            limit_source=rule.source, limit_grade=rule.grade, skill="reach",
            details={**details(template), **({"kind": own} if own else {})},
        )  # fmt: skip
        for text in (words.message(finding), words.slip(finding), words.fix(finding), words.source(rule.source)):
            assert english(text, (code,)) == [], (code, kind, own, text)
    for part in ("topic", "title"):
        assert english(words.title(code, part=part), (code,)) == [], code
    assert english(words.what(code)) == []


def test_what_a_report_shows_beside_findings_is_chinese():
    scene = shiliu.load_scenario("bare")
    finding = Finding("joint.velocity", "FAIL", "kinematics", "command", ("zarm_l4_joint",), value=2.0, limit=1.0)
    assert english(visible(render([verdict(scene, [finding], everything())], Words("zh"), "")), names(scene)) == []


@pytest.mark.parametrize(
    "group",
    [
        "reasons",
        "gave_up",
        "record",
        "likely",
        "skills",
        "claims",
        "grades",
        "levels",
        "owners",
        "sure",
        "ui",
    ],
)
def test_the_small_words_are_chinese(group):
    def texts(tree: Any) -> Iterator[str]:
        for value in tree.values():
            yield from texts(value) if isinstance(value, dict) else (value,)

    for text in texts(BOOK[group]):
        assert english(re.sub(r"\{[^}]*\}", " ", text), ("bare",)) == [], text


def test_an_english_word_is_found():
    scene = shiliu.load_scenario("table_setting")
    broken = verdict(scene, raised(scene))
    broken.titles = {**broken.titles, "things": {**broken.titles["things"], "bowl": {"en": "bowl"}}}
    broken.titles["parts"] = {name: words for name, words in broken.titles["parts"].items() if name != "bowl"}
    assert "bowl" in english(visible(render([broken], Words("zh"), "")), names(scene))
    assert english("碗（bowl）在 0.25 m/s 时 joint.position 为 12 mm，见 info.json") == []
    assert english("the 碗") == ["the"]
    finding = replace(broken.findings[0], limit_source="a house rule")
    assert english(Words("zh").source(finding.limit_source)) == ["house", "rule"]


def test_what_is_noted_of_own_recordings_is_told_in_chinese():
    """Each sentence of the catalogue is one that the code writes: the longest of its constant parts stands there."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "replay").rglob("*.py"))
    source += "".join((ROOT / "scenarios" / one).read_text(encoding="utf-8") for one in ("people/safety.py", "sheet/json_reader.py"))
    source = re.sub(r'"\s*\n\s*f?"', "", source)
    for one in NOTED:
        part = max(re.split(r"\{\}|[,:;()] ?", one), key=len).strip()
        assert part in source, f"nobody writes {part!r} any more"
        filled = one.replace("{}", "17")
        assert not english(Words("zh").note(filled)), filled
    assert Words("zh").note("command: quaternion is wxyz") == "command：四元数顺序为 wxyz"  # a stream of that name is none of our terms
    assert Words("zh").note("/a: timed by its device clock, not by arrival") == "/a：时间取自其设备时钟，而非到达时间"
    assert Words("en").note("no command was recorded") == "no command was recorded"
    assert Words("zh").note("the maker's own sentence") == "the maker's own sentence"
    assert (
        Words("zh")
        .note("a repaired copy (slow) of a#1, sha256 ab, which was INFEASIBLE by joint.jump")
        .startswith("a#1")
    )


@pytest.mark.parametrize("word", ["timed by shiliu.time_ns", CAVEAT])
def test_the_notes_of_every_demonstration_are_known(word):
    assert any(word in one for one in NOTED)
