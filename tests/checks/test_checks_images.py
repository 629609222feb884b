"""Cameras that see nothing, show one picture, or show it too late; and how much of a long video is looked at."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.images import (
    BY_CHANCE,
    Joints,
    _by_chance,
    check_black,
    check_frozen_picture,
    check_images,
    check_late,
    joints_of,
)
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import picture_samples as looking
from shiliu.replay.formats import read
from shiliu.replay.formats.picture_samples import picture_samples_of, windows
from shiliu.replay.formats.video import encode
from shiliu.replay.recording.pictures import PictureSamples
from shiliu.replay.recording.recording import PictureFile, Recording, Stream
from shiliu.replay.report import Words

RULES = load_rules()
RATE = 30.0
T = np.arange(0, 20, 1 / RATE)


def angle(t):
    """(n,) one joint that moves, rests and moves again, never the same way twice [rad]."""
    return 0.8 * np.sin(0.9 * t) * np.sin(0.23 * t + 0.4)


def scene(t, height=24, width=32):
    """(n, h, w) a bright hand before a grey wall, where the joint's angle puts it."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    at = 0.5 + 0.5 * angle(np.asarray(t))[:, None, None]
    hand = np.exp(-(((x - at) / 0.08) ** 2 + ((y - 0.5) / 0.2) ** 2))
    return np.round(60 + 30 * y + 150 * hand).astype(np.uint8)


def seen(cells, **extra):
    n = len(cells)
    known = {"t": T[:n], "stretch": np.zeros(n, int), "total": n, "expected": n, "rate": RATE} | extra
    return PictureSamples("head", cells=cells, **known)


JOINTS = Joints(T, np.stack([angle(T), 0 * T], axis=1), delay=0.004)


def late(samples, kind):
    """The finding of one witness, or None where it did not speak."""
    return next((f for f in check_late(samples, JOINTS, RULES) if f.details.get("kind") == kind), None)


def test_a_camera_that_sees_and_moves_with_the_robot_passes():
    one = seen(scene(T))
    assert check_black(one, RULES).level == "PASS" and check_frozen_picture(one, JOINTS, RULES).level == "PASS"
    assert {f.level for f in check_late(one, JOINTS, RULES)} == {"PASS"}


@pytest.mark.parametrize(("pictures", "level"), [(1, "PASS"), (12, "WARN"), (60, "FAIL")])
def test_black_pictures_are_told_by_how_long(pictures, level):
    cells = scene(T)
    cells[90 : 90 + pictures] = 3
    found = check_black(seen(cells), RULES)
    assert found.level == level and found.details["count"] == pictures and found.details["kind"] == "black"
    assert found.value == pytest.approx(pictures / RATE) and found.t0 == pytest.approx(3.0)


def test_one_even_colour_is_no_picture():
    found = check_black(seen(np.full((600, 24, 32), 128, np.uint8)), RULES)
    assert found.level == "FAIL" and found.details["kind"] == "blank" and found.share == 1.0


@pytest.mark.parametrize(("pictures", "level"), [(6, "PASS"), (24, "WARN"), (75, "FAIL")])
def test_a_picture_that_stands_while_the_robot_moves_is_frozen(pictures, level):
    cells = scene(T)
    cells[210 : 210 + pictures] = cells[210]
    found = check_frozen_picture(seen(cells), JOINTS, RULES)
    assert found.level == level
    if level != "PASS":
        assert found.value == pytest.approx(pictures / RATE, abs=1.5 / RATE) and found.t0 == pytest.approx(
            7.0, abs=0.05
        )


@pytest.mark.parametrize(("pictures", "level"), [(0, "PASS"), (6, "PASS"), (75, "FAIL")])
def test_a_picture_that_stands_is_frozen_where_an_encoder_writes_every_second_one_otherwise(pictures, level):
    cells = scene(T)
    cells[210 : 210 + pictures] = cells[210]
    cells = np.clip(cells.astype(int), 10, 240)
    cells[1::2] += np.random.default_rng(2).integers(-5, 6, cells.shape[1:])
    found = check_frozen_picture(seen(cells.astype(np.uint8)), JOINTS, RULES)
    assert found.level in (level, "WARN" if pictures > 12 else level)
    if level != "PASS":
        assert found.value == pytest.approx(pictures / RATE, abs=3.0 / RATE) and found.t0 == pytest.approx(7.0, abs=0.1)


