"""Skills of the scripted operator, named in the words of the field.

A skill is a subclass of `Skill` with a `word`, in any module of this folder: the registry walks the folder. Whatever is listed by
skill (titles and sentences, how a recording shows it, `shiliu list skills`, docs/skills.md) is read off that class.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .skill import Skill


@cache
def registry() -> dict[str, type[Skill]]:
    """Word -> skill, by module and then in the order in which they stand there.

    Raises:
        TypeError: two skills have the same word.
    """
    found: dict[str, type[Skill]] = {}
    for kind in _kinds():
        if kind.word in found:
            raise TypeError(f"{kind.__module__}: {kind.word!r} is a skill of {found[kind.word].__module__} already")
        found[kind.word] = kind
    return found


def _kinds() -> Iterator[type[Skill]]:
    from .skill import Skill

    for info in iter_modules(__path__):
        module = import_module(f".{info.name}", __name__)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Skill) and value.__module__ == module.__name__:
                if "word" in vars(value):
                    yield value


def catalogue() -> list[dict[str, Any]]:
    """Every skill with its arguments, as `shiliu list skills` shows them."""
    return [kind.catalogue() for kind in registry().values()]
