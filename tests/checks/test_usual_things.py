"""Things of a take against those of the other takes of its set."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.usual_things import ThingShown, check_things_among
from shiliu.replay.judge.intake import rules_of

RULES = rules_of()
XYZ, TURN = ("cup.x", "cup.y", "cup.z"), ("cup.qw", "cup.qx", "cup.qy", "cup.qz")


def cup(at=(0.5, 0.2, 0.85), yaw=0.3, zero=()):
    turn = (float(np.cos(0.5 * yaw)), 0.0, 0.0, float(np.sin(0.5 * yaw)))
    return ThingShown("cup", "environment", XYZ, TURN, at, zero, turn, 0.0, 9.0)


OTHERS = tuple((cup((0.5 + 0.1 * k, 0.2 - 0.1 * k, 0.85), 0.3 - 0.5 * k),) for k in range(4))
PLAIN = tuple((cup(yaw=0.0),) for _ in range(4))
FLAT = cup((0.5, 0.2, 0.0), zero=("cup.z",))
FAR = cup((520.0, 180.0, 851.0))
ABSENT = replace(cup((0.0, 0.0, 0.0), 0.0, XYZ), turn=(1.0, 0.0, 0.0, 0.0))
ON_A_LINE = replace(cup((0.5, 0.0, 0.85), zero=("cup.y",)), fixed=XYZ)
PLACED = tuple((replace(one[0], fixed=XYZ),) for one in (*OTHERS[:2], *((cup((0.5, -0.2 + 0.01 * k, 0.85)),) for k in range(2))))
XYZW = replace(cup(), turn=(*cup().turn[1:], cup().turn[0]))


@pytest.mark.parametrize(
    ("one", "kind", "subject", "others", "level"),
    [
        (FAR, "factor", XYZ, OTHERS, "FAIL"),
        (FAR, "factor", XYZ, OTHERS[:1], "WARN"),
        (cup((52.0, 18.0, 85.0)), "factor", XYZ, OTHERS, "FAIL"),
        (FLAT, "held_value", ("cup.z",), OTHERS, "FAIL"),
        (FLAT, "held_value", ("cup.z",), OTHERS[:1], "WARN"),
        (ABSENT, "held_value", ("cup.x", "cup.z"), OTHERS, "WARN"),  # it is not there
        (replace(ABSENT, turn=cup().turn), "held_value", ("cup.x", "cup.z"), OTHERS, "FAIL"),
        (ON_A_LINE, "held_value", ("cup.y",), PLACED, "WARN"),  # somebody put it there, by numbers
        (ON_A_LINE, "held_value", ("cup.y",), tuple((replace(one[0], fixed=()),) for one in PLACED), "FAIL"),
        (ON_A_LINE, "held_value", ("cup.y",), PLACED[:1] * 3, "FAIL"),
        (XYZW, "copied", TURN, OTHERS, "FAIL"),
    ],
)
def test_what_is_written_otherwise_than_in_the_other_takes(one, kind, subject, others, level):
    found = check_things_among([one], others, RULES)
    assert (found.details["kind"], found.subject, found.level, found.code) == (kind, subject, level, "column.differs")


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (cup(), OTHERS),
        (cup((0.9, -0.4, 0.3), 3.0), OTHERS),  # elsewhere
        (FAR, ()),  # nothing to compare with
        (FAR, tuple((replace(FAR, at=(400.0, 100.0, 851.0)),) for _ in range(3))),  # all alike
        (cup((1200.0, 3.0, 0.85)), OTHERS),  # a frame of its own: no unit undoes it
        (FLAT, tuple((cup((0.5, 0.2, 1e-3)),) for _ in range(3))),  # a table in the frame's origin, rounded
        (XYZW, OTHERS[:2]),
        (replace(cup(), turn=(0.0, 1.0, 0.0, 0.0)), OTHERS),  # it lies on its head
        (cup(yaw=np.pi), PLAIN),  # it was put down the other way round
        (replace(cup(), turn=(0.98, 0.0, 0.2, 0.0)), OTHERS),  # it leans on something
    ],
)
def test_other_places_turns_and_sets_alike_are_none(one, others):
    assert check_things_among([one], others, RULES) is None


def test_all_things_turned_by_half_are_doubted():
    two = [cup(yaw=np.pi), replace(cup(yaw=np.pi), name="bowl", turns=("bowl.qw",))]
    others = [(cup(yaw=0.0), replace(cup(yaw=0.0), name="bowl")) for _ in range(4)]
    found = check_things_among(two, others, RULES)
    assert (found.level, found.details["order"], found.subject) == ("WARN", "xyzw", (*TURN, "bowl.qw"))
    assert check_things_among([two[0], replace(cup(yaw=0.0), name="bowl")], others, RULES) is None


def carried(height=0.85, held=0.05, axes="", angle=0.0, own=True, rows=()):
    """A cup that a hand carries."""
    return replace(cup(), stands=height, way=0.4, held=(0.02, 0.0, held), own=own and not axes, axes=axes, angle=angle, rows=tuple(rows))


def tray(height=0.83):
    return replace(cup(), name="tray", names=tuple(name.replace("cup", "tray") for name in XYZ), turns=(), turn=(), stands=height)


ALONE = replace(carried(rows=range(16)), held=(), own=False)
IN_HANDS = tuple((carried(rows=range(100 * k, 100 * k + 16)), tray()) for k in range(1, 4))
TABLES = tuple((carried(0.80 + 0.02 * k), tray(0.78 + 0.02 * k)) for k in range(3))


@pytest.mark.parametrize(
    ("take", "others", "kind", "level"),
    [
        ((ALONE, tray()), IN_HANDS, "uncarried", "WARN"),
        ((ALONE, tray()), IN_HANDS[:1], "uncarried", "WARN"),
        ((replace(ALONE, rows=IN_HANDS[1][0].rows), tray()), IN_HANDS, "uncarried", "FAIL"),  # of another take, to the bit
        ((ALONE, tray()), tuple((replace(ALONE, rows=()),) for _ in range(3)), None, None),  # no take has it carried
        ((carried(axes="y", angle=2.0),), IN_HANDS, "frame", "FAIL"),
        ((carried(axes="y", angle=2.0),), tuple((carried(axes="y", angle=1.6 + 0.1 * k),) for k in range(3)), "frame", "FAIL"),
        ((carried(axes="y", angle=2.0),), tuple((carried(axes="y", angle=2.0),) for _ in range(3)), None, None),  # one frame, turned so
        ((carried(axes="y", angle=2.0),), tuple((carried(own=False),) for _ in range(3)), None, None),  # frames that are set up anew
        ((carried(0.91, 0.11), tray()), IN_HANDS, "height", "WARN"),  # or another cup, or its marker elsewhere on it
        ((carried(0.90, 0.11), tray(0.82)), TABLES, "height", "WARN"),  # tables of other heights
        ((carried(0.91, 0.11),), tuple(one[:1] for one in IN_HANDS), "height", "WARN"),  # it alone may stand on something
        ((carried(0.91, 0.11), tray(0.89)), IN_HANDS, None, None),  # the frame was set up anew
        ((carried(0.91, 0.05), tray()), IN_HANDS, None, None),  # it stands on something
        ((carried(0.85, 0.11), tray()), IN_HANDS, None, None),  # it is taken lower
        ((carried(0.86, 0.06), tray()), IN_HANDS, None, None),
    ],
)
def test_what_goes_otherwise_than_in_the_other_takes(take, others, kind, level):
    found = check_things_among(take, others, RULES)
    assert (found and (found.details["kind"], found.level)) == (kind and (kind, level))
