"""The definitions of messages that a ROS 1 bag carries, and what is reported of a bag that cannot be read."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from ..reader_errors import mending

_CONSTANT = re.compile(r"^[ \t]*[A-Za-z]\w*[ \t]+[A-Za-z]\w*[ \t]*=.*$", re.MULTILINE)

mendable = partial(
    mending,
    broken="not a readable ROS 1 bag",
    fix="A recording that was cut off is mended with `rosbag reindex`; otherwise copy it again from the recorder.",
)


# a folder's bags carry the same definitions, and parsing one takes as long as a thousand messages
@lru_cache(maxsize=64)
def definitions(text: str, msgtype: str) -> Any:
    """A type store with the definitions that the bag itself carries for one connection.

    Lines of constants are left out: they are not in a message, and the library takes one with a small first letter
    (`int8 kError = -1` of the maker's claw state) for a field.
    """
    definitions = get_types_from_msg(_CONSTANT.sub("", text), msgtype)
    _refuse_endless(definitions, msgtype)
    store = get_typestore(Stores.EMPTY)
    store.register(definitions)
    return store


def _refuse_endless(definitions: Any, msgtype: str) -> int:
    """The fewest bytes that a message of this type can take.

    An array of messages that take none would let eight bytes of a file claim four thousand million elements.
    """
    if msgtype not in definitions:
        return 8  # ROS's own time and duration

    def least(node: tuple[Any, Any]) -> int:
        kind, inner = node
        if kind is Nodetype.NAME:
            return _refuse_endless(definitions, inner)
        if kind is Nodetype.BASE:
            return 1
        element, length = inner
        smallest = least(element)
        if smallest == 0:
            raise ValueError(f"{msgtype} is defined as an array of nothing")
        return 4 if kind is Nodetype.SEQUENCE else smallest * length

    return sum(least(node) for _, node in definitions[msgtype][1])
