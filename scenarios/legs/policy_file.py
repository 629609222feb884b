"""A policy for the legs from its file: read, held against its sheet and its golden answers, and made ready to answer.

`policy.onnx` has its sheet beside it, `policy.yaml`. Neither names another file, and nothing else is opened: a model whose weights lie
in other files is refused. It is run by ONNX Runtime on one thread of the processor, which gives the same bits every time.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..robots.leg_policy import LegPolicy, not_a_policy
from ..robots.robot import load_robot
from ..sheet.errors import ScenarioError, ShiliuError, odd_kind, shown
from ..sheet.own_files import ENDINGS, written
from ..sheet.yaml_reader import Problems
from .onnx_bytes import parts_of
from .policy_sheet import TOLERANCE, policy_of, read_sheet

if TYPE_CHECKING:
    import onnxruntime

LARGEST = 256 << 20  # bytes of a model; one for legs has some MB
LISTED = 3  # elements of a golden answer that are named
DRAWN = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
MISSING = 'A policy for the legs needs onnxruntime, which is not installed. Install it by pip install "shiliu[policy]".'
_PLACE = re.compile(r"^(\[ONNXRuntimeError\] : \d+ : \w+ : )?(/\S+:\d+ .*?\) (?=[A-Z]))?")  # where in its own source an error was raised
_TOLD = 300  # characters of such an error
Answers = Callable[[np.ndarray], np.ndarray]  # (1, n) float32 -> (k,) float64


def load_policy(path: Path, robot: str) -> LegPolicy:
    """The policy of a file and the sheet beside it.

    Raises:
        ScenarioError: with everything that is wrong with them.
        ShiliuError: the extra `policy` is not installed.
    """
    if (wrong := not_a_policy(shown(path.name))) is not None:
        raise ScenarioError(wrong, field="legs")
    if not _is_file(path):
        raise ScenarioError("There is no such file. Give the policy's .onnx file.", file=str(path), field="legs")
    sheet = next((at for end in ENDINGS if _is_file(at := path.with_suffix(end))), None)
    if sheet is None:
        wanted = path.with_suffix(ENDINGS[0]).name
        raise ScenarioError(
            f"No sheet lies beside it. Write {shown(wanted)!r}, as docs/legs-policy.md describes.", file=str(path), field="legs"
        )
    if sheet.resolve().parent != sheet.parent.resolve():
        raise ScenarioError("This is a link that leads out of its folder. Put the file itself there.", file=str(sheet), field="legs")
    return _load(path, sheet, robot, path.resolve(), written(path), written(sheet))


def _is_file(path: Path) -> bool:
    """Whether a file is there.

    Raises:
        ScenarioError: something is there that is no file.
    """
    try:
        if (odd := odd_kind(path)) is not None:
            raise ScenarioError(f"This {odd}", file=str(path), field="legs")
        if path.is_dir():
            raise ScenarioError("This is a folder. Put the file itself there.", file=str(path), field="legs")
        return path.is_file()
    except (OSError, ValueError):  # no file of this system has such a name
        return False


@lru_cache(maxsize=16)
def _load(path: Path, sheet: Path, robot: str, *when: object) -> LegPolicy:
    try:
        if path.stat().st_size > LARGEST:
            raise ScenarioError(f"This is larger than {LARGEST >> 20} MiB. A policy for legs is far smaller.", file=str(path), field="legs")
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"This cannot be read: {error.strerror}.", file=str(path), field="legs") from None
    sha256 = hashlib.sha256(content).hexdigest()
    own = load_robot(robot, None, "legs")
    policy, problems = read_sheet(sheet, own, shown(path.name), sha256, content)
    _look_through(content, str(path))
    problems.stop(f"The sheet {shown(sheet.name)}")
    assert policy is not None
    _hold(policy, problems)
    problems.stop(f"The sheet {shown(sheet.name)}")
    return policy


def policy_of_episode(kept: Any, robot: str, given: LegPolicy | None) -> LegPolicy:
    """The policy by which an episode was made, from what it keeps of it, with the weights that the user gives.

    Without them it says what its scene is made of, and does not move.

    Args:
        given: by the user; None, or another one than the episode's, leaves the weights out.

    Raises:
        ScenarioError: what the episode keeps is no policy.
    """
    return _kept(json.dumps(kept, sort_keys=True), robot, given)


@lru_cache(maxsize=64)
def _kept(text: str, robot: str, given: LegPolicy | None) -> LegPolicy:
    kept = json.loads(text)
    of = kept if isinstance(kept, Mapping) else {}
    file, sha256, sheet_file = (str(of.get(key, "")) for key in ("file", "sha256", "sheet_file"))
    known = given is not None and given.sha256 == sha256
    weights = given.weights if known and given is not None else None
    own, names = load_robot(robot, None, "legs"), (shown(file), sha256, weights, shown(sheet_file))
    policy, problems = policy_of(of.get("sheet"), own, *names, Problems({"": ("config.legs.sheet", 0)}))
    problems.stop("The sheet of the policy that the episode keeps")
    assert policy is not None
    if known and given is not None and given.sheet_sha256 == policy.sheet_sha256:
        return given
    if weights is not None:
        _hold(policy, problems)
        problems.stop("The sheet of the policy that the episode keeps")
    return policy


def _look_through(content: bytes, name: str) -> None:
    """Refuse a model that leans on other files or on chance. Operators of somebody's own the runtime refuses itself."""
    try:
        parts = parts_of(content)
    except ValueError:
        raise ScenarioError("This is no ONNX model. Export the policy as ONNX.", file=name, field="legs") from None
    if parts.external:
        raise ScenarioError(
            "Its weights lie in another file, which is not read. Export it as one file, without external data.", file=name, field="legs"
        )
    if parts.drops:
        raise ScenarioError(
            "It has a Dropout that may be in training, so no two runs are equal. Export it as it is used, not as it is trained.",
            file=name,
            field="legs",
        )
    if drawn := sorted(parts.operators & DRAWN):
        raise ScenarioError(
            f"It draws random numbers ({', '.join(drawn)}), so no two runs are equal. Export the mean of its answers.",
            file=name,
            field="legs",
        )


