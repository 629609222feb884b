"""A command, run here: what it ends with and what it prints."""

from __future__ import annotations

from shiliu.cli import main


def run(capsys, *words: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    code = main(list(words))
    printed = capsys.readouterr()
    return code, printed.out, printed.err