def test_a_camera_that_never_comes_back_may_look_where_nothing_moves():
    cells = scene(T)
    cells[200:] = cells[200]
    found = check_frozen_picture(seen(cells), JOINTS, RULES)
    assert found.level == "WARN" and found.details["kind"] == "unsure" and found.details["leap"] == 0.0
    assert "where nothing moves" in Words("en").message(found)


def test_a_picture_that_stands_while_the_robot_rests_is_no_fault():
    still = Joints(T, np.zeros((len(T), 1)))
    assert check_frozen_picture(seen(np.repeat(scene(T[:1]), len(T), 0)), still, RULES).level == "PASS"


def test_a_camera_that_looks_where_nothing_moves_only_warns():
    """The hand leaves the view and comes back in its own time: the picture stands, and does not leap."""
    cells = scene(T)
    cells[150:270] = cells[150]
    ramp = np.linspace(0, 1, 120)[:, None, None]
    cells[270:390] = (cells[150] * (1 - ramp) + cells[390] * ramp).astype(np.uint8)
    found = check_frozen_picture(seen(cells), JOINTS, RULES)
    assert found.level == "WARN" and found.details["kind"] == "unsure" and found.details["leap"] < 1


@pytest.mark.parametrize(("delay", "level"), [(0.1, "PASS"), (0.5, "WARN"), (1.0, "FAIL"), (-1.0, "FAIL")])
def test_what_a_late_camera_shows_tells_its_delay(delay, level):
    found = late(seen(scene(T - delay)), "content")
    assert found.level == level
    if level != "PASS":
        assert found.details["late"] == pytest.approx(delay, abs=0.07)


@pytest.mark.parametrize("delay", [0.0, 0.9])
def test_a_swing_that_changes_no_more_than_a_slow_move_hides_no_delay(delay):
    """An arm that is swung ten times as fast changes no ten times as much: its old place and its new one, no more."""
    speed = np.abs(np.sin(0.9 * T) * np.sin(0.23 * T + 0.4)) * np.where((T > 9) & (T < 10.5), 12.0, 1.0)
    joints = Joints(T, np.cumsum(speed)[:, None] / RATE)
    change = np.minimum(np.interp(T - delay, T, speed), 1.0)
    cells = np.zeros((len(T), 24, 32), np.uint8)
    level = np.cumsum(40 * change) % 200  # the mean change of a picture is what is wanted
    cells[:] = np.round(np.abs(level - 100))[:, None, None].astype(np.uint8)
    (found,) = [f for f in check_late(seen(cells), joints, RULES) if f.details.get("kind") == "content"]
    assert (found.level, found.details["late"]) == ("FAIL" if delay else "PASS", pytest.approx(delay, abs=0.1))


def test_what_was_not_looked_at_is_neither_a_standing_picture_nor_a_leap():
    """Two looks of two seconds at one view, and a third at another: what came between is not known."""
    at = np.concatenate([np.arange(60), np.arange(200, 260), np.arange(400, 460)])
    cells = np.concatenate([np.repeat(scene(T[:1]), 120, 0), np.repeat(scene(T[400:401]), 60, 0)])
    still = Joints(T, np.where((T > 3) & (T < 6), 0.5, 0.0)[:, None])
    stretch = np.repeat([0, 1, 2], 60)
    assert check_frozen_picture(seen(cells, t=T[at], stretch=stretch, total=600), still, RULES).level == "PASS"
    moving = check_frozen_picture(seen(cells, t=T[at], stretch=stretch, total=600), JOINTS, RULES)
    assert moving.level == "WARN" and moving.value <= 2.01 and moving.details["leap"] == 0.0


