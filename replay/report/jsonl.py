"""`verdicts.jsonl`: one line an episode, the same bytes for the same recordings, with no date and no absolute path."""

from __future__ import annotations

import json
import ntpath
import os
from typing import Any

from ..judge.verdict import Verdict
from .text import Words

ODD = "backslashreplace"  # what no text can hold, as half a character in a name of others: JSON reads it back as it was


def as_dict(verdict: Verdict, words: Words) -> dict[str, Any]:
    """The verdict as plain JSON types, messages filled in; an unreadable file has `verdict` null and an `error`."""
    line = without_paths(verdict.to_dict(words.telling(verdict.titles).message))
    return line | {"source": source_of(verdict)} if verdict.source else line


def source_of(verdict: Verdict) -> str:
    """By what a line names a take: what it was read from, or its own name.

    A folder's name stands as it is, also one called `C:\\takes`, as some zips unpack to; an absolute path is shortened to its name.
    """
    called = verdict.called
    return str(without_paths(called)) if os.path.isabs(called) else called


def as_line(verdict: Verdict, words: Words) -> str:
    """One line, without its line end."""
    return json.dumps(as_dict(verdict, words), ensure_ascii=False, allow_nan=False)


def without_paths(value: Any) -> Any:
    """The value with every absolute path shortened to its name; a channel such as `/kuavo_arm_traj` is no path."""
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return " ".join(_shorten(word) for word in value.split(" "))
    return value


def _shorten(word: str) -> str:
    bare = word.strip("'\"`:,;()")
    if ntpath.splitdrive(bare)[0] and ntpath.isabs(bare):
        return word.replace(bare, ntpath.basename(bare))
    top = "/".join(bare.split("/")[:3])  # what is missing below it is a path as well
    if os.path.isabs(bare) and bare.count("/") > 1 and (os.path.exists(os.path.dirname(bare)) or os.path.isdir(top)):
        return word.replace(bare, os.path.basename(bare))
    return word
