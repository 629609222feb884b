"""The lines of an MJCF on which its elements stand, for messages."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

Lines = dict[tuple[str, str], int]  # (tag, name) -> line from 1


def lines_in(file: Path) -> Lines:
    """Where each named element of a file begins; the tag alone, `("geom", "")`, is the first one of its kind.

    What other files are included for is not followed. A file that is no XML has no lines.
    """
    found: Lines = {}
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = "joint" if tag == "freejoint" else tag
        for name in ("", attributes.get("name", "")):
            found.setdefault((kind, name), parser.CurrentLineNumber)

    parser.StartElementHandler = start
    try:
        parser.Parse(file.read_bytes(), True)
    except expat.ExpatError:
        return {}
    return found