def test_one_burst_of_change_says_nothing_of_the_clock():
    """A joint moves twice; what the camera sees is a person who walks by once, a second and a half after the second."""
    burst = [np.clip((T - at) / 1.0, 0, 1) for at in (5.0, 12.0)]
    joints = Joints(T, (burst[0] + burst[1])[:, None])
    cells = np.full((len(T), 24, 32), 80, np.uint8) + np.arange(32, dtype=np.uint8)
    walk = np.clip((T - 13.5) / 1.0, 0, 1)
    for k in np.flatnonzero((walk > 0) & (walk < 1)):
        cells[k, 4:20, int(28 * walk[k]) : int(28 * walk[k]) + 3] = 200
    assert not any(f.failed for f in check_late(seen(cells), joints, RULES))


def test_a_camera_on_another_clock_is_told_by_its_stamps():
    found = late(seen(scene(T), times=T, delay=1.304), "stamps")
    assert found.level == "FAIL" and found.value == pytest.approx(1.3)
    assert late(seen(scene(T), times=T, delay=0.06), "stamps").level == "PASS"


def test_a_video_with_too_few_pictures_fails_by_what_is_missing():
    found = late(seen(scene(T), expected=660), "count")
    assert found.level == "FAIL" and found.value == pytest.approx(2.0) and found.details["short"] == 60
    assert "600 pictures for 660 rows" in Words("en").message(found)


def strokes(seed: int, t: np.ndarray) -> np.ndarray:
    """(n,) a joint that goes and rests, as a person leads an arm: a stroke every two seconds or so [rad]."""
    rng = np.random.default_rng(seed)
    begins = np.cumsum(rng.uniform(1.6, 2.4, 20)) - 2.0
    ways = rng.uniform(0.3, 1.0, 20) * np.where(np.arange(20) % 2, 1.0, -1.0)
    x = np.clip((t[:, None] - begins) / 1.4, 0.0, 1.0)
    return 0.5 + (ways * x * x * (3.0 - 2.0 * x)).sum(axis=1) * 0.4


def shown(at: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0:1:24j, 0:1:32j]
    hand = np.exp(-(((x - np.clip(at, 0.05, 0.95)[:, None, None]) / 0.08) ** 2 + ((y - 0.5) / 0.2) ** 2))
    return np.round(60 + 30 * y + 150 * hand).astype(np.uint8)


def test_what_moves_by_itself_before_a_camera_is_no_late_picture():
    """Somebody else works there in strokes as long: some delay always fits a few of them."""
    refused = []
    for delay, other in ((1.0, 0), (0.0, 50)):
        found = 0
        for seed in range(12):
            joints = Joints(T, np.stack([strokes(seed, T), 0 * T], axis=1))
            known = check_late(seen(shown(strokes(seed + other, T - delay))), joints, RULES)
            found += any(f.failed for f in known if f.details.get("kind") == "content")
        refused.append(found)
    assert refused[0] >= 10 and refused[1] <= 1, refused


def wandering(seed: int, t: np.ndarray) -> np.ndarray:
    """(n,) a joint that goes to and fro and never the same way twice [rad]."""
    rng = np.random.default_rng(seed)
    at = np.stack([t, np.ones(len(t))]).T @ np.stack([rng.uniform(0.2, 2.5, 12), rng.uniform(0.0, 6.3, 12)])
    return 0.5 + 0.07 * (rng.normal(size=12) * np.sin(at)).sum(axis=1)


@pytest.mark.parametrize("seconds", [10.0, 20.0])
def test_a_short_take_is_late_only_where_chance_does_not_explain_it(seconds):
    """Somebody else moves there, or something circles: no take is refused for it. The arm's own motion shows its delay."""
    t, refused = T[seconds > T], [0, 0, 0]
    for seed in range(10):
        joints = Joints(t, np.stack([wandering(seed, t), 0 * t], axis=1))
        own, other = wandering(seed, t - 1.0), wandering(seed + 50, t)
        circling = 0.5 + 0.35 * np.sin(2.0 * np.pi * t / (1.5 + 0.3 * seed) + seed)
        for k, at in enumerate((own, other, circling)):
            known = check_late(seen(shown(at), t=t), joints, RULES)
            refused[k] += any(f.failed for f in known if f.details.get("kind") == "content")
    assert refused[0] >= 8 and refused[1:] == [0, 0], refused


