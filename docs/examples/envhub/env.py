"""The EnvHub entry of shiliu: LeRobot loads this file and calls `make_env`."""

from shiliu import make_lerobot_env as make_env

__all__ = ["make_env"]
