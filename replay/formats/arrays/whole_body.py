"""A person's motion with an object as InterMimic's rows, for bodies of any number: the known 591 columns are those of 52 bodies.

A row of B bodies has 19 + 11 B columns: root place and quaternion (xyzw), two that are not documented, B - 1 rotations, B places,
the object's place and quaternion, five that are not documented, the object's contact, B contacts, B quaternions (xyzw). An array
says none of this, so that its numbers have to: quaternions of length one, and the first body where the root is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..mapping import ArrayRule, Mapping, StreamRule
from ..mappings import load
from .array_episode import ArrayEpisode
from .mapped_reading import numbered

KNOWN = "omomo_human"
NAME = "whole_body"
KNOWN_BODIES = 52
FIXED, EACH = 19, 11  # columns
MIN_BODIES, MAX_BODIES = 2, 1000
NEAR = 1e-3  # how far a quaternion's length may be from one, and the first body from the root [m]: float32 keeps 1e-7
LABEL = "body_names"
SINGLE = "data"  # channel name of the one array of an .npy file


def mapping_of(episode: ArrayEpisode) -> Mapping | None:
    """A mapping for such rows; None where they are of the known width, or do not hold what the layout says."""
    array = episode.arrays.get(SINGLE)
    if array is None or len(episode.arrays) != 1 or array.ndim != 2 or array.dtype.kind != "f" or not len(array):
        return None
    bodies, rest = divmod(array.shape[1] - FIXED, EACH)
    if rest or not MIN_BODIES <= bodies <= MAX_BODIES or bodies == KNOWN_BODIES or not _holds(array, bodies):
        return None
    known = load(KNOWN)
    assert known.arrays is not None
    names = episode.labels.get(LABEL, ())
    if len(names) != bodies or len(set(names)) != bodies:
        naming = f"lists {len(names)} names" if names else "names none"
        episode.notes.append(f"{bodies} bodies, of which the container {naming}: they are numbered")
        names = numbered("body", bodies)
    episode.notes.append(
        f"{array.shape[1]} columns are taken for {bodies} bodies, because their numbers are so: quaternions of length one, "
        "the first body where the root is"
    )
    rules = tuple(_moved(rule, bodies, names) for rule in known.arrays.streams)
    at = _at(bodies)
    unused = {
        "data[7:9]": "not documented by the tool that wrote the file",
        f"data[{at['object'] + 7}:{at['contact']}]": "not documented by the tool that wrote the file",
        f"data[{at['rotations']}:{array.shape[1]}]": "quaternions of the bodies",
    }
    rule = ArrayRule({}, rules, fps=known.arrays.fps)
    return Mapping(NAME, known.title, "npz", known.robot, known.kind, (), {}, unused, rule)


def _at(bodies: int) -> dict[str, int]:
    """First column of each part."""
    places = 9 + 3 * (bodies - 1)
    thing = places + 3 * bodies
    return {"places": places, "object": thing, "contact": thing + 12, "contacts": thing + 13, "rotations": thing + 13 + bodies}


def _holds(array: np.ndarray, bodies: int) -> bool:
    at = _at(bodies)
    rotations = array[:, at["rotations"] :].reshape(len(array), bodies, 4)
    quaternions = np.concatenate([array[:, None, 3:7], array[:, None, at["object"] + 3 : at["object"] + 7], rotations], 1)
    with np.errstate(invalid="ignore", over="ignore"):
        long = np.linalg.norm(quaternions.astype(np.float64), axis=2)
        whole = np.isfinite(array).all(axis=1)
        apart = np.abs(array[:, at["places"] : at["places"] + 3] - array[:, 0:3])
    return bool(whole.any() and (np.abs(long[whole] - 1.0) < NEAR).all() and (apart[whole] < NEAR).all())


def _moved(rule: StreamRule, bodies: int, names: tuple[str, ...]) -> StreamRule:
    """A rule of the known width for this number of bodies."""
    at = _at(bodies)
    spans = {
        "joints": (9, at["places"], names[1:]),
        "bodies": (at["places"], at["object"], names),
        "object": (at["object"], at["object"] + 7, rule.names),
        "contact/object": (at["contact"], at["contact"] + 1, rule.names),
        "contact/bodies": (at["contacts"], at["rotations"], names),
    }
    first, end, words = spans.get(str(rule.name), (0, 7, rule.names))
    return replace(rule, fields=(f"data[{first}:{end}]",), names=words)
