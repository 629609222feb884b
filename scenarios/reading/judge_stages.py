"""The stages of the judge, in their order: what a scenario may require, and what a finding is of."""

STAGES = ("integrity", "kinematics", "dynamics", "replay", "robustness", "legs")
