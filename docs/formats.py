"""Writes the table of docs/formats.md from the records of the readers and writers: `python docs/formats.py`."""

from __future__ import annotations

from pathlib import Path

from shiliu.replay.formats.records import PageRow, readers, writers

PAGE = Path(__file__).with_name("formats.md")
HEAD = "| format | read | written | lossless | memory | tried on |\n|---|---|---|---|---|---|\n"


def table(rows: list[PageRow]) -> str:
    """The table, in the order of the rows."""
    return HEAD + "".join(
        f"| {' | '.join((r.format, r.read, r.written, r.lossless, r.memory, r.tried_on))} |\n" for r in rows
    )


def page() -> str:
    """The page with the table as the records have it."""
    before, rest = PAGE.read_text(encoding="utf-8").split(HEAD)
    after = rest[rest.index("\n\n") + 1 :]
    records = [*readers().values(), *writers().values()]
    return before + table([row for record in records for row in record.rows]) + after


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
