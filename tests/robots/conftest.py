"""The toy robot's files."""

from pathlib import Path

import pytest
from toy_robot import write_arm, write_sheet


@pytest.fixture
def sheet(tmp_path) -> Path:
    return write_sheet(tmp_path)


@pytest.fixture
def arm(tmp_path) -> Path:
    return write_arm(tmp_path)
