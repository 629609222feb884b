"""The EnvHub entry of shiliu: LeRobot loads this file and calls `make_env`."""

from shiliu.envs.lerobot_hub import make_env

__all__ = ["make_env"]
