"""The record of a check: all that the judge, the repair, the report and the pages have to know of one code.

It stands in the module of its check, in the tuple `CHECKS`; its bounds stand in `conf/check/<name>.yaml`, its words in
`conf/text/<language>.yaml`. Whatever else needs a list of codes derives it from the records (`registry`). How a check is
added: `docs/new-check.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .finding import Finding, Plot
from .fixes import Fix, Known, rerecord

# what a check is asked of; where that is missing, all of its checks are answered at once
OF = {
    "set": "what a set says of an episode",
    "takes": "the other takes of a set",
    "pictures": "the recording's cameras",
    "link": "the commands of a real robot, as its recorder got them",
    "joints": "a joint motion against the limits of its joints",
    "peers": "a joint motion against those of the recordings that are judged with it",
    "shapes": "a joint motion against the shapes of the robot and its scene",
    "forces": "a joint motion against motors and soles",
    "hands": "a person's hands on the robot",
    "world": "the replayed world",
    "people": "the people in the replayed world",
}
# what a failure leaves without meaning, for the checks that name it under `after`
SPOILS = {
    "values": "a stream's values or times mean nothing",
    "clocks": "what two streams have at one time was not at one time",
    "channels": "one of two streams is wrong, and nobody knows which",
}
LAST = 6  # turn of an integrity check that waits for others and names none


@dataclass(frozen=True, eq=False)
class Check:
    """One code of the judge.

    Attributes:
        code: its name: a block in the file of bounds, an entry in the file of words.
        run: where its stage finds it by itself: of the integrity stage from `Recorded`, of the kinematics stage from `Moved`
            (see `inputs`). Codes that are found together name the same function. None where another place asks.
        settings: what its bounds may say under `with`, and the dimension of each: a dimension of quantities, `number`,
            `numbers`.
        fix: from a failed finding, and what the model adds, to what would make it pass.
        curve: (recording, finding, rules) to the curve of what it looks at, where the recording tells that.
        of: a word of `OF`.
        below: whether what lies below its bounds is forbidden (a clearance, a share that succeeds), and not what lies beyond.
        turn: its place among the checks of its stage, or of what it is asked of; equal ones stand as the bounds do.
        left_out: its turn among those that are not looked at, where that is another.
        spoils: a word of `SPOILS` for what a failure leaves without meaning.
        after: words of `SPOILS`: after such a failure it is not looked at.
        group: the word by which a scenario may require it with others.
        lasts: after a failure the world has gone another way, and whatever comes later may come of it.
        own_cause: it is never the consequence of a motion that the robot cannot follow.
        counts: whether strictness makes a failure of its warning.
        leads: of what a step into a place past a joint's range looks like, too: s by which the cause is older than the
            finding says.
        explains: codes of a set that follow from it, whatever they name.
        precedes: (its own finding, another one) to whether its failure stands before that one, against the order of the bounds.
        stepped: whether a command that comes after lost ones, and so as a longer step, makes such a failure.
        compares: whether it holds recorded columns against one another: of an episode that its replay makes again, to the bit, they
            are what the commands do, and a failure is none of the recorder.
        near: whether its value over its limit tells how near a good recording came to a limit.
        shown_by: the known fault that shows it on the page of checks.
        shown_in: what that fault is put into, where it is not a demonstration: `ordinary set`, `run`, `set`, `person`.
        no_example, no_curve: why the page of checks has none.
    """

    code: str
    run: Callable[[Any], list[Finding]] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    fix: Callable[[Finding, Known], Fix] = rerecord
    curve: Callable[..., Plot | None] | None = None
    of: str = ""
    below: bool = False
    # integrity
    turn: int | None = None
    left_out: int | None = None
    spoils: str = ""
    after: tuple[str, ...] = ()
    # causes and consequences
    group: str = ""
    lasts: bool = False
    own_cause: bool = False
    counts: bool = True
    leads: float | None = None
    explains: tuple[str, ...] = ()
    precedes: Callable[[Finding, Finding], bool] | None = None
    stepped: bool = False
    compares: bool = False
    # report and pages
    near: bool = False
    shown_by: str = ""
    shown_in: str = ""
    no_example: str = ""
    no_curve: str = ""

    def __post_init__(self) -> None:
        if self.of and self.of not in OF:
            raise ValueError(f"{self.code}: {self.of!r} is nothing that is asked. Known: {', '.join(OF)}.")
        for word in (self.spoils, *self.after):
            if word and word not in SPOILS:
                raise ValueError(f"{self.code}: {word!r} is nothing that a fault spoils. Known: {', '.join(SPOILS)}.")

    @property
    def place(self) -> int:
        """Its turn; where it names none, it comes first, or last where it waits for others."""
        return self.turn if self.turn is not None else LAST if self.after else 0
