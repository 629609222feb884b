"""What the process holds that workers are forked from (`conftest.forked_workers`): all modules of a worker.

It is the parent of each of them, and not the run that asked for them: a worker that looks for that one ends at once.
"""

import mujoco  # noqa: F401
import shiliu.replay.commands.replay_workers
import shiliu.replay.formats
import shiliu.replay.judge.judge  # noqa: F401
from shiliu.replay.line import serving

serving._end_with_parent = lambda: None  # type: ignore[assignment]
