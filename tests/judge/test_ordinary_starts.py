"""A clean take of an ordinary set that holds object poses: its scene is where these say, and nothing unmeasured makes a FAIL."""

import pytest
from ordinary import around, ordinary, table_setting
from shiliu.replay.judge.judge import judge
from shiliu.replay.report import Words
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
    (moved,) = found["start.place"].details["differs"]
    assert (moved["key"], moved["here"], moved["there"]) == ("table.height", pytest.approx(height, abs=1e-4), 0.87)
    assert "the start was moved to fit: table.height" in Words("en").message(found["start.place"])
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


@pytest.mark.parametrize(("bowl", "odd"), [(0.06, True), (0.02, False)])
def test_the_one_thing_that_no_drawn_table_holds_is_the_root_of_what_stays_open(scene, episode, lifted, bowl, odd):
    """By the other bowl the table is 856 mm high, of 840 to 900 mm: 60 mm more no draw has, 20 mm more many have."""
    alone = f"{1000.0 * (episode.draw['values']['table.height'] + bowl):.0f} mm"
    verdict, found = judged(scene, lifted(bowl=bowl))
    place, root = found["start.place"], verdict.findings[verdict.root]
    assert (verdict.verdict, place.reason) == ("INCONCLUSIVE", "things_apart")
    assert ((root.code, verdict.owner) == ("start.place", "device")) is odd and ("odd" in place.details) is odd
    assert place.subject == (("bowl",) if odd else ("bowl", "empty"))
    for lang in ("en", "zh"):
        assert (alone in Words(lang).message(place)) is odd and "table.height" in Words(lang).message(place)


def test_a_whole_scene_beyond_what_is_drawn_is_taken_with_a_warning_of_the_scene(lifted):
    _, found = judged(table_setting(), lifted(bowl=-0.05, empty=-0.05))
    place = found["start.place"]
    assert (place.level, place.subject, place.details["key"]) == ("WARN", ("table",), "table.height")
    assert found["start.penetration"].level == "PASS"
