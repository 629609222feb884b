"""A draft of a mapping for a bag with topics that no mapping knows: from message definitions, names and values alone.

As with arrays (`proposal`), what is not certain is listed, and a person who knows the robot corrects it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .mapping_draft import Proposal, quoted
from .unit_guess import role_of, unit_of

LOOKED_AT = 200  # messages of each topic
MAX_DEPTH = 6
MAX_STREAMS = 60
_LEFT = re.compile(r"/(rosout|tf)|Image|Camera|PointCloud|Log$", re.IGNORECASE)
_TIMES = {"builtin_interfaces/msg/Time", "builtin_interfaces/msg/Duration"}


def propose_topics(path: Path) -> Proposal:
    """Draft a mapping that reads a ROS 1 bag.

    Returns:
        YAML text for `mapping=`, and what is not certain in it.
    """
    from rosbags.rosbag1 import Reader

    from ..formats.rosbag.bag1 import definitions

    unsure: list[str] = ["which robot it is, the bag does not say"]
    topics: dict[str, list[str]] = {}
    unused: dict[str, str] = {}
    roles: set[str] = set()
    with Reader(path) as reader:
        for c in reader.connections:
            if not c.msgcount or c.topic in topics or c.topic in unused:
                continue
            if _LEFT.search(c.topic) or _LEFT.search(c.msgtype):
                unused[c.topic] = "log lines, frames or pictures"
                continue
            store, seen, stamps = definitions(c.msgdef.data, c.msgtype), [], []
            for _, (_, _, raw) in zip(range(LOOKED_AT), reader.messages([c])):
                message = store.deserialize_ros1(raw, c.msgtype)
                seen.append(dict(_leaves(message, "", 0)))
                header = getattr(message, "header", None)
                stamps.append(0 if header is None else header.stamp.sec)
            lines = list(_streams(c.topic, seen, unsure, roles))
            if not lines:
                unused[c.topic] = "no numbers of a fixed length"
                continue
            capture = all(stamps)
            if not capture:
                unsure.append(f"{c.topic}: timed by arrival, as its messages carry no stamp of their sender")
            clock = "clock: capture, capture: header.stamp" if capture else "clock: receive"
            topics[c.topic] = [
                f"  {quoted(c.topic)}:",
                f"    type: {c.msgtype}",
                *(f"    {k}" for k in clock.split(", ")),
            ]
            topics[c.topic] += ["    streams:", *lines]
    kind = "robot" if "command" in roles else "state_only"
    unsure.append(f"kind is {kind}: right only if this is a robot's motion; a person's is `human`")
    head = [
        "# A draft made from message definitions, names and values alone. Answer what is unsure, then give it as mapping=.",
        *(f"#   unsure: {line}" for line in unsure),
        f"title: {quoted(f'draft for {path.stem}')}",
        "format: rosbag1",
        "robot: unknown",
        f"kind: {kind}",
        f"recognise: [{', '.join(quoted(topic) for topic in topics)}]",
        "",
        "topics:",
    ]
    rest = ["", "unused:", *(f"  {quoted(topic)}: {why}" for topic, why in unused.items())] if unused else []
    return Proposal("\n".join([*head, *(line for lines in topics.values() for line in lines), *rest, ""]), unsure)


def _leaves(message: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Dotted paths of numbers, arrays of numbers and lists of names in a message; headers and times are left out."""
    if depth > MAX_DEPTH or not is_dataclass(message):
        return
    for field in fields(message):
        value, name = getattr(message, field.name), f"{prefix}{field.name}"
        if is_dataclass(value):
            if field.name != "header" and getattr(value, "__msgtype__", "") not in _TIMES:
                yield from _leaves(value, f"{name}.", depth + 1)
        elif isinstance(value, bool | int | float) or (isinstance(value, np.ndarray) and value.dtype.kind in "fiub"):
            yield name, np.atleast_1d(value).astype(float)
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            yield name, tuple(value)


def _streams(topic: str, seen: list[dict[str, Any]], unsure: list[str], roles: set[str]) -> Iterator[str]:
    """Lines of the streams of a topic: an array is one, plain numbers beside each other are one."""
    groups: dict[str, list[str]] = {}
    for path, value in seen[0].items():
        if isinstance(value, np.ndarray) and value.size:
            parent = path.rpartition(".")[0]
            groups.setdefault(path if value.size > 1 else f"{parent}.", []).append(path)
    for k, (group, paths) in enumerate(groups.items()):
        if k == MAX_STREAMS:
            unsure.append(f"{topic}: more than {MAX_STREAMS} groups of numbers, of which the first are taken")
            return
        sizes = {sum(row[path].size for path in paths if path in row) for row in seen}
        if len(sizes) > 1:
            unsure.append(f"{topic}: {', '.join(paths)} changes its length, and is left out")
            continue
        values = np.array([np.concatenate([row[path] for path in paths]) for row in seen])
        word = f"{topic.strip('/')}/{group.strip('.')}".strip("/")
        role, doubt = role_of(word)
        guess = unit_of(word, values, role)
        unsure.extend(line for line in (doubt, guess.doubt) if line and line not in unsure)
        roles.add(role)
        names = [path.rpartition(".")[2] for path in paths] if len(paths) > 1 or values.shape[1] == 1 else []
        spelled = next((v for v in seen[0].values() if isinstance(v, tuple) and len(set(v)) == values.shape[1]), None)
        if not names and spelled is not None:
            names = list(spelled)
        elif not names:
            names = [f"{paths[0].rpartition('.')[2]}_{i}" for i in range(values.shape[1])]
            unsure.append(f"{word}: its {values.shape[1]} columns have no names; which joint is which?")
        source = f"field: {paths[0]}" if len(paths) == 1 else f"fields: [{', '.join(paths)}]"
        slug = re.sub(r"\W+", "_", group.strip(".")) or "values"
        yield (
            f"      - {{name: {quoted(slug)}, {source}, role: {role}, quantity: {quoted(guess.quantity)}, unit: {quoted(guess.unit)},"
        )
        yield f"         names: [{', '.join(quoted(name) for name in names)}]}}"
