"""MuJoCo's own messages: warnings are read from their counters, and never written into the user's folder."""

import mujoco

# without a taker the engine appends every warning to MUJOCO_LOG.TXT in the folder that the user happens to stand in
mujoco.set_mju_user_warning(lambda message: None)
