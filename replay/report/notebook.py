"""A verdict in a notebook: its slip as HTML, one of its curves, the picture of the moment."""

from __future__ import annotations

from html import escape
from pathlib import Path
from zlib import crc32

from ...scenarios.sheet import arguments
from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.near_matches import near
from ..checks.finding import Plot, tidy
from ..checks.registry import registry
from ..judge.explanation.curves import CURVES
from ..judge.verdict import Verdict
from . import plots
from .story import Story
from .text import Words

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
STYLE = "<style>text{font:12px sans-serif}.halo{paint-order:stroke;stroke:#fff;stroke-width:3.5px;stroke-linejoin:round}</style>"
NUMBERS = ("t0", "t1", "value", "limit", "margin", "excess", "share", "details")
# title of a curve that a verdict has although nothing is marked in it -> code of its check
ALWAYS = {"joint_velocity": "joint.velocity", "joint_torque": "torque.peak", "joint_position": "joint.position"}
CODE = "a code of `shiliu list checks`, such as 'joint.velocity'"
TONES = {"FEASIBLE": "#17693f", "INFEASIBLE": "#b3261e", "UNSOUND": "#6f3391", "INCONCLUSIVE": "#8a5a00"}


class Drawing(str):
    """A drawing as SVG text; a notebook shows it."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: str | Path) -> Path:
        """Write it as an SVG file."""
        Path(path).write_text(self, encoding="utf-8")
        return Path(path)


def curves(verdict: Verdict) -> dict[str, Plot]:
    """Code -> its curve, of all that the verdict has one for."""
    evidence = verdict.evidence
    if evidence is None:
        return {}
    drawn = {ALWAYS[plot.title_key]: plot for plot in reversed(evidence.plots) if plot.title_key in ALWAYS}
    marked = {str(mark["code"]): plot for plot in reversed(evidence.plots) for mark in plot.marks if mark.get("code")}
    return {**drawn, **marked, **evidence.own}


def plot(verdict: Verdict, code: str | None = None, lang: str = "en") -> Drawing:
    """See `Verdict.plot`."""
    known = curves(verdict)
    shown: Plot | None = None
    if code is not None:
        if arguments.word("code", code, CODE) not in known:
            raise ShiliuError(f"{_missing(verdict, code)} Curves here: {', '.join(known) or 'none'}.", file=verdict.called, field="code")
        shown = known[code]
    else:
        cause = None if verdict.root is None else verdict.findings[verdict.root].code
        others = verdict.evidence.plots if verdict.evidence else []
        shown = known.get(cause or "") or (others[0] if others else None)
    identity = f"plot-{crc32(f'{verdict.called} {code} {lang}'.encode()):08x}"  # of its clip paths: a page may hold several
    drawn = plots.curve(shown, Story(verdict, Words(lang)), identity) if shown is not None else ""
    if not drawn:
        raise ShiliuError(
            "The verdict has no curve. shiliu.judge(…, curves=[CODE]) keeps one; `shiliu list checks` lists the codes.",
            file=verdict.called,
            field="code",
        )
    text = str(drawn).replace("<svg", f"<svg {NAMESPACE}", 1)
    head = text.index(">") + 1  # a drawing that stands alone brings its style
    return Drawing(text[:head] + STYLE + text[head:])


def _missing(verdict: Verdict, code: str) -> str:
    """Why the verdict has no curve of this code, and what to do."""
    known = {*registry(), *(finding.code for finding in verdict.findings)}
    if code not in known:
        like = near(code, sorted(known))
        return f"There is no check {code!r}. " + (f"Did you mean {' or '.join(like)}?" if like else "`shiliu list checks` lists them.")
    if code not in (*CURVES, *ALWAYS.values()):
        return f"The check {code!r} has no curve of its own."
    if not any(finding.code == code and finding.checked for finding in verdict.findings):
        return f"{code!r} was not checked in this recording."
    return f"The curve of {code!r} was not kept. Judge again with curves=[{code!r}]."


def card(verdict: Verdict, lang: str = "en") -> str:
    """A verdict as HTML: word, cause, what to do, who moves, stages, and the curve of the cause where there is one."""
    story = Story(verdict, Words(lang))
    words = story.words
    word, tone = verdict.verdict or "", TONES.get(verdict.verdict or "", "#52606d")
    lines = [f'<b style="color:{tone}">{escape(word or words.verdict(None))}</b> {escape(verdict.called)}']
    if verdict.error is not None:
        return f"<p>{lines[0]}: {escape(story.unread or str(verdict.error))}</p>"
    drawn = ""
    if verdict.root is not None:
        cause = verdict.findings[verdict.root]
        cause = cause.with_(**{name: tidy(getattr(cause, name)) for name in NUMBERS})  # as a line of verdicts.jsonl has them
        when = "" if cause.t0 is None else f" ({cause.t0:.2f} s)"
        lines.append(f"<b>{escape(words.message(cause))}</b>{when} <code>{escape(cause.code)}</code>")
        if advice := words.advice(cause):
            lines.append(escape(advice))
        if verdict.owner:
            lines.append(escape(words.owner(verdict.owner)))
        if cause.code in curves(verdict):
            drawn = plot(verdict, cause.code, lang)
    rows = "".join(
        f"<tr><td>{escape(words.stage(name))}</td><td>{escape(result.verdict)}</td>"
        f"<td>{escape(words.reason(result.reason) if result.reason else '')}</td></tr>"
        for name, result in verdict.stages.items()
    )
    return f"<div>{'<br>'.join(lines)}<table>{rows}</table>{drawn}</div>"
