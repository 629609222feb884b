"""Hydra composes a run's config; this module keeps it from writing files, hiding places, or stopping with a traceback."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..sheet.errors import ScenarioError, as_named, from_here, odd_kind
from ..sheet.near_matches import nearest
from ..sheet.own_files import ENDINGS, FAST, parsed_once, read_own, sheets_in
from ..sheet.yaml_places import Place, PlacesLater
from ..sheet.yaml_reader import checked_text, load_checked, places_in, read_yaml, resolver_in
from .override import in_quotes, key_of, refuse_unreadable, unquoted, unresolved

CONF = Path(__file__).resolve().parents[2] / "conf"
SCHEME = "checked"  # by which Hydra names folders of configs


@dataclass(frozen=True)
class Composed:
    """A composed config.

    Attributes:
        tree: plain dicts, lists and scalars.
        places: key path -> (file, line); keys that the command line set are named as such.
        assets: the designer's own parts folder beside the config folder, if there is one.
        chosen: config group -> its member, by the command line or the verb's defaults; None where there is none.
    """

    tree: dict[str, Any]
    places: dict[str, Place] | PlacesLater
    assets: Path | None
    chosen: dict[str, str | None]


_of_command: Path | None = None  # `--config-dir` of the command that runs in this process


@contextmanager
def configs_of(conf_dir: Path | None) -> Iterator[None]:
    """Within it `folders()` means this designer's folder: a reader deep down, which nobody hands it, looks there too."""
    global _of_command
    before, _of_command = _of_command, conf_dir
    try:
        yield
    finally:
        _of_command = before


def folders(conf_dir: Path | None = None) -> list[Path]:
    """Where configs are looked for: the designer's folder (the command's, else `./conf`) first, then the package's."""
    conf_dir = conf_dir if conf_dir is not None else _of_command
    own = conf_dir if conf_dir is not None else Path("conf")
    if conf_dir is not None and not conf_dir.is_dir():
        raise ScenarioError("There is no such folder of configs.", file=str(conf_dir), field="conf_dir")
    found = own.resolve() if own.is_dir() else CONF
    return [found, CONF] if found != CONF else [CONF]


def own_assets(conf_dir: Path | None = None) -> Path | None:
    """The designer's folder of parts, `assets` beside the folder of configs, if there is one."""
    own = folders(conf_dir)[0]
    beside = own.parent / "assets"
    return beside if own != CONF and beside.is_dir() else None


