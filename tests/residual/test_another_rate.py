"""Takes that were recorded at another rate than they say, and speeds that are in another unit."""

import numpy as np
import pytest
from servo_takes import RATE, RULES, motion, servo, taken
from shiliu.replay.checks.witnesses import finding_of
from shiliu.replay.residual.another_rate import as_of_another_rate
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.table import table_of


@pytest.mark.parametrize(
    ("times", "speeds", "name"),
    [(1.0, 1.0, None), (2.0, 1.0, "rate"), (1.5, 1.0, "rate"), (0.6, 1.0, "rate"), (1.0, 0.5, "factor"), (1.0, 57.3, "factor")],
)
def test_a_rate_that_is_not_the_one_declared_changes_speeds_and_delays_alike(times, speeds, name):
    """Joints follow 0.12 s late, and speeds are 0.9 of what positions rise by, as of our own robot."""
    columns = motion()
    for j in range(6):
        columns["state"][:, j], speed = servo(columns["action"][:, j], 330.0, 34.0)
        columns["velocity"][:, j] = 0.9 * speeds * speed
    (group,) = table_of(taken(columns, rate=RATE * times)).groups
    found = [d for d in as_of_another_rate([group], differences(group)) if d.certain]
    assert {d.name for d in found} == ({name} if name else set())
    if name == "rate":
        (one,) = found
        assert one.numbers["rows_rate"] == pytest.approx(RATE, rel=0.1) and one.numbers["declared_rate"] == pytest.approx(RATE * times)
        details = finding_of(RULES["column.differs"], one, ()).details
        assert details["why"] == "why_rows_rate" and details["family"] == "time"
    if name == "factor":
        assert found[0].kind == "velocity" and np.isclose(float(found[0].numbers["factor"]), 0.9 * speeds, rtol=0.1)
        details = finding_of(RULES["column.differs"], found[0], ()).details
        assert details["why"] == ("why_degrees" if speeds == 57.3 else "why_factor") and details["kind"] == "factor"
