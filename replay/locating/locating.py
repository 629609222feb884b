"""Pictures in, poses out: detection and estimation of each picture, the best of several, and a picture of what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError, ScenarioError, odd_kind
from ..recording.recording import PictureFile, Recording
from .calibrated_camera import CalibratedCamera
from .detection import Detected, detect
from .estimation import Carrier, Estimate, LocatedPose, estimate
from .markers import CELL, MarkerSet
from .opencv import opencv
from .places import SceneFrames, carriers, difference

if TYPE_CHECKING:
    from PIL import Image

WHITE_16 = 0xFFFF
WRONG_SIZE = "Give the camera that took it, calibrated at that size."
FIRST_REASONS = ("scaled", "contradict", "unsure", "raised", "misfit", "not_seen")  # of several pictures


@dataclass(frozen=True)
class Locator:
    """Finds poses in pictures of a scene.

    Args:
        survey: whether fixtures are looked for instead of things (see `carriers`).
    """

    scene: Scene
    markers: MarkerSet
    camera: CalibratedCamera
    survey: bool = False

    def __post_init__(self) -> None:
        if self.markers.scenario != self.scene.config.id:
            raise ScenarioError(
                f"the markers are those of {self.markers.scenario}, the scene is {self.scene.config.id}. "
                f"Write scenario={self.markers.scenario}, or print markers for this one.",
                field="markers",
            )
        _ = self.carriers  # markers on what the scene lacks are refused here

    @cached_property
    def carriers(self) -> dict[str, Carrier]:
        """What carries markers, by the word that the markers' file has for it."""
        return carriers(self.scene, self.markers, self.survey)

    @cached_property
    def things(self) -> tuple[str, ...]:
        """The words of those that are loose."""
        frames = SceneFrames(self.scene)
        return tuple(word for word in self.carriers if frames.loose(word))

    def of(self, pictures: Sequence[tuple[str, np.ndarray]]) -> tuple[Estimate, list[Detected]]:
        """What pictures of one and the same arrangement tell together: of each thing the pose that is known best.

        Two pictures that claim poses of a thing further apart than both allow leave it unknown (`pictures_differ`).

        Raises:
            EpisodeError: a picture is of another size than the camera.
        """
        found, seen = [], []
        for name, picture in pictures:
            width, height = self.camera.size
            if picture.shape[:2] != (height, width):
                turned = picture.shape[:2] == (width, height)
                raise EpisodeError(
                    f"is {picture.shape[1]}x{picture.shape[0]}, the camera {width}x{height}. "
                    + ("Give the picture as the camera took it: it was turned." if turned else WRONG_SIZE),
                    file=name,
                )
            detected = detect(picture, self.camera, set(self.markers.by_id()))
            seen.append(detected)
            found.append(estimate(detected.seen, self.markers, self.carriers, self.camera))
        return _best(found), seen


def _best(found: Sequence[Estimate]) -> Estimate:
    if len(found) == 1:
        return found[0]
    placed: dict[str, LocatedPose] = {}
    unknown: dict[str, str] = {}
    unsure: dict[str, tuple[float, float]] = {}
    for word in dict.fromkeys(w for one in found for w in (*one.placed, *one.unknown)):
        claims = [one.placed[word] for one in found if word in one.placed]
        if not claims:
            reasons = [one.unknown[word] for one in found]
            unknown[word] = next((r for r in FIRST_REASONS if r in reasons), reasons[0])
            if unknown[word] == "unsure":
                unsure[word] = min(one.unsure[word] for one in found if word in one.unsure)
            continue
        best = min(claims, key=lambda one: one.position)
        apart = [np.abs(difference(best.pose, one.pose)) for one in claims]
        if any(
            np.linalg.norm(by[:3]) > best.position + one.position or np.linalg.norm(by[3:]) > best.angle + one.angle
            for by, one in zip(apart, claims)
        ):
            unknown[word] = "pictures_differ"
        else:
            placed[word] = best
    rough = {
        word: min((one.rough[word] for one in found if word in one.rough), key=lambda one: one.position) for word in unsure
    }
    left_out = tuple(sorted({n for one in found for n in one.left_out}))
    size = next((one.size for one in found if one.size is not None), None)
    return Estimate(placed, unknown, found[0].camera, unsure, left_out, rough, size)


