"""What people do with printed sheets: print them in another size, paste two of them elsewhere, lay something under a thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.locating.estimation import ANGLE, POSITION, Estimate, estimate
from shiliu.replay.locating.markers import MarkerSet
from shiliu.replay.locating.places import difference
from shiliu.replay.locating.survey import Surveyed, cell_text
from shiliu.scenarios.parts.pose import Pose
from shiliu.scenarios.sheet.errors import EpisodeError

pytest.importorskip("cv2")
from marked_bench import MARKERS, SIZE, THINGS, bench, lens_of, pasted, seen_from, true_poses
from rendered import Lens, looking, sketch
from shiliu.replay.locating.calibrated_camera import CalibratedCamera
from shiliu.replay.locating.detection import detect
from shiliu.replay.locating.locating import read_pictures

CAMERA = CalibratedCamera(SIZE, (540.0, 540.0, 320.0, 240.0), (-0.1, 0.02, 0, 0, 0), (0.4, 0.4))
VIEW = looking(np.array([-0.15, 0.1, 1.6]), np.array([0.45, 0.0, 0.8]))


def found(seed: int, printed: float = 1.0, markers: MarkerSet = MARKERS, lifted: float = 0.0) -> Estimate:
    """What is found where sheets are printed at `printed`, `markers` is what their file says, and a tray stands `lifted` m higher."""
    rng = np.random.default_rng(seed)
    true = true_poses(rng)
    true["tray"] = Pose.of((0.0, 0.0, lifted)) @ true["tray"]
    placed = [(replace(marker, size=marker.size * printed), pose) for marker, pose in pasted(true, rng)]
    picture = sketch(placed, VIEW, Lens(CAMERA, blur=0.4), rng)
    return estimate(detect(picture, CAMERA, set(MARKERS.by_id())).seen, markers, bench(), CAMERA)


@pytest.mark.parametrize("printed", [0.94, 1.04])
def test_sheets_printed_in_another_size_are_named_with_it_and_nothing_is_claimed(printed):
    one = found(4, printed)
    assert not one.placed and set(one.unknown.values()) == {"scaled"}
    assert one.size == pytest.approx(printed, abs=0.004)


def test_sheets_as_printers_print_them_are_used():
    one = found(4, 1.002)
    assert one.size is None and set(THINGS) <= set(one.placed)


def elsewhere(numbers: tuple[int, ...]) -> MarkerSet:
    """What a file says of markers that were pasted 30 mm and more from there, each in its own way."""
    by = {number: 0.03 + 0.01 * k for k, number in enumerate(numbers)}
    return MarkerSet(
        "bench", tuple(replace(m, at=(m.at[0] + by.get(m.id, 0.0), *m.at[1:])) for m in MARKERS.markers)
    )


def test_of_markers_that_are_outvoted_by_none_nothing_is_claimed():
    one = found(4, markers=elsewhere((3, 4)))
    assert not one.placed and set(one.unknown.values()) == {"contradict"}
    single = found(4, markers=elsewhere((4,)))  # three others agree
    assert single.left_out == (4,) and set(THINGS) <= set(single.placed)


@pytest.mark.parametrize(("lifted", "claimed"), [(0.015, False), (0.0, True)])
def test_a_thing_on_something_else_is_not_claimed_on_a_surveyed_table_either(lifted, claimed):
    one = found(4, lifted=lifted)
    assert ("tray" in one.placed) is claimed and {"bowl", "box"} <= set(one.placed)
    assert claimed or one.unknown["tray"] == "raised"


def wrong_claims(seeds: range, printed: float = 1.0, lifted: float = 0.0) -> tuple[int, int]:
    """Claims, and how many of them are off by more than a claim may be, through lenses, blur, glare and covers of all kinds."""
    claims = wrong = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        true = true_poses(rng)
        true["tray"] = Pose.of((0.0, 0.0, lifted)) @ true["tray"]
        lens, camera = lens_of(rng, seed % 5)
        placed = [(replace(marker, size=marker.size * printed), pose) for marker, pose in pasted(true, rng)]
        seen = detect(sketch(placed, seen_from(rng), lens, rng), camera, set(MARKERS.by_id())).seen
        for thing, one in estimate(seen, MARKERS, bench(), camera).placed.items():
            off = difference(true[thing], one.pose)
            claims += thing in THINGS
            wrong += bool(np.linalg.norm(off[:3]) > POSITION or np.linalg.norm(off[3:]) > ANGLE)
    return claims, wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    ("printed", "lifted", "least", "most"), [(1.0, 0.0, 40, 400), (0.94, 0.0, 0, 0), (1.04, 0.0, 0, 0), (1.0, 0.015, 20, 400)]
)
def test_over_many_pictures_nothing_wrong_is_claimed(printed, lifted, least, most):
    claims, wrong = wrong_claims(range(5000, 5060), printed, lifted)
    assert wrong == 0 and least <= claims <= most


def test_pictures_of_16_bits_are_scaled_and_of_more_refused(tmp_path):
    from PIL import Image

    grey = np.linspace(0, 255, 64).astype(np.uint8).reshape(8, 8)
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(grey).save(tmp_path / "plain.png")
    deep, plain = (picture for _, picture in read_pictures([tmp_path / "deep.png", tmp_path / "plain.png"]))
    assert deep.shape == (8, 8, 3) and (deep == plain).all()
    for values in (grey.astype(np.int32) * 70000, grey.astype(np.float32)):
        Image.fromarray(values).save(tmp_path / "odd.tiff")
        with pytest.raises(EpisodeError, match=r"odd\.tiff.*(more than 16 bits|floating point)"):
            read_pictures([tmp_path / "odd.tiff"])


@pytest.mark.parametrize("words", ["Beijing", "P-0417", "a: b", "x, y: {", "0417", "12", "no", "# none", '"', "北京 五号", "it's"])
def test_a_surveyed_cell_is_read_back_whatever_the_centre_is_called(words):
    import yaml

    text = cell_text("table_setting", {"table.height": Surveyed(0.87, 0.002, False)}, words, words, "2026-11-02", {})
    cell = yaml.safe_load(text)
    assert cell["centre"] == words and cell["surveyed"]["by"] == words
    assert (f"centre: {words}\n" in text) is (words in ("Beijing", "P-0417", "北京 五号", "it's"))
