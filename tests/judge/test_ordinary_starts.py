"""A clean take of an ordinary set that holds object poses: its scene is where these say, and nothing unmeasured makes a FAIL."""

import pytest
from ordinary import around, ordinary, table_setting
from shiliu.replay.judge.judge import judge
from shiliu.scenarios.reading.config import nominal_values

SEED = 2  # its table is 14 mm lower than the scenario has it


@pytest.fixture(scope="module")
def scene():
    return table_setting(starts=1)


@pytest.fixture(scope="module")
def episode(demonstrated):
    return demonstrated(SEED).episode


@pytest.fixture
def lifted(scene, episode, tmp_path):
    """The take as an ordinary set, with things recorded so much higher [m] throughout."""

    def write(**by):
        def change(columns):
            for thing, height in by.items():
                around(scene, columns, f"{thing}.z")[:] += height

        return ordinary(scene, episode, tmp_path / "set", change)

    return write


def judged(scene, takes):
    (verdict,) = judge(takes, scene, threads=1)
    return verdict, {finding.code: finding for finding in verdict.findings}


def test_the_table_stands_where_the_recorded_bowls_do(scene, episode, lifted):
    height = episode.draw["values"]["table.height"]
    assert nominal_values(scene.config)["table.height"] - height > 0.01
    verdict, found = judged(scene, lifted())
    assert verdict.verdict in ("FEASIBLE", "INCONCLUSIVE") and not any(one.failed for one in verdict.findings)
    assert found["start.penetration"].level == "PASS"
    assert found["start.place"].details["inferred"]["table.height"] == pytest.approx(height, abs=1e-4)
    assert found["object.diverged"].level == "PASS"
    start = verdict.provenance["start"]
    assert start["bowl"] == start["empty"] == "recorded"
    assert start["table.height"] == "inferred from bowl, empty"
    assert start["buns.mass"] == start["friction"] == "drawn"


def test_bowls_that_disagree_about_their_table_fail_nothing(scene, lifted):
    verdict, found = judged(scene, lifted(bowl=-0.03))
    assert found["start.place"].reason == "things_apart"
    assert found["start.place"].value == pytest.approx(0.015, abs=1e-3)
    assert not any(one.failed for one in verdict.findings)
    assert verdict.verdict == "INCONCLUSIVE"


def test_a_whole_scene_beyond_what_is_drawn_is_taken_with_a_warning_of_the_scene(lifted):
    _, found = judged(table_setting(), lifted(bowl=-0.05, empty=-0.05))
    place = found["start.place"]
    assert (place.level, place.subject, place.details["key"]) == ("WARN", ("table",), "table.height")
    assert found["start.penetration"].level == "PASS"