def compose(verb: str, overrides: Sequence[str], conf_dir: Path | None = None) -> Composed:
    """Compose `conf/<verb>.yaml` with overrides.

    The designer's folder is searched first, so that a file of the same name there wins over the package's (Hydra's own
    `--config-dir` is appended, and the package would win).

    Raises:
        ScenarioError: unknown group member or key (with near matches), a setting that has to be given, a malformed
            override or YAML.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
    from hydra._internal.defaults_list import create_defaults_list
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException
    from hydra.plugins.config_source import ConfigResult
    from hydra.types import RunMode
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    where = folders(conf_dir)
    overrides = by_name(verb, overrides, conf_dir)
    chosen = _choices(verb, overrides, where)
    places: dict[str, Place] = {}
    _gather(f"{verb}.yaml", where, "", places)  # before Hydra, because it reads YAML without our questions
    for group, member in chosen.items():
        if member is not None:
            _gather(f"{group}/{member}.yaml", where, group, places)
    # a setting that shares its name with a folder of conf (`mapping=`, `check=`) is a value, which Hydra takes for a group
    values = [o for o in overrides if key_of(o) not in chosen and any((folder / key_of(o)).is_dir() for folder in where)]
    path = ConfigSearchPathImpl()
    for i, folder in enumerate(where):
        path.append("main" if folder == CONF else f"designer{i}", f"{SCHEME}://{folder}")
    path.append("schema", "structured://")
    _register_sources()
    refuse_unreadable(o for o in overrides if key_of(o) not in chosen)
    whole = _whole(chosen, where)
    # Hydra takes no null for a member: what names none is left at its default, which is none
    given = [_named(o, chosen) for o in overrides if o not in values and (o.startswith("~") or chosen.get(key_of(o), "") is not None)]
    loader = ConfigLoaderImpl(path)
    try:  # as `Hydra.compose_config`, without the dozen files of Hydra's own settings, which nothing here reads
        settings, files = loader._parse_overrides_and_create_caching_repo(verb, given)
        for group in whole:
            read = ConfigResult(provider="main", path=SCHEME, config=OmegaConf.create({}), header={"package": None})
            files.cache[f"config_path={group}/{chosen[group]}"] = read
        loader.validate_sweep_overrides_legal(settings, RunMode.RUN, from_shell=False)
        defaults = create_defaults_list(files, verb, settings, prepend_hydra=False, skip_missing=False)
        config = loader._compose_config_from_defaults_list(defaults.defaults, files)
        keys = [re.split(r"[.\[]", key_of(o)) for o in overrides]
        spoken = {group: {key[1] for key in keys if key[0] == group and key[1:]} for group in whole}
        every = any("${" in text for text in (*overrides, str(OmegaConf.to_container(config))))  # what refers to others
        for group, content in whole.items():
            config[group] = {word: value for word, value in content.items() if every or word in spoken[group]}
        for group in {key[0] for key in keys if key[1:]} & {group for group, member in chosen.items() if member} - set(whole):
            if not (OmegaConf.is_dict(config[group]) and config[group]):
                file = _find(f"{group}/{chosen[group]}.yaml", where)
                wrong = f"This is no table of settings, so that {group}.NAME=... sets nothing."
                raise ScenarioError(wrong, file=file and file[1], field=group)
        OmegaConf.set_struct(config, True)
        loader._apply_overrides_to_config(defaults.config_overrides, config)
        tree = OmegaConf.to_container(config, resolve=True)
        parsed = OverridesParser.create().parse_overrides(values)
    except (HydraException, OmegaConfBaseException) as error:
        raise _plain(error, verb, places, chosen, tuple(overrides)) from None
    assert isinstance(tree, dict)
    for group, content in whole.items():
        now = tree[group]
        tree[group] = {word: now.get(word, value) for word, value in content.items() if word in now or word not in spoken[group]} | now
    for override in parsed:
        if override.key_or_group not in tree:
            raise ScenarioError(_unknown(override.key_or_group, verb, places, chosen))
        tree[override.key_or_group] = override.value()
    added = sorted(str(key) for key in tree if key not in chosen and not _below(str(key), places))
    if added:  # Hydra lets `+key=` add anything
        raise ScenarioError(_unknown(added[0], verb, places, chosen))
    for word in overrides:
        key = key_of(word)
        if key.partition(".")[0] in ("scenario", "cell") and (found := resolver_in(word)) is not None:
            raise ScenarioError(
                f"{found!r} is not resolved there: it could carry what is of this machine into a dataset. Write the value out.", field=key
            )
        if key not in chosen:
            for below in [k for k in places if k.startswith((f"{key}.", f"{key}["))]:
                del places[below]  # the file's line would be the wrong one
            places[key] = (f"command line {word!r}", 0)
    wanted = [str(key) for key, value in tree.items() if value == "???"]
    if wanted:
        raise ScenarioError(
            f"`shiliu {verb}` needs {' and '.join(wanted)}. Write {' '.join(f'{k}=...' for k in wanted)}."
        )
    return Composed({str(k): v for k, v in tree.items()}, places, own_assets(conf_dir), chosen)


def _whole(chosen: Mapping[str, str | None], where: list[Path]) -> dict[str, Any]:
    """Group -> content of its member, of those of the package that build upon no other.

    Hydra would copy each thrice: it is given what settings speak of, and the rest is put in afterwards.
    """
    found = {group: _find(f"{group}/{member}.yaml", where) for group, member in chosen.items() if member is not None}
    own = {group: file[0] for group, file in found.items() if file and file[0].is_relative_to(CONF)}
    content = {group: parsed_once(file, _loader()) for group, file in own.items()}
    return {group: tree for group, tree in content.items() if "defaults" not in tree}


@cache
def _loader() -> Any:
    """Scalars as OmegaConf reads them, by a scanner that is ten times as fast as its own."""
    from omegaconf._utils import get_yaml_loader

    return type("Fast", (FAST,), {"yaml_implicit_resolvers": get_yaml_loader().yaml_implicit_resolvers})


@cache
def _register_sources() -> None:
    """Have Hydra read files with libyaml, the designer's by the bounds of `checked_text`, whichever of them a defaults list names."""
    from hydra._internal.core_plugins.file_config_source import FileConfigSource
    from hydra._internal.core_plugins.structured_config_source import StructuredConfigSource
    from hydra._internal.sources_registry import SourcesRegistry
    from hydra.plugins.config_source import ConfigResult
    from omegaconf import OmegaConf

    class CheckedConfigSource(FileConfigSource):
        @staticmethod
        def scheme() -> str:
            return SCHEME

        def is_config(self, config_path: str) -> bool:
            if Path(config_path).name == "None":  # Hydra asks so where nothing of a group is chosen
                return False
            return _find(self._normalize_file_name(config_path), [Path(self.path)]) is not None

        def load_config(self, config_path: str) -> ConfigResult:
            found = _find(self._normalize_file_name(config_path), [Path(self.path)])
            if found is None:
                return super().load_config(config_path)  # which says so
            file, own = found[0], Path(self.path) == CONF
            text = file.read_text(encoding="utf-8") if own else checked_text(file)
            content = None if own else load_checked(text, str(file))
            if isinstance(content, dict) and "hydra" in content:
                raise ScenarioError("Hydra's own settings are not taken from a file. Leave `hydra` out.", file=file, field="hydra")
            header = self._get_header_dict(text[:512])
            if not own and "/" in config_path.strip("/") and header.get("package") is not None:
                raise ScenarioError("A file of a group speaks for its group alone. Leave `# @package` out.", file=file, line=1)
            content = yaml.load(text, Loader=_loader())
            config = OmegaConf.create({} if content is None else content)
            return ConfigResult(provider=self.provider, path=f"{SCHEME}://{self.path}", config=config, header=header)

    SourcesRegistry.instance().register(CheckedConfigSource)
    SourcesRegistry.instance().register(StructuredConfigSource)


