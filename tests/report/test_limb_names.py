"""A limb that is named whole is called by its name, in both languages; some joints of it are counted, few are named."""

from __future__ import annotations

import pytest
from shiliu.replay.report.text import Words

LEFT, RIGHT = ([f"zarm_{side}{number}_joint" for number in range(1, 8)] for side in "lr")
IDS = ["zarm_l1_joint … zarm_l7_joint", "zarm_r1_joint … zarm_r7_joint"]


@pytest.mark.parametrize(
    ("names", "en", "zh"),
    [
        (LEFT, "left arm", "左臂"),
        (LEFT[::-1], "left arm", "左臂"),
        ([*LEFT, *RIGHT], "both arms", "双臂"),
        ([*RIGHT, "zhead_1_joint", *LEFT], "both arms and head yaw", "双臂、头部转动"),
        (LEFT[:6], "6 joints of the left arm", "左臂的 6 个关节"),
        ([*LEFT, *RIGHT[:4]], "left arm and 4 joints of the right arm", "左臂、右臂的 4 个关节"),
        (RIGHT[3:4], "right elbow", "右肘"),
        ([f"leg_r{number}_joint" for number in range(1, 7)], "right leg", "右腿"),
    ],
)
def test_joints_of_a_limb_are_called_by_it(names, en, zh):
    assert (Words("en").name(names, "plain"), Words("zh").name(names, "plain")) == (en, zh)


def test_identifiers_of_a_whole_limb_are_its_first_and_last():
    assert Words("en").name([*LEFT, *RIGHT], "ids") == ", ".join(IDS)
    assert Words("en").name([*LEFT, *RIGHT], "full") == f"{', '.join(IDS)} (both arms)"
    assert Words("zh").name(LEFT, "full") == f"左臂（{IDS[0]}）"
    assert Words("en").name(LEFT[:4], "ids") == ", ".join(LEFT[:4])
    assert Words("en").name(["bowl", "/arm/state"], "full") == "bowl and /arm/state"
