"""What a repaired copy of a recording says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def told_of_copy(what: Mapping[str, Any]) -> str:
    """One sentence on a copy, for the notes of its provenance.

    Args:
        what: `repaired` of its provenance: from, sha256, was, cause, changes.
    """
    kinds = ", ".join(dict.fromkeys(str(change.get("kind")) for change in what.get("changes") or ()))
    return (
        f"a repaired copy ({kinds}) of {what.get('from')}, sha256 {str(what.get('sha256'))[:12]}, "
        f"which was {what.get('was')} by {what.get('cause')}"
    )
