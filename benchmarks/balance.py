"""How near each kept take comes to tipping: `balance` from the command, and `tipping` from every force of its replay.

    python benchmarks/balance.py [scenario=NAME,NAME.VARIANT] [lang=en]

One line a take [mm]: `balance` as it was kept; how far the zero-moment point goes to each side for 50 ms at least and how far it may, with
the seconds that it is beyond; the least margin; what `tipping` comes to, and the advice. The kept actions are played once.
"""

from __future__ import annotations

import sys

from kept import chosen
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.registry import check_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.tipping_over import SIDES, check_tipping
from shiliu.replay.drift.kept_take import kept_names, read_take
from shiliu.replay.judge.explanation.what_tips import moments_of
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.rollout import Take, play


def line_of(name: str, balance: float, tipping: Finding, words: Words) -> str:
    """A row of the table; `balance` in m."""
    table = tipping.details["table"]
    sides = (f"{1e3 * table[side]['value']:.0f}/{1e3 * table[side]['limit']:.0f} ({table[side]['beyond_s']:.2f})" for side in SIDES)
    text = "" if tipping.level == "PASS" else f"{tipping.t0:.1f} to {tipping.t1:.1f} s: {words.message(tipping)}. {words.fix(tipping)}"
    least = 1e3 * tipping.details["least"]
    return f"| {name} | {1e3 * balance:.0f} | {' | '.join(sides)} | {least:.0f} | {tipping.level} | {text} |"


def main(arguments: list[str]) -> int:
    """Print the table."""
    settings = dict(argument.partition("=")[::2] for argument in arguments)
    words, rules = Words(settings.get("lang", "en")), load_rules()
    print(f"| take | balance | {' | '.join(SIDES)} | least | tipping | |")
    print(f"|{'---|' * (len(SIDES) + 5)}")
    for name in chosen(settings.get("scenario", ""), kept_names()):
        kept = read_take(name)
        scene = kept.scene()
        take = Take(kept.start(scene), kept.actions)
        (played,) = play(scene, [take], threads=1)
        moments = moments_of(scene, take, played)
        (tipping,) = check_tipping(played.wrench, scene.timestep, scene.footing, rules, moments)
        balance = next(one["value"] for one in kept.verdict["findings"] if one["code"] == "balance")
        print(line_of(name, balance, advised(tipping), words), flush=True)
    return 0


def advised(finding: Finding) -> Finding:
    """The finding with its fix, where it failed."""
    return finding.with_(fix=check_of(finding.code).fix(finding, {})) if finding.failed else finding


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
