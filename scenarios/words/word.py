"""What a word of goal, never and safety is: a reader that makes a predicate of its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..names import Names
from ..reading.yaml_reader import Node
from ..sensing.predicate import Predicate

Reader = Callable[[Node, Names], Predicate | None]  # None where something is wrong, which it has noted
Words = Mapping[str, Reader]
