"""What `shiliu record` prints, in the language that was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...scenarios.scene.scene import Scene
from ..live.performing import words_of
from ..operator.failures import Ending, counted, ending_of
from ..recording.recording import SimEpisode
from ..report.text import Words
from ..signals.statistics import wilson


class Lines:
    """Sentences about demonstrations.

    Args:
        lang: en or zh; words: of the skills of their chain, in order; code: what a mistake that is made on purpose has to bring.
        scene: of which they are; its things are called by their titles where it is given. Steps have their names, as in the file.
    """

    def __init__(self, lang: str, words: Sequence[str], code: str | None = None, scene: Scene | None = None):
        self._book = Words(lang) if scene is None else words_of(scene, Words(lang))
        self._words, self._code = list(words), code
        self._templates = self._book.book["record"]

    def say(self, key: str, **values: Any) -> str:
        """An entry of `record` in the catalogue."""
        return self._book.fill(self._templates[key], values)

    def ending(self, episode: SimEpisode) -> Ending | None:
        """Where a demonstration ended that should not have; None where all went as it was meant to."""
        return None if self._brought(episode) else ending_of(episode, self._words)

    def _brought(self, episode: SimEpisode) -> bool:
        return self._code is not None and episode.provenance.get("brought") == self._code

    def of(self, episode: SimEpisode) -> list[str]:
        """How it went, and below it, where it failed, why or during which skill."""
        reached = " ".join(f"{name} {t:.1f}" for name, t in episode.label["subgoals"].items() if t is not None)
        code = episode.label["failure"] or (episode.provenance.get("brought") if self._code else None)
        outcome = self.say("failure", code=code) if code else self.say("success")
        seed = self.say("seed", seed=f"{episode.seed:<6}")
        found = [f"  {seed} {episode.duration_s:5.1f} s  {outcome:<28} {reached}".rstrip()]
        ending = self.ending(episode)
        if ending is not None:
            found.append(f"    {self._why(ending)}")
            undone = episode.label.get("undone") or {}
            found += [f"    {self.say('undone', step=name, at=at)}" for name, at in undone.items() if at is not None]
            found += [f"    {line}" for line in map(self._missed, episode.provenance.get("missed") or ()) if line]
        return found

    def _missed(self, step: Mapping[str, Any]) -> str:
        """A step of the goal that was missed, and by how much; "" where all that it asks held, and its turn did not come."""
        near = self._book.nearest(step)
        return self.say("missed", step=step["step"], near=near, at=step["t"]) if near else ""

    def _why(self, ending: Ending) -> str:
        gave_up = ending.gave_up
        if gave_up is not None:
            reason = self._book.gave_up(gave_up, plain=False)
            return self.say("gave_up", skill=gave_up["skill"], number=gave_up["number"], reason=reason)
        return self.say(
            "afterwards" if ending.done else "during", skill=ending.skill, number=ending.number, of=ending.of
        )

    def table(self, episodes: Sequence[SimEpisode]) -> list[str]:
        """The failures by skill and reason, the most frequent first; nothing where there are fewer than two."""
        failures = []
        for episode in episodes:
            ending = self.ending(episode)
            if ending is not None:
                reason = None if ending.gave_up is None else self._book.gave_up(ending.gave_up, plain=False)
                failures.append((str(episode.label["failure"]), ending.skill, reason))
        if len(failures) < 2:
            return []
        rows = [
            f"  {count:4d}  {skill:<16} {code if reason is None else self.say('reason', reason=reason)}"
            for count, skill, code, reason in counted(failures)
        ]
        return [self.say("table"), *rows]

    def total(self, episodes: Sequence[SimEpisode]) -> tuple[str, float]:
        """How many did what they were meant to, and the share of the draws that were refused."""
        redraws = Counter(reason.partition(":")[0] for e in episodes for reason in e.draw["redraws"])
        share = redraws.total() / (redraws.total() + len(episodes))
        why = ", ".join(f"{count} {reason}" for reason, count in redraws.items())
        refused = self.say("refused", n=redraws.total(), share=f"{share:.1%}", why=why)
        n = len(episodes)
        if self._code is not None:
            brought = sum(map(self._brought, episodes))
            how = self.say("brought", n=brought, of=n, code=self._code)
            return self.say("total", how=how, refused=refused), share
        successes = sum(bool(e.label["success"]) for e in episodes)
        low, high = wilson(successes, n)
        how = self.say("succeeded", n=successes, of=n, low=f"{low:.1%}", high=f"{high:.1%}")
        return self.say("total", how=how, refused=refused), share
