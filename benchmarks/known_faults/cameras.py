"""Faults of cameras: pictures that are black, stand still, or show what was long ago.

The pictures are drawn, not rendered: two bright arms from the shoulders to where the hands are, before a room of squares, so
that no OpenGL is needed and a demonstration takes a second.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from shiliu.replay.formats.video import encode
from shiliu.replay.recording.recording import PictureFile
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work

CAMERA = "drawn"
SIZE = (96, 128)  # pixels
REACH = 1.0  # m, half of what the picture shows of the room, across and up
RADIUS, EDGE = 9.0, 3.0  # pixels of an arm's half width, and of its soft edge
SHOULDERS = {"left": (0.25, 1.35), "right": (-0.25, 1.35)}  # m, across and up
BLACK, FROZEN, LATE = 1.0, 1.0, 0.7  # s, bound and scale of image.black, image.frozen and image.late
MOVES = 0.25  # rad, that some joint moves while a camera is frozen


def black(work: Work, size: float) -> FaultMark:
    """The camera's lens is covered for 1 + `size` seconds."""
    frames, fps = drawn(work), _fps(work)
    first, last = _stretch(work, len(frames), (1.0 + size) * BLACK)
    frames[first:last] = 0
    _keep(work, frames)
    return FaultMark(first / fps, last / fps, (CAMERA,))


def frozen(work: Work, size: float) -> FaultMark:
    """The camera repeats one picture for 1 + `size` seconds while the robot moves."""
    frames, fps = drawn(work), _fps(work)
    length = (1.0 + size) * FROZEN
    # where the hands are driven furthest from one end of the stretch to the other, so that it shows
    q = work.record.streams["observation.state/joint_position"].values
    stretches = [_stretch(work, len(frames), length) for _ in range(50)]
    first, last = max(stretches, key=lambda s: float(np.abs(q[s[1]] - q[s[0]]).max()))
    if float(np.abs(q[last] - q[first]).max()) < MOVES:
        raise EpisodeError(f"no joint moves by {MOVES:g} rad within {length:g} s.")
    frames[first:last] = frames[first]
    _keep(work, frames)
    return FaultMark(first / fps, (last - 1) / fps, (CAMERA,))


def late(work: Work, size: float) -> FaultMark:
    """The pictures show what was (1 + size) x 0.7 s before."""
    frames, fps = drawn(work), _fps(work)
    by = round((1.0 + size) * LATE * fps)
    _keep(work, np.concatenate([np.repeat(frames[:1], by, axis=0), frames[:-by]]))
    return FaultMark(subject=(CAMERA,))


def drawn(work: Work) -> np.ndarray:
    """(T, h, w, 3) uint8 pictures of the hands, seen from the front, at the control rate."""
    episode = work.record.episode
    if episode is None or "observation.hand_pose" not in episode.states:
        raise EpisodeError("only a demonstration that tells where the hands are can be drawn.")
    hands = episode.states["observation.hand_pose"][: episode.n_steps].astype(float)
    names = work.context.scene.schema.observations["observation.hand_pose"].names
    height, width = SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    room = 60 + 40 * ((rows // 12 + columns // 16) % 2)
    frames = np.repeat(room[None].astype(np.uint8), len(hands), axis=0)
    for side in ("left", "right"):
        across, up = (hands[:, names.index(f"{side}_tcp.{axis}")] for axis in "yz")
        x = width * (0.5 - 0.5 * across / REACH)
        y = height * (0.5 - 0.5 * (up - REACH) / REACH)
        from_x = width * (0.5 - 0.5 * SHOULDERS[side][0] / REACH)
        from_y = height * (0.5 - 0.5 * (SHOULDERS[side][1] - REACH) / REACH)
        for k in range(len(hands)):  # distance of each pixel from the line between shoulder and hand
            along = np.array([x[k] - from_x, y[k] - from_y])
            share = ((columns - from_x) * along[0] + (rows - from_y) * along[1]) / max(float(along @ along), 1e-9)
            share = np.clip(share, 0.0, 1.0)
            away = np.hypot(columns - from_x - share * along[0], rows - from_y - share * along[1])
            arm = np.clip((RADIUS - away) / EDGE, 0.0, 1.0)
            frames[k] = (frames[k] * (1 - arm) + 230 * arm).astype(np.uint8)
    return np.repeat(frames[..., None], 3, axis=3)


def _fps(work: Work) -> int:
    return round(1.0 / work.context.scene.control_timestep)


def _stretch(work: Work, n: int, seconds: float) -> tuple[int, int]:
    """First picture, and the one after the last, of a stretch somewhere in the middle."""
    length = round(seconds * _fps(work))
    first = int(work.rng.integers(15, n - length - 15))
    return first, first + length


def _keep(work: Work, frames: np.ndarray) -> None:
    """The pictures as the video of the record; the folder goes when the work does."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"{CAMERA}.mp4"
    encode(path, frames, list(frames.shape[1:]), _fps(work), len(frames), CAMERA)
    work.record.pictures[CAMERA] = PictureFile(path, frames.shape[1:], _fps(work), "h264")
    work.kept.append(folder)
