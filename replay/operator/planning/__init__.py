"""Ways are planned: a free way of an arm to one of several goals, with what is held, and the reason where there is none."""

from .keeping import Level
from .planner import Plan, plan
from .seen_arm import SeenArm

__all__ = ["Level", "Plan", "SeenArm", "plan"]