def members(group: str, conf_dir: Path | None = None) -> dict[str, Path]:
    """Name -> YAML of every member of a group (`scenario`, `mapping`), the designer's own first."""
    found: dict[str, Path] = {}
    for folder in folders(conf_dir):
        found = sheets_in(folder / group) | found
    return found


def folder_of(group: str, name: str, conf_dir: Path | None = None) -> Path | None:
    """The folder of a group that has a member of this name, the designer's own first."""
    path = members(group, conf_dir).get(name)
    return None if path is None else path.parent


def shown(path: Path) -> str:
    """How a message calls a file of configs: the package's by `conf/...`, another by its path from the working folder."""
    if path.is_relative_to(CONF):
        return f"conf/{path.relative_to(CONF).as_posix()}"
    return from_here(path)


def groups(verb: str, conf_dir: Path | None = None) -> set[str]:
    """The config groups of which a verb's settings name a member: `scenario`, `cell`."""
    return set(_choices(verb, (), folders(conf_dir)))


def chosen(verb: str, overrides: Sequence[str], conf_dir: Path | None = None) -> dict[str, str | None]:
    """Config group -> the member that a command means, none of whose files is read.

    Raises:
        ScenarioError: there is no such member.
    """
    return _choices(verb, overrides, folders(conf_dir))


