"""What a run was judged by, from its verdicts: scenes, cells, robots and thresholds that were used, and settings that were not.

A command names what is wanted; a verdict says what was done. Headers are made from the latter alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ...scenarios.robots.robot_folder import DEFAULT_ROBOT
from ..judge.verdict import Verdict
from .assumed_words import link_named
from .text import Words


def used(verdicts: Sequence[Verdict], words: Words) -> dict[str, str]:
    """`scene`, `cell`, `link`, `thresholds` of a header: one name where all share it, else each with how many recordings it judged.

    A key is missing where nothing was read, or where none has one.
    """
    read = [verdict for verdict in verdicts if verdict.verdict is not None]
    found = {
        "scene": _counted((scene_name(v, words) for v in read if not _at_intake(v)), words),
        "cell": _counted((shown_cell(v, words) for v in read), words, words.ui("no_cell")),
        "link": _counted((shown_link(v, words, short=True) for v in read), words, words.ui("own_link")),
        "thresholds": _counted((_word(v, "thresholds") for v in read), words),
        "robot": _counted((_word(v, "robot") for v in read), words),
    }
    if found["robot"] in ("", DEFAULT_ROBOT):
        found["robot"] = ""  # who is meant where nobody is named
    return {key: value for key, value in found.items() if value}


def _at_intake(verdict: Verdict) -> bool:
    """Whether no scene was built: the recording may name one, but it was not judged in it."""
    return (verdict.provenance or {}).get("check") == "intake"


def not_used(verdicts: Iterable[Verdict], words: Words) -> str:
    """Settings of the command that some recordings were not judged by, in one line; empty where there are none."""
    found = Counter(word for v in verdicts for word in (v.provenance or {}).get("not_used") or ())
    counts = [words.ui("times", what=one_line(word), n=n) for word, n in sorted(found.items())]
    return words.ui("settings_not_used", list=words.join(counts)) if counts else ""


def names_proposed(verdicts: Iterable[Verdict], words: Words) -> str:
    """Names of joints that likely mean the same as those of the robot's description, in one line; empty where there are none."""
    pairs = {name: joint for v in verdicts for name, joint in ((v.provenance or {}).get("names_proposed") or {}).items()}
    if not pairs:
        return ""
    name, joint = next(iter(pairs.items()))
    shown = words.join(one_line(f"{name} = {joint}") for name, joint in pairs.items())
    return words.ui("names_proposed", pairs=shown, said=f"also: [{one_line(name)}]", joint=one_line(joint))


def scene_name(verdict: Verdict, words: Words) -> str:
    """The scenario of a verdict and its version."""
    if verdict.scenario in (None, "bare"):
        return words.ui("scenario_bare")
    version = f" v{verdict.scenario_version}" if verdict.scenario_version else ""
    name = one_line(f"{verdict.scenario}{version}")
    latched = (verdict.provenance or {}).get("goal_rule") == "latched"
    return words.ui("goal_latched", scene=name) if latched else name


def shown_cell(verdict: Verdict, words: Words) -> str:
    """The cell that a verdict was judged in, with the day of its survey, or nothing."""
    survey = (verdict.provenance or {}).get("cell")
    date = survey.get("surveyed") if isinstance(survey, dict) else None
    return words.surveyed(one_line(verdict.cell), date) if verdict.cell else ""


def shown_link(verdict: Verdict, words: Words, short: bool = False) -> str:
    """The link over which a take was judged because the command names it, with its numbers, or nothing; short: a preset by its name."""
    link = (verdict.provenance or {}).get("link")
    if not isinstance(link, dict):
        return ""
    return one_line(link["like"] if short and link.get("like") else link_named(words, link))


def named_cell(verdict: Verdict) -> str | None:
    """The cell that a recording is of: the one that it was judged in, else the one that it names."""
    survey = (verdict.provenance or {}).get("cell")
    return verdict.cell or (survey.get("id") if isinstance(survey, dict) else None)


def one_line(text: object) -> str:
    """The text without line breaks and control characters: a file name must not move the cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text).replace("\n", " ").replace("\t", " "))


def _word(verdict: Verdict, key: str) -> str:
    """The name in front of what the provenance says beside it."""
    return one_line((verdict.provenance or {}).get(key) or "").partition(" ")[0]


def _counted(names: Iterable[str], words: Words, nameless: str = "") -> str:
    found = Counter(names)
    if set(found) <= {""}:
        return ""
    if len(found) == 1:
        return next(iter(found))
    counted = sorted(found.items(), key=lambda item: (not item[0], -item[1], item[0]))
    return words.join(words.ui("times", what=name or nameless, n=n) for name, n in counted if name or nameless)
