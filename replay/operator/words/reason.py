"""Why a skill could not be done: an English sentence, and its parts, from which other languages say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_OLD = re.compile(r"(?P<skill>\w+) \(skill (?P<number>\d+)\): (?P<reason>.*)", re.DOTALL)


class Reason(str):
    """A sentence of an operator that gives up.

    Attributes:
        code: its entry under `gave_up` in `conf/text/<lang>.yaml`; "" where it has none.
        details: what the entry is filled with, plain values in SI.
    """

    code: str
    details: dict[str, Any]

    def __new__(cls, sentence: str, code: str = "", **details: Any) -> Reason:
        made = super().__new__(cls, sentence)
        made.code, made.details = code, details
        return made


class GivenUp(Exception):
    """A skill cannot be done; the message says why, and the chain ends (`OperatorState.given_up`)."""


def gave_up_at(skill: str, number: int, reason: str) -> dict[str, Any]:
    """What an episode says of it, plain JSON.

    Returns:
        `skill` its word, `number` its place in the chain counted from 1, `reason` in English, and where it is known `code` and
        `details` as of `Reason`.
    """
    found = {"skill": skill, "number": number, "reason": str(reason)}
    if isinstance(reason, Reason) and reason.code:
        found |= {"code": reason.code, "details": reason.details}
    return found


def gave_up_of(provenance: Mapping[str, Any]) -> dict[str, Any] | None:
    """What an episode says of why its operator gave up, see `gave_up_at`; None where it did not.

    Episodes of earlier versions say it in one sentence, `grasp (skill 2): can.middle is …`.
    """
    found = provenance.get("gave_up")
    if isinstance(found, str):
        match = _OLD.fullmatch(found)
        return (
            {**match.groupdict(), "number": int(match["number"])}
            if match
            else {"skill": "", "number": 0, "reason": found}
        )
    kinds = {"skill": str, "number": int, "reason": str}  # an episode comes from outside
    if not isinstance(found, Mapping) or not all(isinstance(found.get(key), kind) for key, kind in kinds.items()):
        return None
    return {key: found[key] for key in kinds} | {
        key: found[key] for key, kind in (("code", str), ("details", Mapping)) if isinstance(found.get(key), kind)
    }
