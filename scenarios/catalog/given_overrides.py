"""Overrides that a caller of Python gives: what is wrong with one names it as it was given, `overrides[1]: 'parts.oven.yaw=5': ...`.

They are composed as settings of a command line are, with `scenario.` before their keys; so their errors come from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..reading.override import unquoted
from ..sheet import arguments
from ..sheet.errors import ScenarioError

OVERRIDES = "texts KEY=VALUE, such as 'parts.oven.latch_force=\"30 N\"'"
_SWEEP = re.compile(r"(?<= for a list), (.+) for one text, or add -m for a run of each\.")  # a flag of the command line
_BELOW = re.compile(r"(?<![\w./])scenario\.(?=\w)")  # no part of a file's path


def checked(overrides: Any) -> dict[str, str]:
    """Name -> override: `overrides[0]`, or `overrides` for a single text, which is one of them.

    Raises:
        ArgumentError: one is no text `KEY=VALUE`; its field is that name.
    """
    several = isinstance(overrides, Iterable) and not isinstance(overrides, str)
    given = {f"overrides[{k}]": one for k, one in enumerate(overrides)} if several else {"overrides": overrides}
    for name, one in given.items():
        if "=" not in arguments.word(name, one, OVERRIDES) and not one.startswith("~"):
            raise arguments.refused(name, one, OVERRIDES)
    return given


def below_scenario(override: str) -> str:
    """An override with `scenario.` before its key, whether it adds (+), removes (~) or sets."""
    word = override.lstrip("+~")
    sign = override[: len(override) - len(word)]
    return override if word.startswith(("scenario.", "cell.", "variant=")) else f"{sign}scenario.{word}"


@contextmanager
def as_given(overrides: Mapping[str, str]) -> Iterator[None]:
    """Have an error about one of them name it, in place of the setting that was made of it; `overrides` as `checked` has them."""
    try:
        yield
    except ScenarioError as error:
        about = [name for name, text in overrides.items() if _is_about(error, text)]
        several = "\n" in error.message  # problems, of which others may be of a file
        for name in about if several else about[-1:]:
            error.message = _renamed(error.message, name, overrides[name])
            error.field, error.args = name if not several or len(about) == 1 else None, (error.message,)
        raise


def _is_about(error: ScenarioError, text: str) -> bool:
    """Whether an error is about an override: by its place, its key, or its value."""
    own, key = _key(text), _key(below_scenario(text))
    value = unquoted(text).partition("=")[2].strip("'\"")
    return (
        _marker(text) in error.message
        or (error.file is None and error.field in (key, own))
        or f"setting {key!r}" in error.message
        or error.message.startswith(f"{key!r} ")
        or (bool(value) and "\n" not in error.message and f"{own} {value!r}" in error.message)  # such as no variant 'knbo'
    )


def _renamed(message: str, name: str, text: str) -> str:
    """A message with the override in place of the setting: its one line, or those of several that are at this setting."""
    lines, plain = message.split("\n"), text.lstrip("+~").startswith("scenario.")
    for i, line in enumerate(lines):
        blank, placed, rest = line.partition(_marker(text))
        if placed or len(lines) == 1:
            rest = rest.removeprefix(f"{_key(below_scenario(text))}: ") if placed else line
            rest = rest if plain else _SWEEP.sub(r", or \1 for one text.", _BELOW.sub("", rest))
            lines[i] = f"{blank}{name}: {text!r}: {rest}" if len(lines) > 1 else f"{text!r}: {rest}"
    return "\n".join(lines)


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _marker(text: str) -> str:
    """With which a problem at the setting begins."""
    return f"command line {below_scenario(text)!r}: "
