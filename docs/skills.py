"""The page of skills, which `make site` writes: every skill of the scripted operator, from its own docstring and arguments.

`python docs/skills.py` prints it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from shiliu.replay.commands import list_skills as command
from shiliu.replay.operator.recognition.hand_features import HandFeatures
from shiliu.replay.operator.skills import registry
from shiliu.replay.operator.words.chain import strategy
from shiliu.replay.operator.words.primitives import PRIMITIVES
from shiliu.replay.operator.words.skill import Skill, described
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.robots.postures import postures_of
from shiliu.scenarios.robots.robot_folder import DEFAULT_ROBOT
from shiliu.scenarios.sheet.own_files import read_own
from shiliu.scenarios.sheet.quantity import EXAMPLE
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

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

`make site` writes this page; the entries come from the skills themselves. On the command line:

```
shiliu list skills               all
shiliu list skills take          the ways of a primitive
shiliu list skills take.rim      one skill with its arguments
```

- A skill is a *primitive*, a thing that hands do (`take`, `carry`, `put`), and *how* it is done (`rim`, `level`, `on`), with arguments.
- An argument has the same name and meaning in all ways of a primitive.
- `take.rim` is short for `take` with `how: rim`: in mistakes, in labels and in the output of `record`.
- The operator sees the readings of the scenario's sensors and the geometry of the parts. It commands joints and claws and nothing else.
  It holds things by friction alone.

## Writing a chain

`skills` of a scenario lists the skills in order. Each entry is one primitive with its arguments:

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
- **How** may be left out. Then the plain way of the primitive is used, where there is one: `take` uses the grip of the part's sheet that
  the arm reaches best, `put` a way around obstacles, `move_joint` the held thing, the handle of the sheet, or a push. Without a plain
  way, it is the only way that fits the arguments that are given.
- **Quantities** have a unit: `30 N`, `100 mm`, `15 deg`, `0.2 m/s`. What is left out has the default of the tables below.
- **Subgoals** (`until: closed`) are those of the scenario's `goal`. A skill with one ends as soon as it is reached.
- **Postures** are ways to hold an arm (`posture`): POSTURES.
- **Two hands**: a skill moves the hand that it names; the other one stays as it is. With `beside: yes` a `home` or `look` continues
  while the next skill begins. Two-handed skills are marked below.
- **The order is free**, and a skill may be used more than once. What it does depends on what it sees when it begins, so the same chain
  works for every draw of the variation.
- **A decision** is a step with `if:` and a switch of the scenario's [rules](rules.md):
  `press: {how: key, hand: left, at: keys.accept, if: within_tolerance}` is skipped where the switch is off when the step begins. So the
  operator decides by what a lamp or a display shows, which a policy and the judge can read as well.

## Trying one

```
shiliu check  scenario=my_scene                            # misspelt words, arguments and names, by line
shiliu record scenario=my_scene episodes=1 seed=0 out=try  # which subgoals were reached, where it failed and why
shiliu record scenario=my_scene episodes=1 seed=0 out=on from_skill=5      # the same from before skill 5
shiliu render scenario=my_scene out=pics                   # the scene as it stands
shiliu render data=try out=pics                            # a picture at the end of each skill
```

- `record` prints a line for each episode: when each subgoal was reached, and the code of what went wrong. Below it are the skill that
  failed and the reason. [Mend a chain](try-again.md) explains how to continue from there.
- An episode keeps its skills with their times as its skill segments.
- Try five seeds before fifty.
- Change an argument for one try without touching the file, skills counted from 0:
  `shiliu record … "+scenario.skills.1.take.force=60 N"`, without the `+` if the file has the argument.

## When a skill stops

Most skills end when their path is done. Reactive ones end by a measurement:

| ends | skill |
|---|---|
| *seated* | `put` and `put.on` lower until the held thing no longer follows the hand |
| *touched* | a `take` closes until both pads touch, then squeezes to its force |
| *touched* | `press.surface` comes down until it measures a surface, and keeps its force at every control step |
| *pulled* | `hand_over.pulled` waits for a pull, measured at the fingers, and lets go |
| *gave way* | `move_joint.pull` pulls with a growing force until the latch opens, and gives up where it does not |
| *reached* | any skill with `until` |

- **A skill that cannot be done** gives its reason and ends the chain. `shiliu record` prints it: `gave up: take.side (skill 2): can.middle
  is 210 mm beyond the left arm's reach`. The episode keeps it as `gave_up` in its provenance: `skill`, `number`, `reason`, and `code` and
  `details`, from which a report writes the sentence in its language.
- **A skill that is done badly** continues, as a person would, and the goal shows the result.
- **Arguments have bounds**: lengths 2 m either way, angles 360 deg, forces 0 to 1000 N, times up to an hour, speeds from 1 mm/s.

## A new skill

A chain needs no Python. A new *way* to do something does: a class with the `word` of its primitive and its own `how`.

- It lives in two files: its module and a test. This page is written from the module.
- File and class have the skill's name: `home.raised` is `HomeRaised` in `replay/operator/skills/home/raised.py`. The plain way is in
  `plain.py`. A primitive with one way needs no folder (`look.py`). Code that several share is in a module beside the folders.
- There is no list to add it to: the registry walks the folders, and every list of skills is made from the classes.
- Shared arguments come from the primitive in [`primitives.py`](../replay/operator/words/primitives.py): a name there has the meaning
  given there. A new primitive is an entry there, and must differ from all others.

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
  `force`, `time`, `speed`, …: `scenarios/sheet/quantity.py` has all); there is no bare number. Docstring and arguments make its entry
  below and in `shiliu list skills`, and `shiliu check` reads a chain by them.
- **`run`** yields once a control step. `state` ([`operator_state.py`](../replay/operator/operator_state.py)) has senses: SENSES.
  Limbs: `arm.line` and `arm.way` make a path, `arm.follow(path, until)` follows it and returns whether `until` became true on the way,
  `arm.hold` waits, `state.ways.way` makes a path clear of visible obstacles, `state.open_claw`, `state.grip` and
  `state.let_go` move the claw.
- **Giving up**: `state.given_up = Reason("the sentence", "its_code", at=site)`, or `raise GivenUp(Reason(...))`. The code is under
  `gave_up` in `conf/text/en.yaml` and `zh.yaml`, with the same details.
- **The label** has a title and a sentence in English and Chinese, and the pattern by which a replay shows the skill (`shows`).
  `about` names the argument that it is about, `grips` says that the hand holds that afterwards. Where no reading can show the skill,
  `unseen` says why.
- **The pattern** is one of `replay/operator/recognition/`, or a function of the skill's own module. It takes the features of one hand and
  a step of the chain, and returns an `Evidence`. This page quotes its whole docstring. The first paragraph says what is seen, the last
  one `Begins: … Ends: …`.
- **The test** performs it in a small scene: `from benches import bench, done` (`tests/benches.py` says how, and
  `tests/operators/test_skills.py` has examples). A new pattern needs a film that
  shows it and one that does not: `tests/films.py` says how.
  `pytest tests/labels/test_labels.py tests/labels/test_label_sentences.py tests/test_docs.py` reports what is missing.

### A skill that touches with the fingertips

Copy `PressSurface` in [`press/surface.py`](../replay/operator/skills/press/surface.py). It needs these names:

| name | from | means |
|---|---|---|
| `PRESS` | `...words.primitives` | the primitive, which gives the arguments |
| `UP` | `...limbs.geometry` | the vertical, (3,) |
| `hand` | `state` | the hand's sheet: for fingertips at `tip`, the tcp is at `tip - state.hand.tip_end * frame[:, 2]` |
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
    return shown(see.sets_off, go, press, unfinished=1.0 - touched)
```

- A *sign* is an array with a number from 0 (does not hold) to 1 (holds) for each control step. `see` has the signs of one hand
  (`HandFeatures` in [`hand_features.py`](../replay/operator/recognition/hand_features.py)): FEATURES.
- A `Phase` is a part of the skill. Its second argument is the *contradiction*: 0 where nothing speaks against this phase, one more for
  each sign that does. So what has to hold is written as `1.0 - sign`, what must not hold as `sign`. `needed=True`: without this phase the
  skill was not done. Phases come in order.
- `begins` and `ends` say how well each control step is the first or the last one of the skill. Where they are not given, it is where
  the hand sets off.
- `unfinished` is 1 where the skill is not done yet, 0 where it is: a skill that ends there has failed. Where it is not given, it is 0.
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
    """Arguments that several strategies of a primitive share."""
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
    """What stands on the page of one skill; what it shares with others is on its primitive's."""
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
        sheet = read_own(file)
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


if __name__ == "__main__":
    print(page())
