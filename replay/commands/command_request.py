"""What stands on the command line, as every verb takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class CommandRequest:
    """What stands on the command line.

    Attributes:
        verb: the command; words: positional words after it; overrides: Hydra's `key=value`, quoted for its grammar.
        flags: `--json`, `--debug`; conf_dir: the designer's folder of configs; lang: in which errors are reported.
    """

    verb: str
    words: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    conf_dir: Path | None = None
    lang: str = "en"

    @property
    def sweep(self) -> bool:
        """Whether `-m` is given."""
        return bool(self.flags & {"-m", "--multirun"})
