"""Ways are planned: a free way of one arm or both to one of several goals, with what is held, and the reason where there is none."""

from .keeping import Keep, Level, Together
from .limbs import ArmGroup
from .planner import Plan, plan

__all__ = ["ArmGroup", "Keep", "Level", "Plan", "Together", "plan"]