def by_name(verb: str, overrides: Sequence[str], conf_dir: Path | None = None) -> list[str]:
    """The overrides, members of a group by their names where their files are named: `scenario=conf/scenario/tea.yaml`.

    Raises:
        ScenarioError: a file that lies in no folder in which members are looked for.
    """
    found = []
    for word in overrides:
        key, value = key_of(word), word.partition("=")[2].strip("'\"")
        if (value.endswith(ENDINGS) or "/" in value) and key in groups(verb, conf_dir):
            word = f"{word.partition('=')[0]}={member_of(key, value, conf_dir)}"
        found.append(word)
    return found


def member_of(group: str, word: str, conf_dir: Path | None = None) -> str:
    """A member's name, by name or by file: `tea` of `tea`, of `conf/scenario/tea.yaml` and of `./conf/scenario/tea`.

    A word that is no path comes back as it is, whether or not there is such a member.

    Raises:
        ScenarioError: another file is named, or one that is not there.
    """
    if (found := member_by_path(group, word, conf_dir)) is None:
        return word
    name, same = found
    if same:
        return name
    if name in members(group, conf_dir):
        raise ScenarioError(f"A {group} is named by its name. Write {name}.", field=group)
    lies = f"{word} lies in no folder of that kind" if Path(word).is_file() else f"There is no file {word}"
    raise ScenarioError(
        f"{lies}. A {group} is named by its name: put the file into {group}/ of your folder of configs "
        f"(conf, where no other is named), and write {name}.",
        field=group,
    )


def member_by_path(group: str, word: str, conf_dir: Path | None = None) -> tuple[str, bool] | None:
    """The name that a path ends with, and whether its file is that member of the group; None where a word is no path."""
    known, path = members(group, conf_dir), Path(word)
    if word in known or not (word.endswith(ENDINGS) or "/" in word):
        return None
    name = path.stem if word.endswith(ENDINGS) else path.name
    files = [Path(word)] if word.endswith(ENDINGS) else [Path(word + ending) for ending in ENDINGS]
    return name, name in known and any(known[name].resolve() == file.resolve() for file in files)


def shut(group: str, conf_dir: Path | None = None) -> list[str]:
    """The folders of a group that may not be looked into, as a message calls them."""
    below = [folder / group for folder in folders(conf_dir)]
    return [shown(one) for one in below if one.is_dir() and not os.access(one, os.R_OK | os.X_OK)]


def no_member(group: str, name: str, known: Iterable[str], conf_dir: Path | None = None) -> str:
    """The message where a group has no member of a name: what lies in its place and is no file, or that its folder may not be read, else
    the near matches."""
    what = f"There is no {group} '{name}'"
    for below in shut(group, conf_dir):
        return f"{what} that may be read: {below} may not be. Give yourself the right to it."
    for folder in folders(conf_dir):
        for file in (folder / group / f"{name}{ending}" for ending in ENDINGS):
            if (odd := odd_kind(file)) is not None:
                return f"{what}: {shown(file)} {odd}"
    return f"{what}.{nearest(name, list(known))}"


def file_or_member(group: str, word: str, conf_dir: Path | None = None) -> str:
    """As `member_of`, of a group of which any file may be named, too (mapping, robot): such a word comes back as it is."""
    found = None if Path(word).is_file() else member_by_path(group, word, conf_dir)
    return word if found is None or found[0] not in members(group, conf_dir) else member_of(group, word, conf_dir)


def list_scenarios(conf_dir: Path | None = None) -> dict[str, Path]:
    """Scenario name -> YAML of every scenario there is, the designer's own first."""
    return members("scenario", conf_dir)


