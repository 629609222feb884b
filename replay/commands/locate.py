"""shiliu locate: poses by printed markers, a cell's survey, and a camera's calibration."""

from __future__ import annotations

import datetime
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import EpisodeError, printable
from ...scenarios.sheet.quantity import counted
from ..formats.atomic_folder import refuse_unwritable, whole_file, write_whole
from .command_request import CommandRequest
from .settings import Settings, listed, refuse_unknown_scenario

if TYPE_CHECKING:
    from ..locating.estimation import Estimate
    from ..locating.locating import Locator

USAGE = """
shiliu locate board=PICTURES out=CAMERA.yaml
shiliu locate data=SET markers=FILE.yaml camera=CAMERA.yaml [images=head] [cell=ID] [drawn=DIR]
shiliu locate picture=PICTURES markers=FILE.yaml camera=CAMERA.yaml [out=POSES.json] [cell=ID]
              [drawn=DIR]
shiliu locate picture=PICTURES markers=FILE.yaml camera=CAMERA.yaml survey=true centre=NAME
              by=WHO out=CELL.yaml

Where do things stand, by the printed markers in pictures?
  1. The first command calibrates a camera from pictures of the printed board.
  2. The second locates the things in the first picture of every recording. It writes their
     poses into located.json in the set or folder, which `shiliu replay` reads. No recording is
     changed.
  3. The third does the same for pictures of one arrangement.
  4. The fourth writes where the fixtures stand as a cell.
A pose is reported if it is known to 5 mm and 2 deg. Otherwise the reason is printed. Needs pip
install "shiliu[locate]".
Exit: 0; 3 a pose could not be reported; 2 nothing could be located.
"""
WHY = {
    "no_anchor": "no marker in the picture stands where it is known: show the cell's own, or give the cell that was surveyed",
    "not_seen": "its marker is not seen",
    "unsure": "known only to {} mm and {} deg",
    "misfit": "its marker is not where the others have it: pasted elsewhere, or bent",
    "raised": "it stands higher or lower than the scenario lays it",
    "contradict": "the markers that stand where it is known contradict each other: one was pasted elsewhere, or the camera is another",
    "scaled": "the markers in the picture have {} % of the size that the file says: print them at 100 %, "
    "correct `size`, or give the camera that took the picture",
    "pictures_differ": "the pictures contradict each other",
    "hidden": "something hides a part of its marker",
    "glare": "a highlight lies on its marker",
    "small": "its marker is too small in the picture",
    "faint": "its marker is too dark or too pale",
    "twice": "its marker is seen twice",
}


def run(request: CommandRequest) -> int:
    """Calibrate, or locate."""
    from ..locating.opencv import opencv

    opencv()  # a missing package is reported before anything is read
    settings = Settings(request)
    keys = ("board", "data", "picture", "markers", "camera", "out", "drawn", "centre", "by", "mapping")
    given: dict[str, Any] = {key: settings[key].word(default="") or None for key in keys if key not in ("board", "picture")}
    given |= {key: [Path(node.word()) for node in listed(settings[key])] for key in ("board", "picture")}
    images, survey = settings["images"].word(), settings["survey"].flag()
    robot, hand, base = settings.body()
    chosen = [key for key in ("board", "data", "picture") if given[key]]
    if len(chosen) != 1:
        settings["data"].note(
            f"one of data=, picture= and board= says what to look at; given are {', '.join(chosen) or 'none'}."
        )
    elif chosen != ["board"]:
        for key in ("markers", "camera", *(("centre", "by", "out") if survey else ())):
            if given[key] is None:
                settings[key].note(f"is needed with {chosen[0]}=.")
    elif given["out"] is None:
        settings["out"].note("says where the camera is written, such as out=camera.yaml.")
    if survey and chosen != ["picture"]:
        settings["survey"].note("a cell is surveyed from picture=.")
    settings.stop()
    for key in ("out", "drawn"):
        if given[key] is not None and Path(given[key]).exists():
            raise EpisodeError("is there already; nothing is overwritten.", file=given[key], field=key)
        if given[key] is not None:
            refuse_unwritable(Path(given[key]), file=key == "out")
    if chosen == ["board"]:
        return _calibrate(given)
    from ...scenarios.catalog.catalog import scene_of
    from ..locating.calibrated_camera import read_camera
    from ..locating.locating import Locator
    from ..locating.markers import read_markers

    markers = read_markers(Path(given["markers"]))
    if settings.chosen("scenario") is None:
        refuse_unknown_scenario(markers.scenario, Path(given["markers"]), request.conf_dir)
        from dataclasses import replace

        settings = Settings(replace(request, overrides=[f"scenario={markers.scenario}", *request.overrides]))
    name = settings.chosen("scenario")
    assert name is not None
    scene = scene_of(settings.composed, name, robot=robot, hand=hand, base=base)
    locator = Locator(scene, markers, read_camera(Path(given["camera"])), survey)
    if chosen == ["data"]:
        return _of_data(locator, given, images)
    return _of_pictures(locator, given, survey)


def _calibrate(given: dict[str, Any]) -> int:
    from ..locating.calibrated_camera import calibrated, written
    from ..locating.locating import read_pictures

    camera, note = calibrated(read_pictures(given["board"]))
    write_whole(Path(given["out"]), written(camera, note), new=True)
    print(f"{printable(given['out'])}: {note}; f to {camera.within[0]:.1f} px, middle to {camera.within[1]:.1f} px")
    return 0