@pytest.mark.parametrize(("delay", "level"), [(0.25, "PASS"), (1.0, "FAIL")])
def test_what_goes_to_and_fro_evenly_is_as_late_as_its_shortest_delay(delay, level):
    """At a period of 1.5 s a quarter of a second looks like a delay of half a period more or less; at 5 s a second is a second."""
    t = np.arange(0, 40, 1 / RATE)
    period = 1.5 if level == "PASS" else 5.0
    at = [0.5 + 0.35 * np.sin(2.0 * np.pi * (t - late) / period + 0.3) for late in (0.0, delay)]
    known = check_late(seen(shown(at[1]), t=t), Joints(t, np.stack([at[0], 0 * t], axis=1)), RULES)
    (found,) = [f for f in known if f.details.get("kind") == "content"]
    assert found.level == level and (level == "PASS" or found.details["late"] == pytest.approx(delay, abs=0.1))


def test_the_chance_of_a_likeness_counts_numbers_that_tell_their_neighbours():
    """Of 300 numbers that are each the mean of many beside it, few know nothing of each other; two takes are so alike by chance."""
    rng = np.random.default_rng(0)
    rough, smooth = (rng.normal(size=(2, 300 + n)) for n in (0, 45))
    smooth = np.stack([np.convolve(x, np.ones(46) / 46, "valid") for x in smooth])
    chance = [_by_chance(0.7, *x, np.zeros(300, int), 1.0, 1 / RATE, 2.0) for x in (rough, smooth)]
    assert chance[0] < 1e-6 < BY_CHANCE < chance[1]
    assert _by_chance(0.99, *smooth, np.zeros(300, int), 1.0, 1 / RATE, 2.0) < BY_CHANCE


def test_a_topic_that_begins_late_only_warns():
    found = late(seen(scene(T)[60:], t=T[60:], times=T[60:]), "begin")
    assert found.level == "WARN" and found.value == pytest.approx(2.0)


def test_every_other_picture_repeated_is_half_the_rate():
    found = late(seen(scene(T[::2].repeat(2))), "rate")
    assert found.level == "WARN" and found.details["fresh_rate"] == pytest.approx(15.0, abs=1.0)
    assert "Set the camera" in Words("en").fix(found)


def test_dropped_pictures_of_a_topic_are_told_by_the_rate():
    keep = np.random.default_rng(0).random(len(T)) > 0.3
    found = late(seen(scene(T)[keep], t=T[keep], times=T[keep]), "rate")
    assert found.level == "WARN" and found.details["fresh_rate"] == pytest.approx(21.0, abs=1.5)


def test_long_videos_are_looked_at_in_stretches():
    assert windows(0) == [] and windows(1800) == [(0, 1800)]
    chosen = windows(40_000)
    assert len(chosen) == 12 and chosen[0] == (0, 150) and sum(chosen[-1]) == 40_000


# -- out of files --------------------------------------------------------------------------------------------
def recorded(path, rows=None, fps=20, **extra):
    t = np.arange(rows or 120) / fps
    stream = Stream(
        "joints",
        "measured",
        "joint_position",
        "rad",
        ("a",),
        angle(t)[:, None],
        np.round(t * 1e9).astype(np.int64),
        clock="grid",
    )
    pictures = {"head": PictureFile(path, (48, 64, 3), float(fps), **extra)}
    return Recording("take", "take", "00", "robot", {"joints": stream}, pictures=pictures)


def filmed(path, cells, fps=20):
    pictures = (np.repeat(one[:, :, None], 3, axis=2) for one in cells)
    encode(path, pictures, [48, 64, 3], fps, len(cells), "head")
    return path


def checked(recording):
    return {f.code: f for f in check_images(recording, list(picture_samples_of(recording)), RULES)}


