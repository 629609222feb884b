"""shiliu print: markers in true size, and the board by which a camera is calibrated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, printable
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.quantity import counted
from .command_request import CommandRequest
from .settings import Settings, listed, refuse_unknown_scenario

BY_HAND = "Write a marker for such a part into a .yaml of markers, and print it by `shiliu print markers markers=FILE.yaml out=FILE.pdf`."

USAGE = """
shiliu print markers scenario=NAME [variant=NAME] [cell=ID] out=FILE.pdf
             [parts=[cell,table,tray]]
shiliu print markers markers=FILE.yaml out=FILE.pdf [parts=[bowl]]
shiliu print board out=FILE.pdf
shiliu print markers -m scenario=NAME,NAME out=DIR

Markers to print. Needs pip install "shiliu[locate]".
  markers   in true size, with names, sizes and places. FILE.yaml beside the PDF says where each
            marker lies: paste it there, or correct the file. With markers=FILE.yaml: those that
            the file names, such as one that you wrote into it
  board     to hold before a camera and calibrate it (shiliu locate board=PICTURES)
Print at 100 %. The bars on each page show whether the size is right.
Exit: 0; 2 nothing could be written.
"""


def run(request: CommandRequest) -> int:
    """Write the PDF, and for markers of a scenario their places."""
    from ..formats.atomic_folder import refuse_unwritable, whole_file
    from ..locating.markers import written
    from ..locating.print_sheet import print_board, print_markers

    settings = Settings(request)
    what, out = settings["what"].word(choices=("markers", "board")), Path(settings["out"].word())
    parts = [node.word() for node in listed(settings["parts"])]
    given = settings["markers"].word(default="") or None
    robot, hand, base = settings.body()
    name = settings.chosen("scenario")
    if what == "board":
        more = [key for key, value in (("scenario", name), ("parts", parts), ("markers", given)) if value]
        if more:
            settings["what"].note(f"a board is the same for all. Leave out {', '.join(f'{key}=' for key in more)}.")
    elif name is None and given is None:
        settings["scenario"].note("Markers are those of a scenario. Write scenario=NAME.")
    elif name is not None and given is not None:
        settings["markers"].note("names its scenario itself. Leave out scenario= (and cell=), or markers=.")
    settings.stop()
    if not out.suffix:  # a folder, as -m gives one for each run
        out /= f"{what}.pdf"
    if out.suffix != ".pdf":
        raise EpisodeError("is no PDF. Write out=FILE.pdf.", file=out, field="out")
    places = out.with_suffix(".yaml")
    for file in (out, *((places,) if what == "markers" and given is None else ())):
        if file.exists():
            raise EpisodeError("is there already; nothing is overwritten. Choose another out=.", file=file, field="out")
        refuse_unwritable(file, file=True)
    if what == "board":
        with whole_file(out, new=True) as sheet:
            pages = print_board(sheet)
        print(f"{printable(out)}: {pages} page. Hold it flat: glue it to a board.")
        return 0
    from ...scenarios.catalog.catalog import scene_of
    from ...scenarios.catalog.scene_titles import part_titles
    from ..locating.proposals import proposed

    if given is not None:
        return _of_file(request, Path(given), out, parts)
    assert name is not None
    scene = scene_of(settings.composed, name, robot=robot, hand=hand, base=base)
    found, notes = proposed(scene, parts)
    if not found.markers:
        reasons = "; ".join(f"{part} {why}" for part, why in notes.items())
        raise EpisodeError(f"nothing to print: {reasons}. {BY_HAND}", field="parts")
    with whole_file(out, new=True) as sheet, whole_file(places, new=True) as sheets_places:
        pages = print_markers(sheet, found, part_titles(scene))
        sheets_places.write_text(written(found, notes), encoding="utf-8", newline="\n")
    print(f"{printable(out)}: {counted(len(found.markers), 'marker')} on {counted(pages, 'page')}")
    print(f"{printable(places)}: where each lies")
    for part, why in notes.items():
        print(f"  {part} {why}")
    if notes:
        print(f"  {BY_HAND}")
    return 0


def _of_file(request: CommandRequest, file: Path, out: Path, parts: list[str]) -> int:
    """Print the markers that a file names, of these parts or all."""
    from ...scenarios.catalog.catalog import scene_of
    from ...scenarios.catalog.scene_titles import part_titles
    from ..formats.atomic_folder import whole_file
    from ..locating.markers import read_markers
    from ..locating.places import SceneFrames
    from ..locating.print_sheet import print_markers, too_large

    found = read_markers(file)
    refuse_unknown_scenario(found.scenario, file, request.conf_dir)
    settings = Settings(replace(request, overrides=[f"scenario={found.scenario}", *request.overrides]))
    robot, hand, base = settings.body()
    scene = scene_of(settings.composed, found.scenario, robot=robot, hand=hand, base=base)
    frames, on = SceneFrames(scene).words, {marker.on for marker in found.markers}
    problems = [f"{scene.name} has no part or site {word!r}.{nearest(word, list(frames))}" for word in sorted(on - {*frames})]
    problems += [f"{part!r} has no marker in this file." for part in parts if part not in {m.part for m in found.markers}]
    wanted = [marker for marker in found.markers if not parts or marker.part in parts]
    problems += [f"marker {one.id} is {one.size * 1e3:g} mm; {why}" for one in wanted if (why := too_large(one))]
    if not found.markers:
        problems.append(f"names no marker. {BY_HAND}")
    if problems:
        raise EpisodeError(" ".join(problems), file=file, field="markers")
    with whole_file(out, new=True) as sheet:
        pages = print_markers(sheet, replace(found, markers=tuple(wanted)), part_titles(scene))
    print(f"{printable(out)}: {counted(len(wanted), 'marker')} on {counted(pages, 'page')}, as {printable(file)} has them")
    return 0
