"""Skills of the scripted operator, named in the words of the field.

A skill is a subclass of `Skill` with a `word` (the primitive) and a `how` (the strategy). Its file and its class are called so, too:
`take/rim.py` holds `TakeRim`. What several share stands in the modules beside the folders. The registry walks them all.

Whatever is listed by skill (titles and sentences, how a recording shows it, `shiliu list skills`, docs/skills.py) is read off that class.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..words.skill import Skill


@cache
def registry() -> dict[str, type[Skill]]:
    """Name (`take.rim`) -> skill, by primitive, then by module and in the order in which they stand there.

    Raises:
        TypeError: two skills are called the same.
    """
    from ..words.primitives import PRIMITIVES

    found: dict[str, type[Skill]] = {}
    for kind in _kinds():
        if kind.name in found:
            raise TypeError(f"{kind.__module__}: {kind.name!r} is a skill of {found[kind.name].__module__} already")
        found[kind.name] = kind
    order = list(PRIMITIVES)
    return dict(sorted(found.items(), key=lambda one: order.index(one[1].word) if one[1].word in order else len(order)))


def skill_named(name: str | None) -> type[Skill] | None:
    """The skill of a name; None where there is none."""
    return registry().get(name or "")


def _kinds() -> Iterator[type[Skill]]:
    from ..words.skill import Skill

    for info in walk_packages(__path__, f"{__name__}."):
        module = import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Skill) and value.__module__ == module.__name__:
                if value is not Skill and {"word", "how"} & set(vars(value)):
                    yield value


def catalogue() -> list[dict[str, Any]]:
    """Every skill with its arguments, as `shiliu list skills` shows them."""
    return [kind.catalogue() for kind in registry().values()]