def as_it_stands(scenario: str, conf_dir: Path | None = None) -> Composed | None:
    """A scenario of the package with nothing to compose, read without Hydra, since its import takes half a second.

    Returns:
        What `compose("scene", [f"scenario={scenario}"])` gives; None where the designer has a file of that name, or the
        scenario builds upon another one.
    """
    where = folders(conf_dir)
    found = _find(f"scenario/{scenario}.yaml", where)
    if found is None or not found[0].is_relative_to(CONF) or "${" in found[0].read_text(encoding="utf-8"):
        return None
    content, scene = read_own(found[0]), read_own(CONF / "scene.yaml")
    if "defaults" in content or _find("scene.yaml", where) != (CONF / "scene.yaml", "conf/scene.yaml"):
        return None
    chosen = {
        str(key): value for entry in scene.pop("defaults") if isinstance(entry, dict) for key, value in entry.items()
    }
    others = {group: _find(f"{group}/{name}.yaml", where) for group, name in chosen.items() if name and group != "scenario"}
    if any(file is None or not file[0].is_relative_to(CONF) for file in others.values()):
        return None
    files = [((CONF / "scene.yaml", "conf/scene.yaml"), ""), (found, "scenario")]
    files += [(file, group) for group, file in others.items() if file is not None]
    places = PlacesLater(lambda: {k: v for file, prefix in files for k, v in places_in(*file, prefix=prefix).items()})
    tree = {"scenario": content} | {group: read_own(file[0]) for file, group in files[2:]} | scene
    return Composed(tree, places, own_assets(conf_dir), chosen | {"scenario": scenario})


def _named(override: str, chosen: Mapping[str, str | None]) -> str:
    """A setting as Hydra shall read it: a member called `7` or `nan` is a name, no number."""
    member = chosen.get(key_of(override))
    if override.startswith("~") or member is None:
        return override
    return f"{override.partition('=')[0]}={in_quotes(member)}"


def _find(name: str, where: list[Path]) -> tuple[Path, str] | None:
    """The file of that name in the first folder that has it, and how a message calls it."""
    for folder in where:
        for ending in ENDINGS:
            if os.path.isfile(file := (folder / as_named(name)).with_suffix(ending)):
                return file, shown(file)
    return None


def _choices(verb: str, overrides: Sequence[str], where: list[Path]) -> dict[str, str | None]:
    """Config group -> member, from the verb's defaults and the command line.

    Raises:
        ScenarioError: an unknown member, before Hydra says it in its own long way.
    """
    chosen: dict[str, str | None] = {}
    found = _find(f"{verb}.yaml", where)
    if found is None:
        return chosen
    places_in(*found)  # what is no YAML or no UTF-8 is reported by line
    for entry in _defaults(found[0]):
        if isinstance(entry, dict):
            chosen |= {str(k).split()[-1]: None if v is None else str(v) for k, v in entry.items()}
    optional = {group for group, member in chosen.items() if member is None}
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2].strip("'\"")
        if key in chosen:
            none = f", or {key}=null for none" if key in optional else ""
            if not override.startswith("~") and (not value or (value == "null" and key not in optional)):
                raise ScenarioError(f"{key}={value} names nothing. Write {key}=NAME{none}.", field=key)
            chosen[key] = value if value not in ("", "null") else None
    for group, member in chosen.items():
        known = sorted({name for folder in where for name in sheets_in(folder / group)})
        if member is not None and member not in known:
            own = next((folder for folder in where if folder != CONF), None)
            raise ScenarioError(no_member(group, member, known, own), field=group)
    return chosen


def _defaults(file: Path) -> list[Any]:
    """Hydra's defaults list of a config file."""
    content = read_own(file) if file.is_relative_to(CONF) else read_yaml(file)  # in the package's no date stands
    defaults = content.get("defaults") if isinstance(content, dict) else None
    return defaults if isinstance(defaults, list) else []


