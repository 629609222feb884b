"""`start.place`: what the recorded places say of what things rest on."""

import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.start_place import check_places
from shiliu.replay.report import Words

RULES = load_rules("arm_manipulation")
BY = {"table.height": ("bowl", "plate")}
ENDS = {"table.height": (0.84, 0.90)}


def only(found):
    (finding,) = found.findings
    return finding


def test_things_that_agree_pass_with_what_they_tell():
    found = check_places({"table.height": 0.873}, BY, {}, {"bowl": 0.0021, "plate": -0.0021}, RULES)
    assert (only(found).level, only(found).value, found.unsure, found.left) == ("PASS", 0.0021, None, ())
    assert only(found).details["inferred"] == {"table.height": 0.873}


def test_things_that_disagree_leave_the_start_unknown_and_blame_nobody():
    found = check_places({"table.height": 0.873}, BY, {}, {"bowl": 0.0071, "plate": -0.0071, "cup": 0.001}, RULES)
    assert (only(found).level, only(found).reason, found.unsure) == ("NOT_CHECKED", "things_apart", "things_apart")
    assert (only(found).subject, only(found).value) == (("bowl", "plate"), 0.0071)


def test_a_height_beyond_what_is_drawn_is_a_warning_of_the_scene_where_two_things_tell_it():
    found = check_places({"table.height": 0.935}, BY, ENDS, {"bowl": 0.0, "plate": 0.0}, RULES)
    assert (only(found).level, only(found).subject, found.unsure) == ("WARN", ("table",), None)
    assert only(found).value == pytest.approx(0.035)
    assert found.left == (), "it is taken"


def test_one_thing_alone_may_hang_in_the_air():
    found = check_places({"table.height": 0.935}, {"table.height": ("bowl",)}, ENDS, {"bowl": 0.0}, RULES)
    assert (only(found).level, only(found).reason, found.unsure) == ("NOT_CHECKED", "beyond_drawn", "beyond_drawn")
    assert found.left == ("table.height",)


@pytest.mark.parametrize(("height", "level"), [(0.845, "WARN"), (0.863, "PASS")])
def test_what_was_surveyed_stands_as_surveyed_and_a_record_beyond_the_survey_is_a_warning(height, level):
    """A survey of 868 mm to 2 mm: a record of 845 mm is 21 mm beyond it, one of 863 mm is as far off as places are told apart."""
    survey = {"table.height": (0.866, 0.870)}
    found = check_places({"table.height": height}, BY, survey, {}, RULES, surveyed={"table.height"})
    one = only(found)
    assert (one.level, found.left, found.unsure) == (level, ("table.height",), None)
    if level == "WARN":
        assert one.value == pytest.approx(0.021) and one.details["kind"] == "survey" and one.subject == ("table",)
        assert "0.845" in Words("en").message(one) and "0.866" in Words("zh").message(one)


def test_places_of_which_no_scene_can_be_made_are_in_another_frame_or_unit():
    found = check_places({}, {}, {}, {}, RULES, impossible={"table.height": -0.02})
    assert (only(found).level, only(found).reason, found.unsure) == ("NOT_CHECKED", "other_frame", "other_frame")
    assert only(found).subject == ("table",)
