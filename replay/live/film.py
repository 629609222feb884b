"""A judged take as a film that a page plays by itself, without a server: what the player in a report shows."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..report.html import Players
from ..report.text import Words
from .page_shapes import PosedModel, meshes, shapes, standing_view
from .replayed import Replayed, bodies_of
from .server import page_files

RATE = 15.0  # frames a second, where they fit
LARGEST = 1_400_000  # bytes of a packed film and its meshes: five of them as base64, with what draws them, are less than 10 MB
FINEST = 1e-4  # m, the step in which places are written; a scene that is wider than 6.4 m has a coarser one
FORCE = 0.1  # N, the step in which forces are written
# each before those that ask for it
MODULES = ("three.core.min.js", "three.module.min.js", "OrbitControls.js", "picture.js", "marks.js", "report_player.js")


def film(take: Replayed, findings: Sequence[Mapping[str, Any]]) -> tuple[bytes, bytes, str]:
    """A take to be played anywhere.

    Args:
        findings: `level`, `code`, `t0`, `t1` [s], `subject`, `text`, in the order in which they are listed.

    Returns:
        The film; the message of its meshes, and their digest, which films of one scene share. The film is gzip of: uint32 length of
        the head, the head (JSON: `shapes`, `t` (T,) [s], `bodies` and `robot`, ids of the poses below, `soft` vertices, `place` [m] and
        `force` [N] of one step, `forces` (T,) counts, `findings`), then int16 (T, 7 bodies), (T, 7 robot), (T, 3 soft), each by columns
        as differences of rows, low bytes before high ones; and (n, 6) place and force of each contact. Quaternions are in 1/32767.
    """
    model = take.scene.compile(take.draw.values, looks=True)
    posed, last, dt = PosedModel(model), len(take.rollout.qpos) - 1, take.scene.control_timestep
    drawn = shapes(model) | {"sites": []}
    marks = []
    for one in findings:
        step, point = take.place([str(name) for name in one["subject"]], take.begin if one["t0"] is None else float(one["t0"]))
        marks.append({key: one[key] for key in ("level", "code", "t0", "t1", "text")} | {"step": step, "point": point})
    bodies = sorted({int(geom["body"]) for geom in drawn["geoms"]})
    moved = bodies_of(take.draw.model, take.scene.robot.root)
    robot = [body for body in bodies if body in moved]
    posed.frame(take.rollout.qpos[0])
    head = {"shapes": drawn, "bodies": bodies, "robot": robot, "eye": standing_view(model, posed.posed_cameras())}
    digest, message = _meshes(model)
    stride = max(1, round(1 / (RATE * dt)))
    while True:
        steps = sorted({*range(0, last + 1, stride), last, *(mark["step"] for mark in marks)})
        packed = _packed(take, posed, head, steps, marks)
        if len(packed) + len(message) <= LARGEST or stride > last:
            return packed, message, digest
        stride *= 2


def _meshes(model: Any) -> tuple[str, bytes]:
    digest, message = meshes(model)
    return digest[:16], gzip.compress(message, mtime=0)


def _packed(
    take: Replayed, posed: PosedModel, head: Mapping[str, Any], steps: Sequence[int], marks: Sequence[Mapping[str, Any]]
) -> bytes:
    def frame(qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        flat = np.frombuffer(posed.frame(qpos), np.float32, offset=8)
        n = 7 * posed.model.nbody
        return flat[:n].reshape(-1, 7).astype(float), flat[n:].astype(float)

    seen = [frame(take.rollout.qpos[step]) for step in steps]
    poses = np.array([pose[head["bodies"]] for pose, _ in seen])
    soft = np.array([cloth for _, cloth in seen])
    ghosts = np.array([frame(take.commanded(step))[0][head["robot"]] for step in steps])
    forces = [take.forces(step) for step in steps]
    contacts = np.array([[*one["pos"], *one["force"]] for now in forces for one in now]).reshape(-1, 6)
    widest = max([FINEST * 32000, *(float(np.abs(one).max(initial=0.0)) for one in (poses[..., :3], ghosts[..., :3], soft))])
    place = widest / 32000

    def steps_of(values: np.ndarray, unit: float) -> np.ndarray:
        return np.clip(np.round(values / unit), -32767, 32767).astype(np.int16)

    def rows(values: np.ndarray) -> bytes:
        whole = np.concatenate([steps_of(values[..., :3], place), steps_of(values[..., 3:], 1 / 32767)], axis=-1)
        return _by_columns(whole.reshape(len(steps), -1))

    whole = dict(head) | {
        "t": [round(take.begin + step * take.scene.control_timestep, 4) for step in steps],
        "soft": soft.shape[1] // 3,
        "place": place,
        "force": FORCE,
        "forces": [len(now) for now in forces],
        "findings": [{**mark, "frame": steps.index(mark["step"])} for mark in marks],
    }
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()
    body = [rows(poses), rows(ghosts), _by_columns(steps_of(soft, place))]
    at = np.concatenate([steps_of(contacts[:, :3], place), steps_of(contacts[:, 3:], FORCE)], axis=1)
    return gzip.compress(b"".join([struct.pack("<I", len(text)), text, *body, at.astype("<i2").tobytes()]), mtime=0)


def _by_columns(rows: np.ndarray) -> bytes:
    """(T, k) int16 as differences of rows, column by column, low bytes before high ones: what stands still is noughts."""
    changes = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.int16)).T.astype("<i2")
    return changes.reshape(-1).view(np.uint8).reshape(-1, 2).T.tobytes()


def players(films: Mapping[str, tuple[bytes, bytes, str]], words: Words) -> Players:
    """What a page needs to play films.

    Args:
        films: by source of the take, as `film` gives them; words: of the page.
    """
    blobs = {f"meshes-{digest}": message for _, message, digest in films.values()}
    figures = {}
    for k, (source, (packed, _, digest)) in enumerate(films.items()):
        blobs[f"film-{k}"] = packed
        asks = f'data-film="film-{k}" data-meshes="meshes-{digest}"'
        figures[source] = f'<figure class="player" {asks}><button disabled>{words.book["page"]["open"]}</button></figure>'
    files = page_files()
    blobs |= {name: gzip.compress(files[name], mtime=0) for name in MODULES}
    given = json.dumps({"modules": MODULES, "words": words.book["page"] | {"levels": words.book["levels"]}}, ensure_ascii=False)
    kept = [f'<script type="text/plain" id="{name}">{base64.b64encode(data).decode()}</script>' for name, data in blobs.items()]
    return Players(figures, "\n".join([*kept, f"<script>\nconst GIVEN = {given};\n{files['report_loader.js'].decode()}</script>"]))
