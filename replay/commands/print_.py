"""shiliu print: markers in true size, and the board by which a camera is calibrated."""

from __future__ import annotations

from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, printable
from ...scenarios.sheet.quantity import counted
from .command_request import CommandRequest
from .settings import Settings, listed

USAGE = """
shiliu print markers scenario=NAME [variant=NAME] [cell=ID] out=FILE.pdf
             [parts=[cell,table,tray]]
shiliu print board out=FILE.pdf
shiliu print markers -m scenario=NAME,NAME out=DIR

Markers to print. Needs pip install "shiliu[locate]".
  markers   in true size, with names, sizes and places. FILE.yaml beside the PDF says where each
            marker lies: paste it there, or correct the file
  board     to hold before a camera and calibrate it (shiliu locate board=PICTURES)
Print at 100 %. The bars on each page show whether the size is right.
Exit: 0; 2 nothing could be written.
"""


def run(request: CommandRequest) -> int:
    """Write the PDF, and for markers their places."""
    from ..formats.atomic_folder import refuse_unwritable, whole_file
    from ..locating import markers as marker_file
    from ..locating.print_sheet import print_board, print_markers

    settings = Settings(request)
    what, out = settings["what"].word(choices=("markers", "board")), Path(settings["out"].word())
    parts = [node.word() for node in listed(settings["parts"])]
    robot, hand, base = settings.body()
    settings.stop()
    if not out.suffix:  # a folder, as -m gives one for each run
        out /= f"{what}.pdf"
    if out.suffix != ".pdf":
        raise EpisodeError("is no PDF. Write out=FILE.pdf.", file=out, field="out")
    places = out.with_suffix(".yaml")
    for file in (out, *((places,) if what == "markers" else ())):
        if file.exists():
            raise EpisodeError("is there already; nothing is overwritten. Choose another out=.", file=file, field="out")
        refuse_unwritable(file, file=True)
    if what == "board":
        with whole_file(out, new=True) as sheet:
            pages = print_board(sheet)
        print(f"{printable(out)}: {pages} page. Hold it flat: glue it to a board.")
        return 0
    name = settings.chosen("scenario")
    if name is None:
        raise EpisodeError("Markers are those of a scenario. Write scenario=NAME.", field="scenario")
    from ...scenarios.catalog.catalog import scene_of
    from ...scenarios.catalog.scene_titles import part_titles
    from ..locating.proposals import proposed

    scene = scene_of(settings.composed, name, robot=robot, hand=hand, base=base)
    found, notes = proposed(scene, parts)
    with whole_file(out, new=True) as sheet, whole_file(places, new=True) as sheets_places:
        pages = print_markers(sheet, found, part_titles(scene))
        sheets_places.write_text(marker_file.written(found, notes), encoding="utf-8", newline="\n")
    print(f"{printable(out)}: {counted(len(found.markers), 'marker')} on {counted(pages, 'page')}")
    print(f"{printable(places)}: where each lies")
    for part, why in notes.items():
        print(f"  {part} {why}")
    return 0