def first_picture(recording: Recording, camera: str) -> tuple[str, np.ndarray]:
    """Name and (h, w, 3) uint8 of the first picture that a camera of a recording took.

    Args:
        camera: as the recording calls it, or the last part of that (`head` for `observation.images.head`).

    Raises:
        EpisodeError: it has none of that camera, or it cannot be decoded.
    """
    names = [name for name in recording.pictures if name == camera or name.rpartition(".")[2] == camera]
    if not names:
        known = ", ".join(recording.pictures) or "none"
        raise EpisodeError(
            f"has no pictures of the camera {camera!r}. It has {known}.", file=recording.source, field="images"
        )
    pictures = recording.pictures[names[0]]
    where = f"{recording.source} ({names[0]})"
    if isinstance(pictures, PictureFile):
        return where, _of_video(pictures)
    from ..formats.rosbag.bag_pictures import frames, stamps

    return where, next(frames(pictures, stamps(pictures)[:1]))


def _of_video(pictures: PictureFile) -> np.ndarray:
    import imageio_ffmpeg

    seek = ["-ss", f"{pictures.start_s:.6f}"] if pictures.start_s > 0 else []
    try:
        reader = imageio_ffmpeg.read_frames(str(pictures.path), pix_fmt="rgb24", input_params=seek)
        try:
            width, height = next(reader)["size"]
            return np.frombuffer(next(reader), np.uint8).reshape(height, width, 3)
        finally:
            reader.close()
    except (OSError, RuntimeError, StopIteration, ValueError) as error:
        why = " ".join(str(error).split())[:120]
        raise EpisodeError(f"the video cannot be decoded ({why}).", file=pictures.path) from None


def read_pictures(paths: Iterable[Path]) -> list[tuple[str, np.ndarray]]:
    """Name and (h, w, 3) uint8 of picture files, and of all those in folders, as the sensor took them: not turned by EXIF.

    Raises:
        EpisodeError: there is none, or one is no picture.
    """
    from PIL import Image

    found = []
    for path in paths:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        endings = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
        for file in files if not path.is_dir() else [f for f in files if f.suffix.lower() in endings]:
            if not file.exists() or odd_kind(file) is not None:
                raise EpisodeError(odd_kind(file) or "there is no such file.", file=file)
            try:
                with Image.open(file) as image:
                    found.append((str(file), _of_bytes(image)))
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                raise EpisodeError(f"is no picture that can be read: {error}", file=file) from None
    if not found:
        raise EpisodeError("no picture there (.jpg, .png, .bmp, .webp).", file=", ".join(str(p) for p in paths))
    return found


def _of_bytes(image: Image.Image) -> np.ndarray:
    """(h, w, 3) uint8 of an opened picture.

    Raises:
        ValueError: its values have no known white.
    """
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would cut off at 255 instead of scaling them
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > WHITE_16:
            raise ValueError("it has more than 16 bits a pixel. Save it with 8.")
        return np.repeat((wide >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("its pixels are numbers of floating point, of which nothing says what is white. Save it with 8 bits.")
    return np.asarray(image.convert("RGB"))


def drawn(picture: np.ndarray, detected: Detected, estimate: Estimate, markers: MarkerSet) -> np.ndarray:
    """The picture with what was seen: measured markers in green with their names, refused and misfitting ones in red with the reason."""
    cv2 = opencv()
    out = picture.copy()
    known = markers.by_id()

    def outline(corners: np.ndarray, words: str, colour: tuple[int, int, int]) -> None:
        corner = np.round(corners).astype(np.int32)
        cv2.polylines(out, [corner], True, colour, 2, cv2.LINE_AA)
        at = (int(corner[:, 0].min()), int(corner[:, 1].min()) - 6)
        for thick, shade in ((4, (255, 255, 255)), (1, colour)):
            cv2.putText(out, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, shade, thick, cv2.LINE_AA)

    for one in detected.seen:
        on = known[one.id].on
        misses = one.id in estimate.left_out
        placed = estimate.placed.get(on)
        words = f"{one.id} {on}"
        if misses:
            words += ": misfit"
        elif on == CELL:
            pass
        elif placed is not None:
            words += f" +-{placed.position * 1e3:.1f} mm {np.degrees(placed.angle):.1f} deg"
        elif on in estimate.unknown:
            words += f": {estimate.unknown[on]}"
        good = not misses and (placed is not None or on == CELL)
        outline(one.outline, words, (0, 140, 0) if good else (200, 110, 0))
    for number, why in detected.refused.items():
        outline(detected.outlines[number], f"{number} {known[number].on}: {why}", (210, 0, 0))
    return out
