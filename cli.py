"""The `shiliu` command: reads its own words first, lets Hydra compose the rest, and owns the exit code.

0, 1 and 3 come from verdicts (replay); 2 is what the user can mend; 70 is a fault of ours; 130 an interruption.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from .replay.commands.command_request import CommandRequest
from .replay.commands.endings import CommandEnding, ended_by_signals, leave_quickly, mendable
from .replay.commands.output import code_of_output, command_streams
from .scenarios.reading.composition import CONF, configs_of
from .scenarios.reading.override import quoted
from .scenarios.sheet.errors import ShiliuError, printable
from .scenarios.sheet.near_matches import near
from .scenarios.sheet.own_files import read_own

# verb -> (module, what it does); the module has run(request) -> exit code and USAGE
VERBS = {
    "list": ("list", "scenarios, cells, parts, robots, skills, checks, formats, schema; --json"),
    "check": ("check", "is this scenario sound? YAML, MJCF, reach, start, goal; all problems at once"),
    "new": ("new", "a small file to begin from: scenario, part, cell or mapping; sound at once"),
    "render": ("render", "pictures of a scenario and its variation"),
    "studio": ("studio", "a page that shows a scene while its files are edited"),
    "teleop": ("teleop", "a scenario performed by hands on a page, each take judged at once"),
    "record": ("record", "reference demonstrations by the scripted operator, as a LeRobot dataset"),
    "replay": ("replay", "the judge: recordings in, verdicts and a report out"),
    "watch": ("watch", "takes judged as they arrive, and a line for each operator"),
    "label": ("label", "skill segments proposed from the replay, for a person to correct"),
    "import": ("import_", "recordings of other formats become a LeRobot dataset on one clock"),
    "report": ("report", "what many verdicts say together: causes, yield, drift, coverage, for whoever runs a shift"),
    "deliver": ("deliver", "what passed, as a dataset to be handed on: splits, card, checksums, and what was refused"),
    "print": ("print_", "markers for table, cell and things in true size, and a board to calibrate a camera"),
    "locate": ("locate", "where table, cell and things stand, by printed markers in pictures"),
    "export": ("export", "recordings out, in the formats of others: to=FORMAT"),
    "drift": ("drift", "kept takes under the installed engine: verdicts that flip, and why"),
    "bench": ("bench", "speed as a ratio to the bare engine"),
    "doctor": ("doctor", "what this machine has and lacks"),
}
USAGE, BUG, INTERRUPTED = 2, 70, 130
PRINTED = ("markers", "board")
_FLAGS = {"--json", "-m", "--multirun", "--debug"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing but the command's own output reaches the user."""
    words = list(sys.argv[1:] if argv is None else argv)
    with command_streams(_language(words)) as output, ended_by_signals() as ending:
        return code_of_output(output, _ended(words, ending))