def _of_pictures(locator: Locator, given: dict[str, Any], survey: bool) -> int:
    from ..locating.locating import read_pictures
    from ..locating.survey import cell_text, surveyed

    pictures = read_pictures(given["picture"])
    found, seen = locator.of(pictures)
    refused = {number: why for one in seen for number, why in one.refused.items()}
    poses, unknown = _listing(locator, found, refused, survey)
    _draw(given["drawn"], locator, pictures, seen, found)
    if not poses and not survey:
        raise EpisodeError(f"Nothing could be located. {'. '.join(f'{k}: {v}' for k, v in unknown.items())}.")
    out = given["out"]
    if survey:
        values, notes = surveyed(locator.scene, {**found.rough, **found.placed})
        if not values:
            raise EpisodeError(
                f"Nothing could be surveyed. {'. '.join(f'{k}: {v}' for k, v in (unknown | notes).items())}"
            )
        date = datetime.date.today().isoformat()
        text = cell_text(locator.scene.config.id, values, given["centre"], given["by"], date, {**unknown, **notes})
        write_whole(Path(out), text, new=True)
        print(f"{printable(out)}: {', '.join(values)}. Put it into conf/cell/ of your folder; its name is the cell's id.")
    elif out:
        content = {"scenario": locator.scene.config.id, "poses": poses, "unknown": unknown}
        write_whole(Path(out), json.dumps(content, ensure_ascii=False, indent=1) + "\n", new=True)
    return 3 if unknown else 0


def _of_data(locator: Locator, given: dict[str, Any], images: str) -> int:
    from ..formats import read
    from ..locating.locating import first_picture
    from ..recording.located import FILE, located_text, row_of
    from ..recording.recording import Unreadable

    data = Path(given["data"])
    folder = data if data.is_dir() else data.parent
    if (folder / FILE).is_file():
        raise EpisodeError(
            "poses were located here before. Remove the file to locate them anew.", file=folder / FILE, field="data"
        )
    refuse_unwritable(folder / FILE, file=True, within_set=True)
    rows: dict[str, Any] = {}
    first: EpisodeError | None = None
    whole, names = True, set[str]()
    for item in read(data, given["mapping"]):
        try:
            if isinstance(item, Unreadable):
                raise item.error
            if item.name in names:
                raise EpisodeError(
                    "another recording here has the same name. Locate each folder by itself.", file=item.source
                )
            names.add(item.name)
            pictures = [first_picture(item, images)]
            found, seen = locator.of(pictures)
        except EpisodeError as error:
            first, whole = first or error, False
            print(f"shiliu: {item.source} is left out: {error}", file=sys.stderr)
            continue
        print(f"  {item.source}")
        poses, unknown = _listing(locator, found, seen[0].refused, False)
        _draw(given["drawn"], locator, pictures, seen, found)
        whole &= not unknown
        at = {thing: [*found.placed[thing].pose.pos, *found.placed[thing].pose.quat] for thing in poses}
        within = {thing: (found.placed[thing].position, found.placed[thing].angle) for thing in poses}
        rows[item.name] = row_of(item.sha256, images, at, within, unknown)
    located = sum(len(row["within"]) for row in rows.values())
    if not located:
        raise EpisodeError(f"Nothing could be located. {first or 'See the lines above.'}", file=data)
    path = folder / FILE
    made = {"scenario": locator.scene.config.id, "pasted_within": list(locator.markers.pasted)}
    write_whole(path, located_text(rows, made))
    print(f"{printable(path)}: {counted(located, 'pose')} of {counted(len(rows), 'recording')}; shiliu replay reads them")
    return 0 if whole else 3


def _listing(
    locator: Locator, found: Estimate, refused: dict[int, str], survey: bool
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Poses and reasons, by thing (by the fixtures' words in a survey); each is printed."""
    known = locator.markers.by_id()
    poses: dict[str, dict[str, Any]] = {}
    unknown: dict[str, str] = {}
    for word in dict.fromkeys(one.on for one in locator.markers.markers):
        if word == "cell" or (word not in found.placed and word not in found.unknown) or (word in locator.things) == survey:
            continue
        placed = found.placed.get(word)
        if placed is not None:
            x, y, z = (float(v) for v in placed.pose.pos)
            quat = [round(float(v), 6) for v in placed.pose.quat]
            m, deg = placed.position, math.degrees(placed.angle)
            yaw = math.degrees(math.atan2(placed.pose.matrix[1, 0], placed.pose.matrix[0, 0]))
            poses[word] = {"at": [x, y, z], "quat": quat, "within": {"position": m, "angle": placed.angle}}
            print(
                f"    {word:<16} x {x * 1e3:7.1f}  y {y * 1e3:7.1f}  z {z * 1e3:7.1f} mm  yaw {yaw:6.1f} deg"
                f"  within {m * 1e3:.1f} mm, {deg:.1f} deg"
            )
            continue
        why = found.unknown[word]
        own = [refused[n] for n, marker in known.items() if marker.on == word and n in refused]
        if why == "not_seen" and own:
            why = own[0]
        words = WHY[why]
        if why == "unsure":
            m, rad = found.unsure[word]
            words = words.format(f"{m * 1e3:.1f}", f"{math.degrees(rad):.1f}")
        elif why == "scaled" and found.size is not None:
            words = words.format(f"{100 * found.size:.0f}")
        unknown[word] = words
        print(f"    {word:<16} not known: {words}")
    return poses, unknown


def _draw(folder: str | None, locator: Locator, pictures: Any, seen: Any, found: Estimate) -> None:
    if folder is None:
        return
    import imageio.v3 as iio

    from ..locating.locating import drawn

    for (name, picture), detected in zip(pictures, seen):
        stem = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in Path(name).stem or "picture")
        taken = len(list(Path(folder).glob("*.png")))
        with whole_file(Path(folder) / f"{taken:04d}_{stem}.png") as part:
            part.write_bytes(iio.imwrite("<bytes>", drawn(picture, detected, found, locator.markers), extension=".png"))
