"""The page and its figures as files, both or neither."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..formats.atomic_folder import filled
from .overseeing import BY, Seen, reasons, total, yields
from .page import Page

PAGE, FIGURES = "oversight.html", "oversight.json"


def figures(seen: Seen) -> dict[str, Any]:
    """All that the page shows, as plain JSON."""
    tallies, asked = seen.tallies, seen.what_if
    return {
        "all": total(seen.takes),
        "succeeded_but_unsafe": {
            "succeeded": tallies.succeeded,
            "unsafe": tallies.unsafe,
            "codes": dict(tallies.unsafe_codes),
        },
        "causes": [asdict(one) for one in seen.causes],
        "by": {name: yields(seen.takes, name) for name in BY},
        "reasons": [{"code": code, "n": n, "owner": owner} for code, n, owner in reasons(seen.takes)],
        "drift": [
            {
                "code": code,
                "devices": devices,
                "day": day,
                "n": one.n,
                "mean": one.mean,
                "least": one.least,
                "most": one.most,
            }
            for (code, devices), days in sorted(tallies.drift.items())
            for day, one in sorted(days.items())
        ],
        "variation": {
            scenario: {
                key: {
                    "low": where.bounds[key][0],
                    "high": where.bounds[key][1],
                    "covered": where.covered(key),
                    "tenths": bins,
                }
                for key, bins in sorted(where.one.items())
            }
            for scenario, where in sorted(tallies.maps.items())
        },
        "skills": [
            {"scenario": scenario, "skill": skill, "n": n, "failed": failed}
            for (scenario, skill), (n, failed) in sorted(tallies.skills.items())
        ],
        "same_content": {"n": seen.n_again, "pairs": seen.again},
        "nearly_the_same": {"n": seen.alike.n, "pairs": seen.alike.pairs},
        "judged_again": seen.repeated,
        "what_if": None
        if asked is None
        else {
            "changes": [change.text for change in asked.changes],
            "moved": [{"now": now, "then": then, "n": n} for (now, then), n in asked.moved.most_common()],
            "same": asked.same,
            "untold": asked.untold,
        },
        "telling": [asdict(one) for one in tallies.telling],
    }


def write(page: Page, out: Path) -> Path:
    """Put both into a folder; returns where the page lies. Where they cannot be written, what was there is as it was."""
    texts = {FIGURES: json.dumps(figures(page.seen), ensure_ascii=False, indent=1) + "\n", PAGE: page.html()}
    with filled(out) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return out / PAGE