def _ended(words: Sequence[str], ending: CommandEnding) -> int:
    """Run one command; whatever stops it becomes a sentence and an exit code."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0 if words else USAGE
    if words[0] in ("-V", "--version", "version"):
        from .version import __version__

        print(f"shiliu {__version__}")
        return 0
    try:
        request = parse(words)
        module = import_module(f".replay.commands.{VERBS[request.verb][0]}", __package__)
        if "--help" in request.flags:
            from .replay.commands.settings import others

            print(module.USAGE.strip() + others(request.verb, module.USAGE))
            return 0
        with configs_of(request.conf_dir):
            if request.sweep:
                from .replay.commands.sweeps import multirun

                return multirun(request, module.run)
            return int(module.run(request))
    except KeyboardInterrupt:
        return _interrupted(ending)
    except ShiliuError as error:
        if ending.came:
            return _interrupted(ending)
        print(f"shiliu: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if ending.came:  # a library has made this of it
            return _interrupted(ending)
        if "--debug" in words:
            raise
        if (known := mendable(error, _out(words))) is not None:
            print(f"shiliu: {known}", file=sys.stderr)
            leave_quickly(known)
            return known.exit_code
        print(
            f"shiliu: a fault of shiliu's own: {type(error).__name__}: {error}\n  Run it again with --debug and report what it prints.",
            file=sys.stderr,
        )
        return BUG


def _language(words: Sequence[str]) -> str:
    """The language that a command line asks for."""
    if not any(word.startswith("lang=") for word in words):
        return "en"
    from .replay.report.translation import language_of

    return language_of(words)


def _refuse_other_language(asked: str) -> None:
    from .replay.report.text import catalogue

    catalogue(asked.strip("'\""))


def parse(words: Sequence[str]) -> CommandRequest:
    """Read a command line.

    Raises:
        ShiliuError: unknown verb or flag, with the near matches.
    """
    verb = words[0]
    sweep = any(word in ("-m", "--multirun") for word in words)
    if verb not in VERBS:
        close = near(verb, VERBS)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ShiliuError(f"There is no command {verb!r}.{hint} Known: {', '.join(VERBS)}.")
    request = CommandRequest(verb, lang=_language(words))
    rest = iter(words[1:])
    for word in rest:
        if word in ("-h", "--help"):
            request.flags.add("--help")
        elif word in _FLAGS:
            request.flags.add(word)
        elif word == "--config-dir" or word.startswith("--config-dir="):
            value = word.partition("=")[2] or next(rest, "")
            if not value:
                raise ShiliuError("--config-dir wants a folder, such as --config-dir my/conf.")
            request.conf_dir = Path(value)
        elif word.startswith("-"):
            raise ShiliuError(f"There is no flag {word!r}. Known: --help, --json, -m, --config-dir DIR, --debug.")
        elif word.startswith("lang=") and "lang" not in read_own(CONF / f"{verb}.yaml"):
            _refuse_other_language(word.partition("=")[2])  # this verb prints English, and its errors are in either
        elif re.match(r"^[+~]{0,2}[A-Za-z_][\w./@-]*=", word) or word.startswith("~"):
            request.overrides.append(quoted(word, sweep))
        elif verb == "print" and word in PRINTED and not request.words:
            request.words.append(word)
            request.overrides.append(f"what={word}")
        elif verb not in ("list", "new") or "=" in word:
            raise ShiliuError(_no_setting(word, next(rest, ""), verb))
        else:
            request.words.append(word if os.path.lexists(word) else printable(word))  # a name is meant as it is shown
    if "--json" in request.flags and verb != "list":
        raise ShiliuError(f"--json belongs to `shiliu list`; `shiliu {verb}` has none.")
    return request


def _interrupted(ending: CommandEnding) -> int:
    print(f"shiliu: {ending.limit or 'interrupted'}", file=sys.stderr)
    return USAGE if ending.limit else INTERRUPTED


def _out(words: Sequence[str]) -> str | None:
    """Where a command writes, as its words say it."""
    return next((word.partition("=")[2] for key in ("out=", "corpus=") for word in words if word.startswith(key)), None)


def _no_setting(word: str, after: str, verb: str) -> str:
    """The message about a word that is no `key=value`."""
    key, equals, _ = word.partition("=")
    if after.startswith("=") or (equals and key != key.strip()):
        return f"{word!r} is no setting: blanks stand beside its =. Write {key.strip()}=VALUE in one word."
    if equals and (entry := re.sub(r"\[(\d+)\]", r".\1", key)) != key:
        return f"{key!r} is no setting. Entries of a list are counted from 0: write {entry}=VALUE."
    if equals:
        return f"{key!r} cannot be the name of a setting. Names are in Latin letters, such as seed=3; see shiliu {verb} --help."
    meant = "data" if os.path.lexists(word) else "scenario" if os.path.isfile(CONF / "scenario" / f"{word}.yaml") else None
    known = read_own(CONF / f"{verb}.yaml") or {}
    if meant and (meant in known or any(meant in one for one in known.get("defaults", ()) if isinstance(one, dict))):
        return f"{word!r} is no setting. Write {meant}={word}; see shiliu {verb} --help."
    return f"{word!r} is no setting. Settings are written key=value; see shiliu {verb} --help."


def _help() -> str:
    lines = ["shiliu: humanoid training scenarios in MuJoCo, and a physical judge of recorded demonstrations", ""]
    lines += [f"  shiliu {verb:<8} {what}" for verb, (_, what) in VERBS.items()]
    lines += ["", "  shiliu VERB --help lists its settings. Settings are written key=value; -m runs once for each of a,b,c.",
              "  lang=zh reports errors in Chinese. 加上 lang=zh，错误信息用中文。", ""]  # fmt: skip
    lines += [
        "  shiliu record scenario=microwave episodes=5 seed=0 out=demos",
        "  shiliu replay data=demos out=verdicts",
    ]
    return "\n".join(lines)
