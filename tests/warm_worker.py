"""What the process holds that workers are forked from (`conftest.forked_workers`).

A worker ends where its parent is not the run that asked for it, as this process is not.
"""

import mujoco  # noqa: F401
import shiliu.replay.commands.replay_workers
import shiliu.replay.judge.judge  # noqa: F401
from shiliu.replay.line import serving

serving._end_with_parent = lambda: None
