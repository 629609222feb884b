"""How a setting stands on a command line: quoted for Hydra's grammar as it comes in, what is wrong with it in a sentence of ours,
and as a line that can be run as it goes out."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from ..sheet.errors import ScenarioError, printable, shown

PATHS = (  # settings that are a path
    "data", "out", "in", "conf_dir", "mapping", "metadata", "apply", "model", "verdicts", "ledger", "baseline", "former", "disputes",
    "verdict", "from",
)  # fmt: skip
WRITTEN = ("out", "conf_dir", "ledger")  # of them: each run's own, or no setting of a run
_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_WHOLE = re.compile(_QUOTED, re.DOTALL)  # a value that is quoted from end to end
_EACH = re.compile(rf"{_QUOTED}(?:,{_QUOTED})+", re.DOTALL)  # several of them


def key_of(override: str) -> str:
    """What a setting sets, without the signs of Hydra that add (`+`) or delete (`~`) it."""
    return override.partition("=")[0].lstrip("+~")


def quoted(override: str, sweep: bool = False) -> str:
    """An override with its value quoted for Hydra's grammar: paths with blanks, `=` or commas, quantities with a unit.

    Lists, dicts, numbers and values that are quoted already are left alone. With `sweep`, each of `20 N,30 N` is quoted by
    itself; a comma is a path's own where the whole is there under that name, and in what is written.
    """
    key, _, value = override.partition("=")
    if (key not in PATHS or key == "mapping") and not os.path.lexists(value):  # a name is meant as it is shown
        override = f"{key}={(value := printable(value))}" if value else override
    if not value or _WHOLE.fullmatch(value) or re.fullmatch(r"\$\{[^{}]*\}", value):
        return override
    if sweep and _EACH.fullmatch(value):
        return override
    if sweep and key in PATHS and key not in WRITTEN and "," in value and not os.path.lexists(value):
        return f"{key}={','.join(in_quotes(one.strip()) for one in value.split(','))}"
    if key in PATHS or (key == "episodes" and not sweep and re.fullmatch(r"[\d,-]*,[\d,-]*", value)):
        return f"{key}={in_quotes(value)}"
    if value[0] in "[{" or re.fullmatch(r"[\w./:,+*@%$?|-]*", value, re.ASCII):
        return override
    if sweep and "," in value:
        return f"{key}={','.join(in_quotes(one.strip()) for one in value.split(','))}"
    return f"{key}={in_quotes(value)}"


def refuse_unreadable(overrides: Iterable[str], sweep: bool = False) -> None:
    """Have each override read by itself by Hydra's grammar.

    Args:
        sweep: several values of a setting, with commas between them, are a run each.

    Raises:
        ScenarioError: one cannot be read, with its setting, its value and how it is written.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    for word in overrides:
        key, _, value = unquoted(word).partition("=")
        bare = key.lstrip("+~")
        if re.split(r"[./@]", bare)[0] == "hydra":
            raise ScenarioError("Hydra's own settings are not taken. Leave it out.", field=bare)
        if word.startswith("~") and "." not in bare:
            raise ScenarioError(f"A setting is not taken away. Leave {word} out: it is then as the file says.", field=bare)
        if not re.fullmatch(r"[\w/@-]+(\.[\w-]+)*", bare, re.ASCII):
            raise ScenarioError(
                f"{bare!r} cannot be the name of a setting. Names are words with points between them, such as scenario.parts.table.height."
            )
        try:
            parsed = parser.parse_override(word)
        except HydraException:
            raise ScenarioError(_unreadable(value, key), field=bare) from None
        if parsed.is_sweep_override() and not sweep:
            raise ScenarioError(
                f"{value!r} are several values. Write {key}=[{value}] for a list, {key}='\"{value}\"' for one text, "
                "or add -m for a run of each.",
                field=bare,
            )


def unresolved(value: object) -> str:
    """The message about a value with `${` that stands for nothing."""
    return f"{value!r} stands for a value that is not there. Write the value out, or \\${{ where the two characters are meant."


def _unreadable(value: str, key: str) -> str:
    """The message about a value that Hydra's grammar does not take."""
    if "${" in value and value[0] not in "[{":
        return unresolved(value)
    if value[:1] in ("[", "{"):
        kind, such = ("list", "[a, b]") if value[0] == "[" else ("table", "{a: 1, b: '±2'}")
        return f"{value!r} is no {kind}. Close each bracket, and put signs other than . : / into quotes, such as {key}={such}."
    return f"{value!r} cannot be read. Write it in quotes, such as {key}='\"a b\"'."


def unquoted(override: str) -> str:
    """The override as a person writes it: what `quoted` makes the same of again; any other stays as it is."""
    key, equals, value = override.partition("=")
    if len(value) < 2 or value[0] != "'" or not _WHOLE.fullmatch(value):
        return override
    bare = re.sub(r"(\\+)(?='|$)", lambda m: m[1][: len(m[1]) // 2], value[1:-1])
    plain = f"{key}{equals}{bare}"
    return plain if quoted(plain) == override else override


def command_line(verb: str, overrides: Iterable[str], conf_dir: Path | str | None = None) -> str:
    """A command as a person types it into a shell, which reads the same settings again.

    Args:
        overrides: `key=value`, quoted for Hydra's grammar or not; conf_dir: the designer's folder of configs, if one was named.
    """
    words = ["shiliu", verb, *(unquoted(override) for override in overrides)]
    return shell_line([*words, *([f"--config-dir={conf_dir}"] if conf_dir is not None else [])])


def shell_line(words: Iterable[str]) -> str:
    """Words as one line for a shell; what cannot be seen, or is no UTF-8, stands escaped in `$'...'`, as a shell reads it."""
    return " ".join(shlex.quote(one) if printable(one) == one else "$'" + shown(one).replace("'", "\\'") + "'" for one in words)


def in_quotes(value: str) -> str:
    """In Hydra's single quotes: a quote is escaped, and so are backslashes where they stand before one."""
    escaped = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), value)
    return f"'{escaped}'"
