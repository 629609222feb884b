"""Hydra composes a run's config; this module keeps it from writing files, hiding places, or stopping with a traceback."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .dialect import Place, nearest, places_in
from .errors import ScenarioError

CONF = Path(__file__).resolve().parent.parent / "conf"


@dataclass(frozen=True)
class Composed:
    """A composed config.

    Attributes:
        tree: plain dicts, lists and scalars.
        places: key path -> (file, line); keys that the command line set are named as such.
        assets: the designer's own parts folder beside the config folder, if there is one.
    """

    tree: dict[str, Any]
    places: dict[str, Place]
    assets: Path | None


def folders(conf_dir: Path | None = None) -> list[Path]:
    """Where configs are looked for: the designer's folder first, then the package's."""
    own = conf_dir if conf_dir is not None else Path("conf")
    if conf_dir is not None and not conf_dir.is_dir():
        raise ScenarioError("There is no such folder of configs.", file=str(conf_dir), field="conf_dir")
    return [own.resolve(), CONF] if own.is_dir() and own.resolve() != CONF else [CONF]


def compose(verb: str, overrides: Sequence[str], conf_dir: Path | None = None) -> Composed:
    """Compose `conf/<verb>.yaml` with overrides.

    The designer's folder is searched first, so that a file of the same name there wins over the package's (Hydra's own
    `--config-dir` is appended, and the package would win).

    Raises:
        ScenarioError: unknown group member or key (with near matches), a malformed override or YAML.
    """
    from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
    from hydra._internal.hydra import Hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    where = folders(conf_dir)
    _check_choices(overrides, where)
    places: dict[str, Place] = {}
    for folder in reversed(where):  # before Hydra, because it reads YAML without our questions
        _gather(folder, verb, overrides, places, shown=folder == CONF)
    path = ConfigSearchPathImpl()
    path.append("hydra", "pkg://hydra.conf")
    for i, folder in enumerate(where):
        path.append("main" if folder == CONF else f"designer{i}", f"file://{folder}")
    path.append("schema", "structured://")  # Hydra's own settings
    GlobalHydra.instance().clear()
    Plugins.instance()  # registers the file and package sources that the search path names
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        hydra = Hydra.create_main_hydra2(task_name=f"shiliu_{verb}", config_search_path=path)
        config = hydra.compose_config(
            config_name=verb,
            overrides=list(overrides),
            run_mode=RunMode.RUN,
            from_shell=False,
            with_log_configuration=False,
        )
        config = OmegaConf.masked_copy(config, [str(k) for k in config if k != "hydra"])
        tree = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ScenarioError(_plain(error, verb, places)) from None
    finally:
        GlobalHydra.instance().clear()
    assert isinstance(tree, dict)
    for override in overrides:
        key = override.lstrip("+~").split("=", 1)[0]
        if "." in key:
            places[key] = (f"command line {override!r}", 1)
    own_assets = where[0].parent / "assets" if where[0] != CONF else None
    return Composed(
        {str(k): v for k, v in tree.items()}, places, own_assets if own_assets and own_assets.is_dir() else None
    )


def _check_choices(overrides: Sequence[str], where: list[Path]) -> None:
    """Unknown members of a config group, before Hydra says it in its own long way."""
    for override in overrides:
        key, _, value = override.partition("=")
        key = key.lstrip("+")
        group = [folder / key for folder in where if (folder / key).is_dir()]
        if not group or not value or value == "null":
            continue
        known = sorted({p.stem for folder in group for p in folder.glob("*.yaml")})
        if value not in known:
            raise ScenarioError(f"There is no {key} {value!r}.{nearest(value, known)}", field=key)


def _gather(folder: Path, verb: str, overrides: Sequence[str], places: dict[str, Place], shown: bool) -> None:
    def name(path: Path) -> str:
        return f"conf/{path.relative_to(folder)}" if shown else str(path)

    if (folder / f"{verb}.yaml").is_file():
        places |= places_in(folder / f"{verb}.yaml", name(folder / f"{verb}.yaml"))
    for override in overrides:
        key, _, value = override.partition("=")
        file = folder / key.lstrip("+") / f"{value}.yaml"
        if re.fullmatch(r"[A-Za-z_]+", key.lstrip("+")) and re.fullmatch(r"[\w-]+", value) and file.is_file():
            package = key.lstrip("+")
            places |= places_in(file, name(file), prefix=package)


def _plain(error: Exception, verb: str, places: dict[str, Place]) -> str:
    """One sentence of what Hydra or OmegaConf said, with near matches for a misspelt key."""
    text = " ".join(str(error).split())
    match = re.search(r"Could not override '([^']+)'", text) or re.search(r"Key '([^']+)' is not in struct", text)
    if match:
        key = match.group(1)
        parent, _, last = key.rpartition(".")
        known = [k[len(parent) + 1 if parent else 0 :] for k in places if k.startswith(f"{parent}." if parent else "")]
        siblings = sorted({k for k in known if "." not in k and "[" not in k})
        return f"There is no setting {key!r} for `shiliu {verb}`.{nearest(last, siblings)}"
    return (
        f"The settings cannot be read: {text}. Quote values that hold spaces or commas, such as 'data=\"my file.bag\"'."
    )
