"""What a link is: one-way delay, jitter, loss, drop-outs, and the robot's own rules for old commands and for silence.

A link can be fitted to what `ping` prints.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..sheet.errors import ScenarioError, from_here
from ..sheet.near_matches import refuse_unknown
from ..sheet.yaml_reader import Node, Problems, places_in, read_yaml

MOST = 10.0  # s of delay; later than that nobody steers
KEYS = ("delay", "jitter", "loss", "drop_outs", "stale", "hold", "like", "ping", "source")
OUTS = ("every", "shortest", "longest")  # of drop_outs
SEED = "link.seed"  # among a draw's values
OWN = "scenario"  # the choice on the command line that leaves the link to the scenario
LOCAL = "local"
# "No motion on stale commands: hold position on link loss; stale is older than 0.5 s" (facts of the remote scenario). The same
# 0.5 s is the default of `cmd_vel_timeout` of ros2_controllers' diff_drive_controller, after which a base stops.
STALE, HOLD = 0.5, 0.5
_TIME = re.compile(r"(?:time|时间)\s*[=<]\s*([\d.]+)\s*ms", re.IGNORECASE)
_COUNTS = re.compile(
    r"(\d+) packets transmitted,\s*(\d+) (?:packets )?received|Sent = (\d+), Received = (\d+)|已发送 = (\d+)，已接收 = (\d+)"
)
_NUMBER = re.compile(r"icmp_seq[= ](\d+)")
_MISSED = re.compile(r"timed? ?out|unreachable|超时|无法访问", re.IGNORECASE)
FEW = 10  # replies, below which no spread is fitted


@dataclass(frozen=True)
class Link:
    """One link, the same in both directions.

    Attributes:
        delay: mean one-way time of a message [s]; jitter: its standard deviation [s], at most `delay`.
        loss: share of the messages that never arrive.
        every: mean time between drop-outs [s], inf for none; shortest, longest: how long one lasts [s].
        stale: a command that is older when it arrives is not carried out [s].
        hold: a silence of commands after which a moving base stops [s]. Arms, hands and answers keep the last command for ever.
        like: the preset that it began from; source: where its numbers come from.
    """

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    every: float = math.inf
    shortest: float = 0.0
    longest: float = 0.0
    stale: float = STALE
    hold: float = HOLD
    like: str = LOCAL
    source: str = ""

    @property
    def local(self) -> bool:
        """Whether it changes nothing: every message arrives at once."""
        return self.delay == self.jitter == self.loss == 0.0 and self.every == math.inf


NO_LINK = Link()


def read_link(node: Node) -> Link:
    """A link from a scenario's tree, presets and traces resolved before (`resolve`); times may be plain numbers of seconds."""
    if node.value is None or not node.mapping(optional=KEYS):
        return Link()
    outs = node.child("drop_outs")
    if outs.value is not None:
        outs.mapping(required=OUTS)
    delay, jitter = _seconds(node.child("delay"), 0.0, MOST), _seconds(node.child("jitter"), 0.0, MOST)
    if jitter > delay:
        node.child("jitter").note(f"{jitter:g} s is more than the delay, {delay:g} s. No message arrives before it was sent.")
    given = outs.value is not None
    shortest, longest = (_seconds(outs.child(key), 0.0, 60.0) if given else 0.0 for key in ("shortest", "longest"))
    if longest < shortest:
        outs.child("longest").note("has to be as long as the shortest, or longer.")
    return Link(
        delay,
        jitter,
        _share(node.child("loss")),
        _seconds(outs.child("every"), math.inf, 1e6, 0.1) if given else math.inf,
        shortest,
        longest,
        _seconds(node.child("stale"), STALE, 60.0, 1e-3),
        _seconds(node.child("hold"), HOLD, 60.0, 1e-3),
        node.child("like").word(default=LOCAL),
        node.child("source").word(default=""),
    )


def link_of(tree: Mapping[str, Any], chosen: Mapping[str, str | None]) -> str | dict[str, Any] | None:
    """The link that the settings of a verb choose, with what they set of it; None where they leave it to the scenario.

    Args:
        tree, chosen: of what was composed.
    """
    settings, like = tree.get("link") or {}, chosen.get("link")
    given = {k: v for k, v in settings.items() if v is not None} if isinstance(settings, Mapping) else {}
    return ({"like": like} | given if like not in (None, OWN) else given) or None


