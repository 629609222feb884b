"""`junit.xml`: one test case an episode, so that any CI shows verdicts as it shows tests.

FEASIBLE passes; INFEASIBLE and UNSOUND are failures; INCONCLUSIVE is skipped, but what was
cleared at intake passes; an unreadable file is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from .story import Story
from .text import Words

if TYPE_CHECKING:
    from ..judge.verdict import Verdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def tree(verdicts: Sequence[Verdict], words: Words) -> ElementTree.ElementTree:
    """The whole document."""
    suite = ElementTree.Element("testsuite", name="shiliu replay")
    failures = skipped = errors = 0
    for verdict in verdicts:
        story = Story(verdict, words)
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=clean(f"shiliu.{verdict.scenario or 'bare'}"),
            name=clean(verdict.episode),
            time=f"{story.duration or 0.0:.3f}",
        )
        message = clean(" ".join(part for part in (story.slip, story.advice) if part))
        if verdict.verdict is None:
            errors += 1
            ElementTree.SubElement(case, "error", type="unreadable", message=message).text = clean(story.why)
        elif verdict.verdict in ("INFEASIBLE", "UNSOUND"):
            failures += 1
            kind = f"{verdict.verdict} {story.root.code}" if story.root else verdict.verdict
            ElementTree.SubElement(case, "failure", type=kind, message=message).text = clean(body(story))
        elif verdict.verdict == "INCONCLUSIVE" and not verdict.cleared:
            skipped += 1
            ElementTree.SubElement(case, "skipped", message=message)
        elif story.listed:
            ElementTree.SubElement(case, "system-out").text = clean(body(story))
    counts = {"tests": len(verdicts), "failures": failures, "skipped": skipped, "errors": errors}
    root = ElementTree.Element("testsuites", {"name": "shiliu replay", **{key: str(n) for key, n in counts.items()}})
    for key, n in counts.items():
        suite.set(key, str(n))
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.ElementTree(root)


def body(story: Story) -> str:
    """The findings as lines of text, the cause first, followed by who acts."""
    words, lines = story.words, []
    for index in story.listed:
        finding = story.findings[index]
        follows = story.follows(finding)
        tail = f" ({words.ui('follows_from', n=follows)})" if follows else ""
        head = f"{story.number[index]} {finding.level} {finding.code}"
        lines.append(f"{head}: {words.message(finding)} [{story.when(finding)}]{tail}")
    lines.append(words.ui("colon").join((words.ui("who"), story.who)))
    return "\n".join(lines)


def dump(verdicts: Sequence[Verdict], path: Path, words: Words) -> None:
    """Write the document."""
    tree(verdicts, words).write(path, encoding="utf-8", xml_declaration=True)


def clean(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _FORBIDDEN.sub("�", str(text))
