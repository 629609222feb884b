"""How well proposed skill segments agree with those that the scripted operator knows of itself.

    shiliu record scenario=microwave episodes=20 seed=100 out=demos
    python benchmarks/labels.py demos

The proposals see the replay alone: neither the known segments nor the seed, which are read here to compare with.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from shiliu.replay.formats import read
from shiliu.replay.judge.context import Contexts
from shiliu.replay.labels.labelling import Labelled, labelling
from shiliu.replay.recording.recording import Recording

AIM_S, AIM_SHARE = 0.3, 0.9  # median error of a boundary [s], share of right words and of right time


@dataclass
class Score:
    """Sums over episodes.

    Attributes:
        errors: (skill, "t0" or "t1") -> proposed minus known [s] of segments that were found.
        boundaries: errors of beginnings, but that of the episode itself, which is known without looking.
        right, labelled: seconds with the right word, seconds that the operator gave a word.
        words, segments: known segments that were found with their word, and all.
        of_skill: skill -> known segments, seconds that the operator gave it, seconds with the right word.
        extra: proposed segments that answer to none.
        sure: (confidence, whether right) of proposed segments.
    """

    errors: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    boundaries: list[float] = field(default_factory=list)
    right: float = 0.0
    labelled: float = 0.0
    words: int = 0
    segments: int = 0
    of_skill: dict[str, tuple[int, float, float]] = field(default_factory=dict)
    extra: int = 0
    sure: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, known: Sequence[dict[str, Any]], proposed: Sequence[dict[str, Any]]) -> None:
        """Take in one episode: segments `{"skill", "t0", "t1"}` as known and as proposed.

        A known one without any time, such as a look that goes on beside the next skill, counts for nothing.
        """
        answered = set()
        for one in known:
            if one["t1"] <= one["t0"]:
                continue
            self.segments += 1
            self.labelled += one["t1"] - one["t0"]
            overlaps = [overlap(one, other) for other in proposed]
            same = [o if other["skill"] == one["skill"] else 0.0 for o, other in zip(overlaps, proposed)]
            self.right += sum(same)
            count, seconds, right = self.of_skill.get(one["skill"], (0, 0.0, 0.0))
            self.of_skill[one["skill"]] = (count + 1, seconds + one["t1"] - one["t0"], right + sum(same))
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best >= 0 and overlaps[best] > 0 and same[best] > 0 and best not in answered:
                answered.add(best)
                self.words += 1
                for edge in ("t0", "t1"):
                    self.errors.setdefault((one["skill"], edge), []).append(proposed[best][edge] - one[edge])
                if one["t0"] > 0:
                    self.boundaries.append(proposed[best]["t0"] - one["t0"])
        self.extra += len(proposed) - len(answered)
        self.sure += [(other["confidence"], k in answered) for k, other in enumerate(proposed) if "confidence" in other]

    def figures(self) -> dict[str, Any]:
        """The reported figures."""
        of_skill = {}
        for skill, (known, seconds, right) in self.of_skill.items():
            begin, end = (np.array(self.errors.get((skill, edge), [np.nan])) for edge in ("t0", "t1"))
            of_skill[skill] = {
                "found": len(self.errors.get((skill, "t0"), ())),
                "known": known,
                "right_time": right / seconds,
                "begin_median_s": round(float(np.median(np.abs(begin))), 3),
                "begin_p90_s": round(float(np.percentile(np.abs(begin), 90)), 3),
                "end_median_s": round(float(np.median(np.abs(end))), 3),
                "end_p90_s": round(float(np.percentile(np.abs(end), 90)), 3),
                "bias_s": round(float(np.median(begin)), 3),
            }
        every = np.abs(np.array(self.boundaries))
        return {
            "segments": self.segments,
            "right_word": self.words / max(self.segments, 1),
            "right_time": self.right / max(self.labelled, 1e-9),
            "extra": self.extra,
            "boundary_median_s": float(np.median(every)) if len(every) else None,
            "boundary_p90_s": float(np.percentile(every, 90)) if len(every) else None,
            "boundary_worst_s": float(every.max()) if len(every) else None,
            "of_skill": of_skill,
        }


def overlap(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Seconds that two segments share."""
    return max(0.0, min(one["t1"], other["t1"]) - max(one["t0"], other["t0"]))


def measure(data: Path, threads: int = 0) -> dict[str, Any]:
    """Label a dataset of the scripted operator and compare."""
    recordings = [item for item in read(data) if isinstance(item, Recording) and item.episode is not None]
    score = Score()
    for recording, item in zip(recordings, labelling(recordings, Contexts(), threads)):
        if isinstance(item, Labelled):
            assert recording.episode is not None
            score.add(recording.episode.segments, [segment.plain() for segment in item.segments])
    figures = score.figures()
    sure = np.array([c for c, _ in score.sure])
    right = np.array([r for _, r in score.sure])
    figures["confidence"] = {
        name: {"segments": int(chosen.sum()), "right": float(right[chosen].mean()) if chosen.any() else None}
        for name, chosen in (("below 0.9", sure < 0.9), ("0.9 and above", sure >= 0.9))
    }
    return {"episodes": len(recordings), **figures}


def table(figures: dict[str, Any]) -> str:
    """Markdown."""
    lines = [
        f"{figures['episodes']} episodes, {figures['segments']} segments: right word {figures['right_word']:.1%}, "
        f"right time {figures['right_time']:.1%}, {figures['extra']} extra; boundaries: median "
        f"{figures['boundary_median_s']:.3f} s, p90 {figures['boundary_p90_s']:.3f} s, worst {figures['boundary_worst_s']:.2f} s",
        "",
        "| skill | found | right time | begins: median, p90 [s] | ends: median, p90 [s] | begins late (+) or early by [s] |",
        "|---|---|---|---|---|---|",
    ]
    for skill, row in figures["of_skill"].items():
        words = f"`{skill}` | {row['found']} of {row['known']} | {row['right_time']:.1%}"
        begins, ends = (f"{row[f'{edge}_median_s']:.2f}, {row[f'{edge}_p90_s']:.2f}" for edge in ("begin", "end"))
        lines.append(
            f"| {words} | {begins} | {ends} | {row['bias_s']:+.2f} |".replace("nan, nan", "–").replace("+nan", "–")
        )
    for name, row in figures["confidence"].items():
        if row["segments"]:
            lines.append(f"\nconfidence {name}: {row['segments']} segments, {row['right']:.1%} with the right word")
    return "\n".join(lines)


def main() -> int:
    """Exit 0 where the aims are met, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a dataset of `shiliu record`")
    parser.add_argument("--out", type=Path, help="the figures as JSON")
    parser.add_argument("--threads", type=int, default=0)
    words = parser.parse_args()
    figures = measure(words.data, words.threads)
    print(table(figures))
    if words.out:
        words.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    median = figures["boundary_median_s"]
    met = median is not None and median <= AIM_S and min(figures["right_word"], figures["right_time"]) >= AIM_SHARE
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
