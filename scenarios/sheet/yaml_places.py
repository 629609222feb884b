"""Where keys of YAML files stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from functools import cached_property

Place = tuple[str, int]  # file name, line from 1; line 0 where the place has none (the command line)


class PlacesLater(MutableMapping[str, Place]):
    """The places of files of this package, read only when a problem is reported: reading them is a third of loading.

    Args:
        read: gives them, as `places_in` does.
    """

    def __init__(self, read: Callable[[], dict[str, Place]]):
        self._read = read

    @cached_property
    def _places(self) -> dict[str, Place]:
        return self._read()

    def copy(self) -> PlacesLater:
        """Places of their own, as late as these."""
        return PlacesLater(lambda: dict(self._places))

    def __getitem__(self, key: str) -> Place:
        return self._places[key]

    def __setitem__(self, key: str, place: Place) -> None:
        self._places[key] = place

    def __delitem__(self, key: str) -> None:
        del self._places[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
