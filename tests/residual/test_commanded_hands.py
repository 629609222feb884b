"""Hand poses that are commanded and measured, on a device that nobody measured: what is wrong with one, and what a device may do."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from servo_takes import RULES, motion, taken
from shiliu.replay.checks.hand_bases import bases_in, check_bases_among
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.residual.bodies import ComparedColumns

PLACE = ("tcp.x", "tcp.y", "tcp.z")
TURNS = {
    "quaternion": (("tcp.qw", "tcp.qx", "tcp.qy", "tcp.qz"), "1 1 1 1", lambda turn: turn.as_quat(scalar_first=True, canonical=True)),
    "vector": (("tcp.rx", "tcp.ry", "tcp.rz"), "rad rad rad", lambda turn: turn.as_rotvec()),
    "angles": (("tcp.roll", "tcp.pitch", "tcp.yaw"), "rad rad rad", lambda turn: turn.as_euler("xyz")),
    "axes": (tuple(f"tcp.r{k}" for k in range(6)), "1 1 1 1 1 1", lambda turn: np.hstack([turn.as_matrix()[:, :, k] for k in (0, 1)])),
}
ROLE = {"action": "command", "state": "measured"}
DOWN = Rotation.from_euler("x", np.pi)  # a hand that points down: its numbers are at the seam of most ways to write a turn


def poses(seed=3):
    """Role -> ((n, 3) [m], turns) of a hand that follows its commands off the middle of the room."""
    columns = motion(seed)
    return {
        ROLE[name]: (np.array([0.4, -0.3, 0.2]) + 0.2 * columns[name][:, :3], DOWN * Rotation.from_rotvec(0.5 * columns[name][:, 3:6]))
        for name in ROLE
    }


def columns_of(of, way="quaternion"):
    return {role: np.hstack([place, TURNS[way][2](turn)]) for role, (place, turn) in of.items()}


def recording(values, way="quaternion"):
    names, unit, _ = TURNS[way]
    like = taken(motion()).streams["state"]
    return Recording("take", "set#0", "0" * 64, "robot", {
        role: Stream(role, role, "hand_pose", f"m m m {unit}", PLACE + names, x, like.capture_ns[: len(x)], clock="grid")
        for role, x in values.items()
    })  # fmt: skip


def differs(values, way="quaternion"):
    (finding,) = check_differs(ComparedColumns(recording(values, way), {}), RULES)
    return finding


@pytest.mark.parametrize("way", TURNS)
def test_a_hand_that_follows_agrees_however_its_turns_are_written(way):
    finding = differs(columns_of(poses(), way), way)
    assert finding.level == "PASS" and finding.details["columns"] == 2 * (3 + len(TURNS[way][0]))


@pytest.mark.parametrize("way", TURNS)
def test_a_place_that_is_off_is_named_in_metres(way):
    values = columns_of(poses(), way)
    values["measured"][150:260, 1] += 0.04
    finding = differs(values, way)
    assert (finding.level, finding.subject, finding.unit) == ("FAIL", ("tcp.y",), "m")
    assert finding.details["kind"] == "offset" and finding.value == pytest.approx(0.04, abs=0.01)
    assert "40 mm" in Words("en").message(finding)


@pytest.mark.parametrize("by", [[0.0, 0.0, 0.12], [0.08, 0.0, 0.0]])
def test_another_point_of_the_hand_is_how_a_device_counts(by):
    of = poses()
    place, turn = of["measured"]
    assert differs(columns_of(of | {"measured": (place + turn.apply(by), turn)})).level != "FAIL"


def test_another_frame_of_the_hand_is_how_a_device_counts():
    of, base = poses(), Rotation.from_rotvec([0.0, 0.0, 0.6])
    place, turn = of["measured"]
    assert differs(columns_of(of | {"measured": (base.apply(place) + np.array([0.3, -0.2, 0.1]), base * turn)})).level != "FAIL"


@pytest.mark.parametrize(("by", "others", "found"), [
    (0.2, [0.0, 0.0, 0.0], True), (0.2, [0.0], False), (0.2, [0.0, 0.0, 0.2], False), (0.2, [0.2, 0.21, 0.19], False),
    (0.04, [0.0, 0.0, 0.0], False), (0.0, [0.0, 0.0, 0.0], False),
])  # fmt: skip
def test_one_take_in_another_frame_than_all_others(by, others, found):
    def bases(seed, moved):
        of = poses(seed)
        place, turn = of["measured"]
        return bases_in([differs(columns_of(of | {"measured": (place + np.array([0.0, 0.0, moved]), turn)}))])

    finding = check_bases_among(bases(3, by), [bases(4 + k, one) for k, one in enumerate(others)], RULES)
    assert (finding is not None) == found
    if finding is not None:
        assert (finding.level, finding.subject, finding.unit) == ("FAIL", ("tcp.z",), "m") and finding.value == pytest.approx(0.2, abs=0.01)
        assert "3 other takes" in Words("en").message(finding)


def test_what_pushes_a_hand_is_no_fault_of_a_column():
    values = columns_of(poses())
    values["measured"][:, 0] += 0.06 * np.exp(-(((np.arange(len(values["measured"])) - 150) / 12.0) ** 2))
    assert differs(values).level == "WARN"


def test_steps_that_are_written_as_places():
    values = columns_of(poses())
    values["command"][:, :3] = np.diff(values["measured"][:, :3], axis=0, append=values["measured"][-1:, :3])
    finding = differs(values)
    assert finding.level == "FAIL" and set(finding.subject) <= set(PLACE)


def test_the_place_of_another_take():
    values = columns_of(poses())
    values["measured"][:, :3] = columns_of(poses(seed=8))["measured"][:, :3]
    finding = differs(values)
    assert finding.level == "FAIL" and set(finding.subject) <= set(PLACE)