def _gather(name: str, where: list[Path], group: str, places: dict[str, Place], within: tuple[str, ...] = ()) -> None:
    """Add the places of a config file and, before them, of the files of its group that its defaults list builds upon.

    Raises:
        ScenarioError: the files build upon each other in a circle.
    """
    found = _find(name, where)
    if found is None:
        return
    own = places_in(*found, prefix=group)
    for entry in _defaults(found[0]) if group else ():
        base = f"{group}/{str(entry).removeprefix(f'/{group}/')}.yaml"
        if isinstance(entry, str) and entry != "_self_":
            if base in (*within, name):
                circle = " → ".join(Path(one).stem for one in (*within, name, base))
                raise ScenarioError(f"It builds upon itself: {circle}. Take {entry!r} out.", file=found[1], field="defaults")
            _gather(base, where, group, places, (*within, name))
    places |= own


def _unknown(key: str, verb: str, places: Mapping[str, Place], chosen: Mapping[str, str | None]) -> str:
    """The message about a key that there is not: the first of its words that is unknown, and what stands there instead."""
    places = {re.sub(r"\[(\d+)\]", r".\1", path): place for path, place in places.items()}  # as a list's entries are named in a setting
    words = key.split(".")
    depth = next((i for i in range(len(words)) if not _below(".".join(words[: i + 1]), places)), len(words) - 1)
    parent, word = ".".join(words[:depth]), words[depth]
    known = [k[len(parent) + 1 if parent else 0 :] for k in places if k.startswith(f"{parent}." if parent else "")]
    siblings = {k for k in known if k and "." not in k and "[" not in k and k != "defaults"}
    if parent and parent in places and not siblings:
        return f"{parent!r} is one value, with nothing below it. Write {parent}=VALUE."
    of = f" in {parent!r}" if depth and depth < len(words) - 1 else ""
    hint = nearest(word, sorted(siblings if parent else siblings | set(chosen)))
    added = ""
    if depth and depth == len(words) - 1:
        added = f" To add a key that the file leaves out, write +{key}=..."
    elif not parent and _below(f"scenario.{word}", places):
        hint, added = "", f" A key of the scenario begins with `scenario.`: write scenario.{key}=..."
    for_verb = "" if verb == "scene" else f" for `shiliu {verb}`"  # `scene` is no command: Python asked
    return f"There is no setting {key!r}{for_verb}{f': no {word!r}{of}' if of else ''}.{hint}{added}"


def _below(path: str, places: Mapping[str, Place]) -> bool:
    """Whether a key path, or one below it, stands in the files."""
    return any(known == path or known.startswith((f"{path}.", f"{path}[")) for known in places)


def _plain(
    error: Exception, verb: str, places: Mapping[str, Place], chosen: Mapping[str, str | None], overrides: Sequence[str]
) -> ScenarioError:
    """One sentence of what Hydra or OmegaConf said, with near matches for a misspelt key."""
    text = " ".join(str(error).split())
    match = re.search(r"is not in struct full_key: (\S+)", text) or re.search(r"Could not override '([^']+)'", text)
    if match:
        return ScenarioError(_unknown(match.group(1), verb, places, chosen))
    match = re.search(r"looks like a config group override, but config group '([^']+)'", text)
    if match:
        return ScenarioError(_unknown(match.group(1), verb, places, chosen))
    match = re.search(r"An item is already at '([^']+)'", text)
    if match:
        return ScenarioError(f"This setting is there already. Write {match[1]}=..., without the +.", field=match[1])
    match = re.search(r"full_key: (\S+)", text) or re.search(r"Error merging override (\S+?)=", text)
    if match:  # of a value with ${, or of an entry that a list does not have
        key = match[1].lstrip("+~")
        if "${" not in "".join(overrides):
            return ScenarioError(_unknown(key, verb, places, chosen))
        given = next((unquoted(word).partition("=")[2] for word in overrides if key_of(word) == key), "${...}")
        return ScenarioError(unresolved(given), field=key)
    return ScenarioError(f"The settings cannot be read: {text.partition(' See http')[0]}.")
