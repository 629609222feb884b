"""`junit.xml`: one test case an episode, so that any CI shows verdicts as it shows tests.

FEASIBLE passes; INFEASIBLE and UNSOUND are failures; INCONCLUSIVE is skipped, but what was
cleared at intake passes; an unreadable file is an error.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

from ..judge.verdict import Verdict
from .story import Story
from .text import Words

SUITE = "shiliu replay"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def case_lines(verdict: Verdict, words: Words, counted: Counter[str]) -> str:
    """The test case of one verdict, which is counted, as it stands in the document, with its line end."""
    story = Story(verdict, words)
    found = ElementTree.Element(
        "testcase",
        classname=clean(f"shiliu.{verdict.scenario or 'bare'}"),
        name=clean(verdict.called),
        time=f"{story.duration or 0.0:.3f}",
    )
    counted["tests"] += 1
    message = clean(" ".join(part for part in (story.slip, story.advice) if part))
    if verdict.verdict is None:
        counted["errors"] += 1
        ElementTree.SubElement(found, "error", type="unreadable", message=message).text = clean(story.why)
    elif verdict.verdict in ("INFEASIBLE", "UNSOUND"):
        counted["failures"] += 1
        kind = f"{verdict.verdict} {story.root.code}" if story.root else verdict.verdict
        ElementTree.SubElement(found, "failure", type=kind, message=message).text = clean(body(story))
    elif verdict.verdict == "INCONCLUSIVE" and not verdict.cleared:
        counted["skipped"] += 1
        ElementTree.SubElement(found, "skipped", message=message).text = clean(story.on_legs) or None
    elif story.listed or story.on_legs:
        ElementTree.SubElement(found, "system-out").text = clean(body(story))
    ElementTree.indent(found, level=2)
    return f"    {ElementTree.tostring(found, encoding='unicode')}\n"


def around(counted: Counter[str]) -> tuple[str, str]:
    """What stands before and after the lines of all test cases, of which there is at least one."""
    counts = "".join(f' {key}="{counted[key]}"' for key in ("tests", "failures", "skipped", "errors"))
    head = f'<?xml version=\'1.0\' encoding=\'utf-8\'?>\n<testsuites name="{SUITE}"{counts}>\n  <testsuite name="{SUITE}"{counts}>\n'
    return head, "  </testsuite>\n</testsuites>"


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
    lines += [story.on_legs] if story.on_legs else []
    return "\n".join(lines)


def clean(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _FORBIDDEN.sub("�", str(text))