def answers_of(policy: LegPolicy) -> Answers:
    """What answers an observation. Where the model fails, or gives another number of numbers, none of them is finite.

    Raises:
        ShiliuError: nobody has given the weights, or the extra `policy` is not installed.
    """
    if policy.weights is None:
        raise ScenarioError(
            f"This was made on legs that {policy.file} moved (sha256 {policy.sha256[:12]}), which is not kept with it. "
            f"Give that file: legs={policy.file}.",
            field="legs",
        )
    ask, k = _asked(policy), len(policy.joints)

    def answer(observation: np.ndarray) -> np.ndarray:
        try:
            found = ask(observation)
        except MemoryError:
            raise
        except Exception:  # the runtime has a class of its own for each cause; the same observation fails again
            return np.full(k, np.nan)
        return found if len(found) == k else np.full(k, np.nan)

    return answer


def _asked(policy: LegPolicy) -> Answers:
    """What gives all that the model answers, and raises what it raises."""
    assert policy.weights is not None
    session, taken, given = _session(policy.sha256, policy.weights, policy.file)
    from onnxruntime import RunOptions

    options = RunOptions()
    options.log_severity_level = 4

    def ask(observation: np.ndarray) -> np.ndarray:
        found: np.ndarray = session.run([given], {taken: observation}, options)[0]
        return found.astype(np.float64).ravel()

    return ask


def _why(error: Exception) -> str:
    """What ONNX Runtime says, on one line, without the place in its source."""
    return _PLACE.sub("", " ".join(str(error).split()))[:_TOLD].rstrip(". ")


@lru_cache(maxsize=16)
def _session(sha256: str, weights: bytes, file: str) -> tuple[onnxruntime.InferenceSession, str, str]:
    """A session, and the names of its input and output."""
    try:
        import onnxruntime
    except ImportError:
        raise ShiliuError(MISSING, field="legs") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has a class of its own for each of some ten causes
        raise ScenarioError(f"ONNX Runtime does not read this model: {_why(error)}. Export it again.", file=file, field="legs") from None
    taken, given = session.get_inputs(), session.get_outputs()
    for what, ports in (("input", taken), ("output", given)):
        if len(ports) != 1:
            names = ", ".join(port.name for port in ports)
            raise ScenarioError(
                f"It has {len(ports)} {what}s ({names}), and a policy for the legs has one. Export it with one.", file=file, field="legs"
            )
        if ports[0].type != "tensor(float)":
            raise ScenarioError(
                f"Its {what} {ports[0].name!r} is {ports[0].type}, not tensor(float). Export it in float32.", file=file, field="legs"
            )
    shape = taken[0].shape
    if shape and (len(shape) != 2 or (isinstance(shape[0], int) and shape[0] != 1)):
        is_of = ", ".join(str(size) for size in shape)
        raise ScenarioError(
            f"Its input {taken[0].name!r} has the shape [{is_of}], and a policy for the legs takes one row, (1, n). "
            "Export it for one observation.",
            file=file,
            field="legs",
        )
    return session, taken[0].name, given[0].name


def _hold(policy: LegPolicy, problems: Problems) -> None:
    """Note where the model takes or gives other numbers than the sheet says, or answers a golden observation in another way."""
    assert policy.weights is not None
    answer, file = _asked(policy), policy.file
    session = _session(policy.sha256, policy.weights, file)[0]
    size, k, before = policy.frames * policy.frame, len(policy.joints), len(problems.found)
    takes, gives = session.get_inputs()[0].shape, session.get_outputs()[0].shape
    wide = takes[-1] if takes else None
    made = math.prod(gives) if gives and all(isinstance(one, int) for one in gives) else gives[-1] if gives else None
    if isinstance(wide, int) and wide != size:
        each = ", ".join(f"{term.name} {term.size}" for term in policy.terms)
        problems.note(
            "singleInputData",
            f"it makes {size} numbers ({policy.frames} frames of {policy.frame}: {each}), and {file} takes {wide}. "
            "Mend singleInputData or frameStack.",
        )
    if isinstance(made, int) and made != k:
        problems.note("joints", f"{k} joints are listed, and {file} answers with {made} numbers. List one for each, in its order.")
    for i, (observation, action) in enumerate(policy.golden if len(problems.found) == before else ()):
        where = f"golden[{i}]"
        try:
            found = answer(observation.astype(np.float32).reshape(1, -1))
        except Exception as error:  # a shape that only running shows
            problems.note(where, f"{file} does not take it: {_why(error)}. Mend singleInputData or frameStack.")
            continue
        if found.shape != action.shape:
            problems.note(where, f"{file} answers with {found.size} numbers, and {k} joints are listed. List one for each.")
            continue
        off = np.abs(found - action)
        if not np.isfinite(found).all() or off.max() > TOLERANCE:
            worst = np.argsort(-np.nan_to_num(off, nan=np.inf), kind="stable")[:LISTED]
            named = ", ".join(f"{policy.joints[j]} {found[j]:.6g} instead of {action[j]:.6g}" for j in worst if not off[j] <= TOLERANCE)
            problems.note(
                f"{where}.action",
                f"{file} answers otherwise than by {TOLERANCE:g}: {named}. "
                "Give the file and the order of the observation that these numbers came from.",
            )