def test_a_video_is_looked_at_whole_or_in_parts(tmp_path, monkeypatch):
    path = filmed(tmp_path / "head.mp4", scene(np.arange(120) / 20, 48, 64))
    (whole,) = picture_samples_of(recorded(path))
    assert (len(whole.t), whole.total, whole.expected) == (120, 120, 120)
    monkeypatch.setattr(looking, "WHOLE", 60)
    monkeypatch.setattr(looking, "WINDOWS", 3)
    monkeypatch.setattr(looking, "EACH", 10)
    (parts,) = picture_samples_of(recorded(path))
    assert parts.total == 120 and sorted(set(parts.stretch)) == [0, 1, 2]
    np.testing.assert_allclose(parts.t * 20, [*range(10), *range(55, 65), *range(110, 120)])
    off = np.abs(parts.cells.astype(int) - whole.cells[np.round(parts.t * 20).astype(int)]).max()
    assert off <= 1  # the same pictures, found by their time


def test_a_black_video_fails_and_the_finding_says_how_much_was_looked_at(tmp_path):
    path = filmed(tmp_path / "head.mp4", np.zeros((60, 48, 64), np.uint8))
    found = checked(recorded(path, 60))["image.black"]
    assert found.level == "FAIL" and found.details["looked_at"] == found.details["pictures"] == 60
    assert found.value == pytest.approx(3.0)


def test_a_part_of_a_video_is_the_recording_s_own(tmp_path):
    cells = scene(np.arange(120) / 20, 48, 64)
    cells[:60] = 0
    path = filmed(tmp_path / "head.mp4", cells)
    assert checked(recorded(path, 60, start_s=0.0, stop_s=3.0))["image.black"].level == "FAIL"
    assert checked(recorded(path, 60, start_s=3.0, stop_s=6.0))["image.black"].level == "PASS"


def test_a_video_that_cannot_be_decoded_is_not_checked(tmp_path):
    path = tmp_path / "head.mp4"
    path.write_bytes(b"no video at all" * 100)
    found = checked(recorded(path))
    assert {f.reason for f in found.values()} == {"pictures_unreadable"}
    assert str(tmp_path) not in str([f.to_dict() for f in found.values()])


def test_without_pictures_nothing_is_asked_and_broken_clocks_stop_what_depends_on_them(tmp_path):
    path = filmed(tmp_path / "head.mp4", scene(np.arange(60) / 20, 48, 64))
    taken = recorded(path, 60)
    found = {f.code: f for f in check_images(taken, list(picture_samples_of(taken)), RULES, broken="clock.backwards")}
    assert found["image.black"].level == "PASS" and found["image.late"].reason == "integrity.clock.backwards"
    taken.pictures = {}
    assert {f.reason for f in check_images(taken, [], RULES)} == {"no_pictures"}


def test_real_cameras_see_in_time_and_one_repeats_itself(data):
    """Of the public sets with videos: nothing black, frozen or late; the bottle set repeats a quarter of them."""
    episodes = [r for r in read(data / "gr1-pick-place") if isinstance(r, Recording) and r.pictures]
    assert len(episodes) == 3
    for taken in episodes:
        assert {f.level for f in check_images(taken, list(picture_samples_of(taken)), RULES)} == {"PASS"}
    one, absent = sorted(picture_samples_of(episodes[1]), key=lambda one: one.unreadable is not None)
    assert (absent.camera, absent.unreadable) == ("observation.images.egoview", "announced, but its file is not here")
    late_by = replace(one, t=one.t + 1.0)
    found = check_late(late_by, joints_of(episodes[1]), RULES)[0]
    assert found.level == "FAIL" and found.details["late"] == pytest.approx(1.0, abs=0.25)
    bottle = next(r for r in read(data / "g1-inspire-pick-bottle") if r.pictures)
    found = {f.code: f for f in check_images(bottle, list(picture_samples_of(bottle)), RULES)}
    assert found["image.black"].level == found["image.frozen"].level == "PASS"
    assert found["image.late"].level == "WARN" and found["image.late"].details["fresh_rate"] == pytest.approx(
        22.4, abs=0.5
    )
