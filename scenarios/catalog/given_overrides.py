"""Overrides that a caller of Python gives: what is wrong with one names it as it was given, `overrides[1]: 'parts.oven.yaw=5': ...`.

They are composed as settings of a command line are, with `scenario.` before their keys; so their errors come from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
        known = [_Given(name, text, below_scenario(text)) for name, text in overrides.items()]
        about = [one for one in known if one.is_of(error)]
        if not about:
            raise
        lines = error.message.split("\n")
        if len(lines) > 1:  # several problems, of which others may be of a file
            error.message = "\n".join(_renamed(line, about) for line in lines)
            error.field = about[0].name if len(about) == 1 else None
        else:
            error.message, error.field = about[-1].rewritten(error.message), about[-1].name
        error.args = (error.message,)
        raise


@dataclass(frozen=True)
class _Given:
    """An override: `overrides[0]`, as it was given, and as it is composed."""

    name: str
    text: str
    word: str

    @property
    def marker(self) -> str:
        return f"command line {self.word!r}: "

    @property
    def key(self) -> str:
        return self.word.partition("=")[0].lstrip("+~")

    def is_of(self, error: ScenarioError) -> bool:
        """Whether an error is about it: by its place, its key, or its value."""
        own = self.text.partition("=")[0].lstrip("+~")
        value = unquoted(self.text).partition("=")[2].strip("'\"")
        named = f"setting {self.key!r}" in error.message or error.message.startswith(f"{self.key!r} ")
        return (
            self.marker in error.message
            or (error.file is None and error.field in (self.key, own))
            or named
            or (bool(value) and "\n" not in error.message and f"{own} {value!r}" in error.message)  # such as no variant 'knbo'
        )

    def rewritten(self, message: str) -> str:
        """The error's one line, with the override in place of the setting."""
        begins, text = message.startswith(self.marker), message.removeprefix(self.marker)
        if not self.text.lstrip("+~").startswith("scenario."):
            text = _SWEEP.sub(r", or \1 for one text.", _BELOW.sub("", text))
        key = self.text.partition("=")[0].lstrip("+~")
        return f"{self.text!r}: {text.removeprefix(f'{key}: ') if begins else text}"


def _renamed(line: str, about: Sequence[_Given]) -> str:
    """A line of several, with its override, where it is about one."""
    blank = line[: len(line) - len(line.lstrip())]
    one = next((one for one in about if line.lstrip().startswith(one.marker)), None)
    return line if one is None else f"{blank}{one.name}: {one.rewritten(line.lstrip())}"
