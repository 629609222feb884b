"""shiliu report: what many verdicts say together."""

from __future__ import annotations

from pathlib import Path

from ...scenarios.sheet.errors import ShiliuError, printable
from .command_request import CommandRequest
from .settings import Settings

USAGE = """
shiliu report verdicts=DIR [out=DIR] [what_if="joint.velocity=-10 %"] [lang=en|zh]

Combines any number of verdicts.jsonl, and the out= of a `shiliu watch`. It reads no recording
and judges nothing. It reports:
  - refusals, grouped by their likely common cause
  - yield and reasons by scenario, centre, cell, device set, robot, calibration, operator and
    day
  - drift of calibration and lag; where in the variation takes fail; skills; takes that are
    nearly the same; ten typical failures

Settings:
  out=      gets oversight.html, a page that needs no other file, and oversight.json, its
            figures. Without out= the groups are printed
  what_if=  compares the measured numbers with other bounds: CODE=VALUE, CODE.warn=VALUE, or
            CODE=-10 % of both
See docs/oversight.md.
Exit: 0; 2 the verdicts cannot be read.
"""


def run(request: CommandRequest) -> int:
    """Read, count, tell."""
    from ...scenarios.catalog.scene_titles import event_titles
    from ...version import __version__
    from ..checks.rules import load_rules
    from ..formats.atomic_folder import refuse_unwritable
    from ..judge.intake import rules_of
    from ..oversight.overseeing import oversee
    from ..oversight.page import Page
    from ..oversight.page_figures import FIGURES, PAGE, write
    from ..oversight.what_if import WhatIf, read_changes
    from ..report.lines import files_of, lines_of
    from ..report.text import Words

    settings = Settings(request)
    verdicts, out = Path(settings["verdicts"].word()), settings["out"].word(default="") or None
    asked = settings["what_if"].word(default="") or None
    lang, quiet = settings["lang"].word(choices=("en", "zh")), settings["quiet"].flag()
    settings.stop()
    rules = rules_of(request.conf_dir) if request.conf_dir else load_rules()
    changed = WhatIf(read_changes(asked, rules), rules) if asked else None
    if out is not None:
        refuse_unwritable(Path(out), holds=(FIGURES, PAGE))
    files = files_of(verdicts)
    seen = oversee(lines_of(files), changed)
    if not len(seen.takes):
        raise ShiliuError("holds no line. Judge something first.", file=verdicts, field="verdicts")
    own = event_titles(((scenario, code.removeprefix("scenario.")) for scenario, code in seen.tallies.kinds), request.conf_dir)
    page = Page(seen, Words(lang).telling({"events": own}), len(files), __version__)
    context = page.context()
    if not quiet or out is None:
        print(page.say("lead", share=context["all"]["yield"], n=context["all"]["FEASIBLE"], of=context["all"]["n"]))
        for one in context["causes"]:
            print(f"  {one['say']}\n    {one['detail']} {one['who']}: {one['act']} ({one['code']})")
        for now, then, n in context["what_if"]["moved"] if context["what_if"] else ():
            print(f"  {context['what_if']['asked']}: {now} -> {then} {n}")
    if out is not None:
        print(printable(write(page, Path(out))))
    return 0
