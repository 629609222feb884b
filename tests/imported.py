"""What the tests of importing import: a small archive that no mapping is known for, and the folders of real recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

# folder -> episodes, mappings, and which of these (or whether all) come from clocks that are not a grid
FOLDERS = {
    "g1-inspire-pick-bottle": (20, {"g1_inspire_lerobot"}, False),
    "gr1-pick-place": (3, {"gr1_lerobot"}, False),
    "piper-so101-leader": (8, {"piper_lerobot"}, False),
    "dual-arm-dexhand-open": (8, {"dual_arm_dexhand_lerobot"}, False),
    "so101-bimanual-cloth": (16, {"so101_cloth_lerobot", "so101_cloth_raw"}, True),
    "visionpro-panda-blockpush": (4, {"panda_visionpro"}, False),
    "adroit-door": (15, {"adroit_door"}, False),
    "arctic-human-bimanual": (3, {"arctic_hands"}, False),
    "g1-human-video-door-box": (3, {"g1_hdmi_motion"}, False),
    "omomo-box-carry": (2, {"omomo_human", "g1_omomo_motion"}, False),
    "myohand-object-use": (6, {"myohand_object"}, False),
    "robosuite-teleop": (
        7,
        {"robosuite_baxter_lift", "robosuite_panda_lift", "robosuite_sawyer_stack"},
        {"robosuite_baxter_lift", "robosuite_sawyer_stack"},  # what a stepped simulator writes stands on its grid
    ),
    "kuavo-vr-teleop": (3, {"kuavo_rosbag", "kuavo_vr_input"}, True),
    "kuavo-arm-pick-planner": (2, {"kuavo_planner"}, True),
}


def write_archive(path: Path) -> Path:
    rng = np.random.default_rng(0)
    quaternion = rng.normal(size=(50, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    np.savez(
        path,
        action=rng.uniform(-2, 2, (50, 3)),
        state=np.hstack([rng.uniform(-120, 120, (50, 2)), np.zeros((50, 1)), quaternion]),
        start=np.zeros(4),
    )
    return path
