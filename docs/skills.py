"""Writes docs/skills.md: every skill of the scripted operator, from its own docstring and arguments; a test holds the page.

python docs/skills.py
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from shiliu.replay.commands import list_skills as command
from shiliu.replay.operator.recognition.hand_features import HandFeatures
from shiliu.replay.operator.skills import registry
from shiliu.replay.operator.words.chain import strategy
from shiliu.replay.operator.words.primitives import PRIMITIVES
from shiliu.replay.operator.words.skill import Skill, described
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.robots.postures import postures_of
from shiliu.scenarios.robots.robot_folder import DEFAULT_ROBOT
from shiliu.scenarios.sheet.quantity import EXAMPLE
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

PAGE = Path(__file__).resolve().parent / "skills.md"
SENSES = (  # of an operator's `state`
    "state.senses.site",
    "state.senses.body_pose",
    "state.senses.joint",
    "state.senses.vertices",
    "state.senses.percent",
    "state.senses.touch",
    "state.senses.feel",
    "state.senses.reached",
)
NAMES = {  # what may be written for a kind of argument that is no quantity
    "hand": "`left`, `right`",
    "site": "a site: `part.word`",
    "joint": "a joint: `part.word`",
    "body": "a part, or `part.word`",
    "cloth": "a part that is cloth",
    "subgoal": "a subgoal of `goal`",
    "posture": "a posture",
}
TOP = '''# The skills of the scripted operator

The first part is written by hand, the rest by `docs/skills.py` from the skills themselves. On the command line:
`shiliu list skills`, `shiliu list skills take`, `shiliu list skills take.rim`.

A skill is a *primitive*, a thing that hands do (`take`, `carry`, `put`), and *how* it is done (`rim`, `level`, `on`), with documented
arguments. What all ways of a primitive are told is called the same and means the same; `take.rim` is short for `take` with
`how: rim`, wherever a skill is named: in mistakes, in labels, in what `record` says. The operator sees what the scenario's sensors
say and the geometry of the parts; it commands joints and claws and nothing else. Whatever it holds, it holds by friction.

## Writing a chain

Under `skills` of a scenario stand the skills in the order in which they are performed, each one primitive with its arguments:

```yaml
skills:
  - take:  {how: side, hand: left, of: can, at: can.middle, force: 30 N}
  - lift:  {hand: left, by: 100 mm}
  - carry: {how: over, hand: left, of: can.base, upon: table.top}
  - put:   {how: on, hand: left, of: can.base, upon: table.top, opening: 100 mm, leave: back}
  - home:  {hand: left}
```

- **Names** are `part.word`: the part's name under `parts`, and a word of its interface or one of its sites, joints or bodies
  (`shiliu list parts can_330` names them). `robot.` stands for the robot's own (`robot.left_tcp`). Where a word means several
  things (`oven.start` is a site, a joint and a body), the argument takes the kind that it wants.
- **How** may be left out. Where a primitive has a plain way, that is meant: `take` by the grip of the part's sheet that the arm
  reaches best, `put` by a way round what stands there, `move_joint` by what is held, the handle of the sheet, or a push. Else it is the
  only way that takes what is given and needs no more.
- **Quantities** carry their unit: `30 N`, `100 mm`, `15 deg`, `0.2 m/s`. What is left out has the default of the tables below.
- **Subgoals** (`until: closed`) are those of the scenario's `goal`; a skill that has one ends as soon as it is reached.
- **Postures** are ways in which an arm is held (`posture`): POSTURES.
- **Two hands**: a skill moves the hand that it names, the other one stays as it is. With `beside: yes` a `home` or `look` goes
  on while the next skill begins. Two-handed skills say so below.
- **The order is free**, and a skill may stand more than once. What it does follows from what it sees when its turn comes, so
  that the same chain serves every draw of the variation.
- **A decision** is a step with `if:` and a switch of the scenario's [rules](designing-scenarios.md#rules):
  `press: {how: key, hand: left, at: keys.accept, if: within_tolerance}` is left out where the switch is off when its turn comes. What
  the operator decides by is so what a lamp or a display tells, which a policy and the judge can read as well.

## Trying one

```
shiliu check  scenario=my_scene                            # misspelt words, arguments and names, by line
shiliu record scenario=my_scene episodes=1 seed=0 out=try  # which subgoals were reached, where it failed and why
shiliu record scenario=my_scene episodes=1 seed=0 out=on from_skill=5      # the same from before skill 5
shiliu render scenario=my_scene out=pics                   # the scene as it stands
shiliu render data=try out=pics                            # a picture at the end of each skill
```

`record` prints a line an episode: when each subgoal was reached, and the code of what went wrong; below it the skill in which it
went wrong, and why. [Trying again](designing-scenarios.md#trying-again) tells how to go on from there. An episode keeps its skills
with their times as its skill segments. Try five seeds before fifty. An argument can be changed for a try without touching the file,
skills counted from 0: `shiliu record … "scenario.skills.1.take.force=60 N"`.

## When a skill stops

Most end when their way is made. Reacting ones end by what they feel, and say so:

- *seated*: `put` and `put.on` lower until what is held no longer follows the hand;
- *touched*: what takes closes until both pads touch, then squeezes to its force; `press.surface` comes down until a
  surface is felt, and leans on it with a force that is mended at every control step;
- *pulled*: `hand_over.pulled` waits for a pull, measured by what the fingers bear, and lets go;
- *gave way*: `move_joint.pull` pulls with a growing force until the latch lets go, and gives up where it does not;
- *reached*: `until`.

A skill that cannot be done says why and ends the chain: `shiliu record` prints it, such as `gave up: take.side (skill 2): can.middle is
210 mm beyond the left arm's reach`, and the episode keeps it (`gave_up` in its provenance: `skill`, `number`, `reason`, and `code` and
`details` from which a report says the same in its language). One that is merely done badly goes on, as a person would, and the goal
tells. Arguments have bounds: lengths 2 m either way, angles 360 deg, forces 0 to 1000 N, times
up to an hour, speeds from 1 mm/s.

## A new skill

A chain needs no Python; a new *way* to do something does. It is a class with the `word` of its primitive and a `how` of its own. It
lives in three files: its module, a test, and this page, which `python docs/skills.py` writes anew. File and class are called as the
skill is: `home.raised` is `HomeRaised` in `replay/operator/skills/home/raised.py`. The plain way stands in `plain.py`; a primitive that is
done in one way needs no folder (`look.py`). What several share stands in a module beside the folders. Nothing else names the skill:
the registry walks them, and every list of skills is read off the class. What its primitive shares it takes
from [`primitives.py`](../replay/operator/words/primitives.py): a name that stands there means what it says there. A new primitive is an
entry there, and has to be something that none of the others is.

```python
"""Raise the empty hand straight up."""

from __future__ import annotations

import numpy as np

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import HOME
from ...words.skill import Argument, Label, Motion, Skill


class HomeRaised(Skill, word="home", how="raised"):
    """Raise the empty hand straight up."""

    label = Label(
        en=("raise the hand", "the {hand} hand goes up"),
        zh=("举手", "{hand}手举起"),
        shows=motions.home,
    )
    arguments = HOME(
        "hand",  # as its primitive says it, and others with blanks between them
        speed=0.2,  # likewise, with a default of its own
        by=Argument("length", "how far", 0.1),  # its own
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + np.array([0.0, 0.0, self.by]), frame)], self.speed))
```

- **Arguments** have a kind, a meaning and a default in SI; without a default they must be given. The kind is `hand`, `site`,
  `joint`, `body`, `cloth`, `grip`, `subgoal`, `posture`, `word` (with its choices) or a dimension with a unit (`length`, `angle`,
  `force`, `time`, `speed`, …: `scenarios/sheet/quantity.py` has all); there is no bare number. The docstring and they are its entry
  below, in `shiliu list skills`, and what `shiliu check` reads a chain by.
- **`run`** yields once a control step. `state` ([`operator_state.py`](../replay/operator/operator_state.py)) has senses: SENSES.
  Limbs: `arm.line` and `arm.way` make a path, `arm.follow(path, until)` goes along it and gives back whether `until` came true on the way,
  `arm.hold` waits, `state.ways.way` makes a path that keeps clear of what is seen, `state.open_claw`, `state.grip` and
  `state.let_go` move the claw.
- **Giving up**: `state.given_up = Reason("the sentence", "its_code", at=site)`, or `raise GivenUp(Reason(...))`. The code stands under
  `gave_up` in `conf/text/en.yaml` and `zh.yaml`, with the same details.
- **The label** has a title and a sentence in English and Chinese, and the pattern by which a replay shows the skill (`shows`).
  `about` names the argument that it is about, `grips` says that the hand holds that afterwards. Where nothing can tell the skill,
  `unseen` says why.
- **The pattern** is one of `replay/operator/recognition/`, or a function of the skill's own module. It takes the features of one hand and
  a step of the chain, and gives an `Evidence`. Its docstring is quoted whole on this page. The first paragraph says what is seen, the last
  one `Begins: … Ends: …`.
- **The test** performs it in a small scene: `from benches import bench, done` (`tests/benches.py` says how, and
  `tests/operators/test_skills.py` has examples). A pattern of its own wants a film that
  shows it and one that does not: `tests/films.py` says how.
  `pytest tests/labels/test_labels.py tests/test_docs.py` tells what is missing.

### A skill that touches with the fingertips

Copy `PressSurface` in [`press/surface.py`](../replay/operator/skills/press/surface.py). It needs these names:

| name | from | means |
|---|---|---|
| `PRESS` | `...words.primitives` | the primitive, which gives the arguments |
| `UP` | `...limbs.geometry` | the vertical, (3,) |
| `hand` | `state` | what the hand's sheet says: for fingertips at `tip`, the tcp is at `tip - state.hand.tip_end * frame[:, 2]` |
| `POINT` | `..strokes` | for `arm.line(…, orient=POINT)`: the fingers keep their direction, the hand may roll |
| `pointing_down` | `..strokes` | joint angles for fingertip places, and the hand's rotation, fingers steeply down |
| `ahead_of` | `..strokes` | the heading from the shoulder to a place |

What it does, in order:

1. `state.open_claw(self.hand, 0.0)` closes the claw.
2. `found, frame = pointing_down(…)` finds joint angles for the places of the fingertips, and how the hand is turned there.
3. `arm.follow(state.ways.way(self.hand, found[0], …))` goes above the place.
4. `arm.follow(arm.line([(low, frame)], 0.03, orient=POINT), until)` comes down until `until()` is true. For example: until
   `state.senses.touch(self.hand).sum()` is above 1 N.
5. The work, and then a line up again.

### What an Evidence is

```python
def press_on(see: HandFeatures, step: Step) -> Evidence:
    """The hand comes down on a place, rests there touching it, and leaves.

    Begins: the hand sets off. Ends: it sets off anew.
    """
    site = step.arguments["at"]
    touched = see.touches(see.tracks.owner[site])
    go = Phase("go", see.holds() + see.works)
    press = Phase("press", 1.0 - touched + see.going + see.far(site, 0.06, 0.12), needed=True)
    return Evidence((go, press), see.sets_off, see.sets_off, 1.0 - touched)
```

- A *sign* is an array with a number from 0 (does not hold) to 1 (holds) for each control step. `see` has the signs of one hand
  (`HandFeatures` in [`hand_features.py`](../replay/operator/recognition/hand_features.py)): FEATURES.
- A `Phase` is a part of the skill. Its second argument is the *contradiction*: 0 where nothing speaks against this phase, one more for
  each sign that does. So what has to hold stands there as `1.0 - sign`, what must not hold as `sign`. `needed=True`: without this phase the
  skill was not done. Phases come in order.
- `begins` and `ends` say how well each control step is the first or the last one of the skill.
- `unfinished` is 1 where the skill is not done yet, 0 where it is: a skill that ends there has failed.

## What the words cost

Chains were once written in a word for each way (`pick_rim`, `place_inside`). `python benchmarks/skill_costs.py words 76bfe26c` counts
the last tree of that time and the working tree. Arguments of a word are what somebody has to learn who writes chains; numbers are
defaults in the skills and constants in capitals in their modules; a line is one that is not blank.

| | 76bfe26c | the same skills and modules now | all now |
|---|---|---|---|
| words that a chain is written in | 66 | 21 | 21 |
| ways in which they are done | 66 | 64 | 83 |
| arguments, each once for its word | 550 | 299 | 349 |
| names of arguments | 127 | 121 | 134 |
| defaults that are numbers | 325 | 320 | 416 |
| constants of the modules | 422 | 471 | 627 |
| lines of the modules | 6378 | 7240 | 8654 |

A third of the words is left, and little more than half of the arguments, because the ways of a primitive share them. The operator
itself has not become smaller. Nor have the chains: those of the five scenarios that were done by then say as much as before, in fewer
words (before, now; with all variants; `table_wiping` was only begun):

| chains of | steps | words | arguments | numbers |
|---|---|---|---|---|
| car_assembly | 19, 19 | 11, 7 | 97, 97 | 33, 33 |
| drink_assist | 34, 34 | 12, 7 | 158, 158 | 62, 62 |
| laundry_folding | 41, 41 | 15, 7 | 108, 108 | 24, 24 |
| microwave | 77, 77 | 17, 10 | 321, 321 | 107, 107 |
| table_setting | 6, 6 | 6, 6 | 15, 15 | 2, 2 |
| table_wiping | 15, 24 | 10, 8 | 51, 86 | 14, 25 |

What a scenario brought with it, `python benchmarks/skill_costs.py scenarios` counts, in the order in which they were begun. New is what
it uses, what was not there when its YAML was begun, and what no scenario begun before it uses. Lines of its YAML; of its new parts the
sheets (`part.yaml`), MJCF by hand or generated, and the Python that generates it; of its new skills the classes. New words of goals, and
what skills and planning that were there learnt on the way, are not counted.

| scenario | YAML | steps | new parts of all | sheets | MJCF by hand | MJCF generated | generators | new skills of all | their Python |
|---|---|---|---|---|---|---|---|---|---|
| microwave | 240 | 77 | 4 of 9 | 184 | 684 | 0 | 0 | 17 of 17 | 944 |
| drink_assist | 130 | 34 | 6 of 9 | 142 | 46 | 372 | 805 | 8 of 12 | 353 |
| table_setting | 55 | 6 | 0 of 4 | 0 | 0 | 0 | 0 | 1 of 6 | 52 |
| car_assembly | 106 | 19 | 9 of 12 | 91 | 193 | 594 | 475 | 8 of 11 | 322 |
| laundry_folding | 211 | 41 | 6 of 7 | 126 | 95 | 201 | 522 | 13 of 15 | 1203 |
| table_wiping | 112 | 24 | 8 of 11 | 106 | 46 | 376 | 584 | 1 of 10 | 118 |
| room_organization | 113 | 35 | 7 of 14 | 100 | 98 | 534 | 513 | 5 of 15 | 267 |
| medication_serving | 119 | 15 | 7 of 10 | 130 | 51 | 386 | 428 | 2 of 12 | 93 |
| cooking | 123 | 33 | 10 of 12 | 199 | 166 | 580 | 799 | 3 of 14 | 187 |
| package_packing | 143 | 29 | 10 of 12 | 164 | 188 | 356 | 176 | 3 of 11 | 205 |
| coil_separation | 101 | 15 | 7 of 9 | 131 | 0 | 672 | 382 | 1 of 6 | 42 |
| material_handling | 86 | 18 | 3 of 6 | 39 | 0 | 596 | 219 | 0 of 8 | 0 |
'''


def page() -> str:
    """The page as Markdown."""
    words_of = {"POSTURES": postures_of(DEFAULT_ROBOT), "SENSES": SENSES, "FEATURES": signs()}
    top = TOP.rstrip()
    for place, names in words_of.items():
        top = top.replace(place, ", ".join(f"`{name}`" for name in names))
    used, lines = examples(), [top]
    by_word: dict[str, list[type[Skill]]] = {}
    for kind in registry().values():
        by_word.setdefault(kind.word, []).append(kind)
    lines += ["", "## All of them", "", f"{len(by_word)} primitives, done in {len(registry())} ways:", ""]
    lines += ["| primitive | does | how |", "|---|---|---|"]
    for word, kinds in by_word.items():
        ways = ", ".join(f"[{kind.how}](#{anchor(kind)})" for kind in kinds if kind.how)
        lines.append(f"| [{word}](#{word}) | {doc_of(word)} | {ways} |")
    for word, kinds in by_word.items():
        lines += ["", f"## {word}", ""]
        lines += [f"{doc_of(word)} `how`: {ways_of(kinds)}.", ""] if kinds[0].how or len(kinds) > 1 else []
        if len(kinds) > 1:
            lines += shared(word, kinds)
        for kind in kinds:
            lines += ["", *entry(kind, used.get(kind.name), len(kinds) > 1)]
    return "\n".join(lines) + "\n"


def doc_of(word: str) -> str:
    """What a primitive does."""
    return PRIMITIVES[word].doc if word in PRIMITIVES else ""


def anchor(kind: type[Skill]) -> str:
    """Where a skill stands on the page, as a link of Markdown says it."""
    return kind.name.replace(".", "")


def ways_of(kinds: list[type[Skill]]) -> str:
    """What may be written for `how`."""
    plain = ["left out for the plain way"] if any(not kind.how for kind in kinds) else []
    return ", ".join([*plain, *(f"`{kind.how}`" for kind in kinds if kind.how)])


def shared(word: str, kinds: list[type[Skill]]) -> list[str]:
    """What several strategies of a primitive are told by the same names."""
    arguments = PRIMITIVES[word].shared if word in PRIMITIVES else {}
    counts = {name: sum(name in kind.arguments for kind in kinds) for name in arguments}
    lines = ["| its strategies share | | |", "|---|---|---|"]
    for name, argument in arguments.items():
        if counts[name] > 1:
            lines.append(f"| `{name}` | {allowed(described(name, argument))} | {argument.doc} |")
    return lines


def signs() -> list[str]:
    """What `HandFeatures` offers, as a pattern writes it."""
    public = [(name, value) for name, value in vars(HandFeatures).items() if not name.startswith("_")]
    return [f"{name}()" if inspect.isfunction(value) else name for name, value in public]


def entry(kind: type[Skill], example: tuple[str, str] | None, several: bool) -> list[str]:
    """What stands on the page of one skill; what it shares with the others of its primitive is told there."""
    row = kind.catalogue()
    common = PRIMITIVES[kind.word].shared if several and kind.word in PRIMITIVES else {}
    lines = [f"### {row['name']}", ""] if several else []
    lines += [row["doc"], ""]
    if row["more"]:
        lines += [*row["more"].splitlines(), ""]
    lines += [f"{row['hands']}.", "", *label(kind), "", "| argument | | default | |", "|---|---|---|---|"]
    for argument in row["arguments"]:
        default = command.default(argument)
        shown = f"**{default}**" if argument["required"] else default
        name = argument["name"]
        meant = "" if name in common and common[name].doc == argument["doc"] else argument["doc"]
        lines.append(f"| `{name}` | {allowed(argument)} | {shown} | {meant} |")
    scenario, line = example or (None, shortest(row))
    return [*lines, "", f"In `{scenario}`:" if scenario else "At its shortest:", "", "```yaml", f"- {line}", "```"]


def label(kind: type[Skill]) -> list[str]:
    """How labels tell a skill, and by what they see it: the docstring of its pattern."""
    title, sentence = kind.label.en
    sentence = re.sub(r"\[\[|\]\]", "", sentence)
    shows = kind.label.shows
    seen = (
        f"Not seen: {kind.label.unseen}." if shows is None else " ".join(inspect.cleandoc(shows.__doc__ or "").split())
    )
    return [f"In a [label](labels.md): *{title}*, \u201c{sentence}\u201d. {seen}"]


def allowed(argument: dict[str, Any]) -> str:
    """What may be written for an argument."""
    kind = argument["kind"]
    if kind in NAMES and kind != "word":
        return NAMES[kind]
    if argument["choices"]:
        return ", ".join(f"`{choice}`" for choice in argument["choices"])
    if kind not in EXAMPLE:
        return "a word"
    return kind.replace("_", " ") + (f", such as `{EXAMPLE[kind]}`" if argument["required"] else "")


def shortest(row: dict[str, Any]) -> str:
    """A line of YAML with what a skill cannot do without."""
    names = {"hand": "left", "site": "part.site", "joint": "part.joint", "body": "part", "subgoal": "subgoal"}
    given = {}
    for argument in (a for a in row["arguments"] if a["required"] or a["name"] == "hand"):
        kind, choices = argument["kind"], argument["choices"]
        given[argument["name"]] = choices[0] if choices else names.get(kind, EXAMPLE.get(kind, "word"))
    return f"{row['word']}: {flow(({'how': row['how']} if row['how'] else {}) | given)}"


def examples() -> dict[str, tuple[str, str]]:
    """Skill -> (scenario, line of its YAML) of the first scenario of the package that uses it."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted((CONF / "scenario").glob("*.yaml")):
        sheet = yaml.safe_load(file.read_text(encoding="utf-8"))
        chains = [sheet.get("skills"), *((v or {}).get("skills") for v in (sheet.get("variants") or {}).values())]
        for chain in chains:
            for skill in chain if isinstance(chain, list) else []:
                for word, arguments in skill.items():
                    kind = strategy(word, Node(arguments, "", Problems()), registry())
                    if kind is not None:
                        how = {"how": kind.how} if "how" in arguments else {}
                        found.setdefault(kind.name, (file.stem, f"{word}: {flow(arguments | how)}"))
    return found


def flow(value: Any) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return "null" if value is None else "yes" if value is True else "no" if value is False else str(value)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print("docs/skills.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