def resolve(presets: Mapping[str, Path], *layers: object) -> dict[str, Any] | None:
    """Layers of a link as one plain mapping that needs no other file: what the scenario says, then what the command says.

    Args:
        presets: name -> YAML file; layers: a preset's name, a mapping or None. One with `like` or `ping` replaces all before it.

    Raises:
        ScenarioError: there is no such preset, it or the ping trace cannot be read, or a value is none that a link can have.
    """
    found: dict[str, Any] = {}
    for layer in layers:
        if layer is None:
            continue
        if not isinstance(layer, str | Mapping):
            raise ScenarioError(f"{layer!r} is no link. Write a preset such as 5g_sa, or delay, jitter, ...", field="link")
        own = {"like": layer} if isinstance(layer, str) else {k: v for k, v in layer.items() if v is not None}
        like, ping = own.get("like"), own.pop("ping", None)
        if like is not None:
            refuse_unknown(like, presets, f"There is no link {like!r}.", field="link")
            found = _preset(str(like), presets)
        if ping is not None:
            found = fitted(Path(str(ping)))
        found |= own
    problems = Problems()
    link = read_link(Node(found, "link", problems))
    problems.stop("The link")
    return None if link.local else found


def _preset(name: str, presets: Mapping[str, Path], above: tuple[str, ...] = ()) -> dict[str, Any]:
    """Keys of a preset, laid over the one that it is `like` or the trace to which it is fitted, if any.

    Raises:
        ScenarioError: all that is wrong with its file, by line.
    """
    file = presets[name]
    shown = from_here(file)
    problems = Problems(places_in(file, shown))
    content = read_yaml(file, shown)
    node = Node({} if content is None else content, "", problems)
    read_link(node)
    if not isinstance(node.value, Mapping):
        problems.found.clear()
        raise ScenarioError("is no mapping of keys such as `delay: 20 ms`.", file=shown, field="link")
    own = {key: value for key, value in node.value.items() if value is not None}
    like, ping = own.get("like"), own.pop("ping", None)
    if like is not None and (like in (name, *above) or like not in presets):
        node.child("like").note(f"there is no other link {like!r} from which it could begin.")
    problems.stop(f"The link {name!r}")
    base = {} if like is None else _preset(str(like), presets, (*above, name))
    return (base if ping is None else fitted(Path(str(ping)))) | own | {"like": name}


def _seconds(node: Node, default: float, most: float, least: float = 0.0) -> float:
    """[s] of a quantity with a unit, or of a plain number."""
    value = node.value
    if value is None:
        return default
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    found = node.number() if plain else node.quantity("time", default=default)
    if not least <= found <= most:
        node.note(f"{value!r} lies outside {least:g} to {most:g} s.")
        return default
    return found


def _share(node: Node) -> float:
    if node.value is None:
        return 0.0
    plain = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    found = node.number() if plain else node.quantity("share", default=0.0)
    if not 0.0 <= found < 1.0:
        node.note(f"{node.value!r} is no share from 0 % to below 100 %.")
        return 0.0
    return found


def fitted(file: Path) -> dict[str, Any]:
    """Keys of a link from the text output of ping (Linux, macOS, Windows).

    Assumed, and said in `source`: both ways take half of the round trip, and vary independently, so that the one-way deviation is
    that of the round trip over the square root of two; each way loses the same share, one message at a time (no drop-outs).

    Raises:
        ScenarioError: no such file, or fewer than ten replies in it.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}.", file=file, field="link.ping") from None
    lines = [line for line in text.splitlines() if not line.rstrip().endswith("(DUP!)")]
    trip = 1e-3 * np.array([float(one) for line in lines for one in _TIME.findall(line)])
    if len(trip) < FEW:
        raise ScenarioError(
            f"holds {len(trip)} replies with time=... ms; {FEW} are needed. Save what `ping -c 100 HOST` prints.",
            file=file,
            field="link.ping",
        )
    delay = 0.5 * float(trip.mean())
    if delay > MOST:
        raise ScenarioError(
            f"its replies took {2 * delay:.3g} s on average; a link has a delay of {MOST:g} s at most, each way.",
            file=file,
            field="link.ping",
        )
    sent, got, by = _counted(text, lines, len(trip))
    lost = max(1.0 - got / sent, 0.0)
    return {
        "delay": round(delay, 6),
        "jitter": round(min(float(trip.std()) / math.sqrt(2.0), delay), 6),
        "loss": round(1.0 - math.sqrt(1.0 - min(lost, 0.999)), 6),
        "source": f"fitted to {len(trip)} replies of {file.name}: half of the round trip each way, both ways independent, "
        f"losses single, {by}",
    }


def _counted(text: str, lines: Sequence[str], replies: int) -> tuple[int, int, str]:
    """How many messages of a trace were sent, how many were answered, and by what that is known.

    Its last lines count them. A trace that was stopped has none: there the numbers of its messages do, or its lines on replies
    that did not come.
    """
    if (counts := _COUNTS.search(text)) is not None:
        sent, got = (int(one) for one in counts.groups() if one)
        return max(sent, 1), got, "counted in its summary"
    if numbers := {int(one) for line in lines for one in _NUMBER.findall(line)}:
        sent = max(numbers) - min(numbers) + 1
        return sent, min(replies, sent), "counted by their numbers (no summary line)"
    missed = sum(_MISSED.search(line) is not None for line in lines)
    by = "counted by the lines on replies that did not come (no summary line)" if missed else "no loss known (no summary line)"
    return replies + missed, replies, by
