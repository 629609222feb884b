"""`task.text`: sentences written by hand, right and wrong, and what the check makes of them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.inputs import Recorded
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.task_text import check_text, moved_arms, scenario_of_columns
from shiliu.replay.recording.declared import Declared
from shiliu.replay.recording.recording import Recording, SimEpisode, Stream
from shiliu.replay.report.text import Words
from shiliu.scenarios.parts.titles import titles_of
from shiliu.scenarios.reading.composition import list_scenarios
from shiliu.scenarios.reading.variant import resolved
from shiliu.scenarios.sheet.own_files import read_own
from shiliu.scenarios.sheet.quantity import parse_quantity
from shiliu.scenarios.sheet.yaml_reader import Problems
from shiliu.scenarios.tasks.clauses import read_sentence
from shiliu.scenarios.tasks.known_work import scenarios_with
from shiliu.scenarios.tasks.lexicon import lexicon

HELD = 4  # every fourth sentence is held out
FOLDER = Path(__file__).parent / "sentences"
RULES = load_rules("arm_manipulation")
DRAWN = {"medication_serving": {"named.label": "0 %"}, "shelf_restocking": {"drink.sku": "0 %", "care.sku": "0 %", "bag.sku": "0 %"}}


@cache
def tree_of(scenario, variant=None):
    tree = read_own(list_scenarios()[scenario])
    return resolved(tree, variant, {}, Problems({}), tuple(tree))


def own(text, scenario="table_setting", variant=None, drawn=None, *, performed=True, **more):
    """An episode of ours whose table of tasks says `text`."""
    zero = np.zeros((1, 1), np.float32)
    values = {key: parse_quantity(value) for key, value in (drawn or {}).items()}
    config = {"scenario": tree_of(scenario, variant)}
    segments = [{"skill": "take", "t0": 0.0, "t1": 1.0}] if performed else []
    about = {"segments": segments, "scenario": scenario} | more
    episode = SimEpisode(0, {"values": values}, config, 1, "", "", 0.1, 1, np.zeros(1), zero, ("a",), **about)
    declared = Declared(1, sentence=text)
    return Recording("a", "a#0", "", "simulation", {}, scenario=scenario, episode=episode, declared=declared)


def ordinary(text, things=(), scenario=None):
    """A recording as a data centre sends it, with the poses of some things."""
    names = tuple(f"{thing}.{axis}" for thing in things for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))
    streams = {}
    if names:
        streams["environment"] = stream("measured", np.zeros((3, len(names))), names, "object_pose")
    return Recording("a", "a#0", "", "robot", streams, scenario=scenario, metadata={"robot": "kuafu", "task": text})


def stream(role, values, names, quantity, unit="rad"):
    times = np.arange(len(values)) * 10_000_000
    return Stream("s", role, quantity, unit, names, np.asarray(values, float), capture_ns=times)


def checked(recording, asked=None) -> Finding:
    (finding,) = check_text(Recorded(recording, {}, RULES, asked=asked))
    return finding


def rows(name):
    return read_own(FOLDER / f"{name}.yaml")


def finding_of(row):
    return checked(own(row["text"], row["scenario"], row.get("variant"), row.get("drawn")))


def doubted(finding):
    return finding.level in ("WARN", "FAIL")


# -------------------------------------------------------------------------------------------------------- the sentences
def test_wrong_sentences_are_found_and_right_ones_are_not():
    """Of 200 wrong ones 95 % at least, of 320 right ones 1 % at most; every fourth was held out. None of the right ones is a FAIL."""
    of, hit, held = Counter(), Counter(), Counter()
    right, wrong = rows("right"), rows("wrong")
    for k, row in enumerate([*right, *wrong]):
        why, finding = row.get("why", "right"), finding_of(row)
        of[why] += 1
        hit[why] += doubted(finding)
        is_held = (k if k < len(right) else k - len(right)) % HELD == HELD - 1
        held["right" if why == "right" else "wrong", "of"] += is_held
        held["right" if why == "right" else "wrong", "doubted"] += is_held and doubted(finding)
        assert why != "right" or finding.level != "FAIL", (row, finding.details)
    print({why: f"{hit[why]} of {n}" for why, n in of.items()}, "held out:", dict(held))
    assert len(right) >= 300 and len(wrong) == 200
    assert sum(hit.values()) - hit["right"] >= 0.95 * len(wrong) and hit["right"] <= 0.01 * len(right)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("加热时不要开门", "PASS"), ("热的时候别开门", "PASS"), ("关门之前不要启动", "PASS"), ("When heating, never open the door", "PASS"),
        ("Do not open the door until it has stopped", "PASS"), ("别开门", "FAIL"), ("Do not open the door", "FAIL"),
        ("After the bowl is inside, do not close the door", "WARN"), ("把碗放进去，不要关门", "WARN"),
    ],
)  # fmt: skip
def test_what_shall_not_be_done_at_some_time_may_be_done_at_another_one(text, level):
    assert checked(own(text, "microwave")).level == level


@pytest.mark.parametrize(
    ("scenario", "text", "found"),
    [
        ("cooking", "Set the hob to level 4 and stir the vegetables", True), ("cooking", "Set the hob to level 2 and stir", False),
        ("cooking", "把灶开到4档", True), ("shelf_restocking", "Put the can on level 2", False),
        ("car_assembly", "Pull at the clip with 25 N", True), ("car_assembly", "Pull at the clip with 10 N", False),
        ("table_wiping", "用30牛的力擦污渍", True), ("table_wiping", "Wipe the stain with 10 newtons", False),
        ("laundry_folding", "Fold the cloth in half", False), ("laundry_folding", "Wring out the towel", True),
        ("coil_separation", "把线圈全部放回料箱", True), ("coil_separation", "把线圈全部套到柱上", False),
    ],
)  # fmt: skip
def test_levels_forces_and_words_beside_small_ones(scenario, text, found):
    assert doubted(checked(own(text, scenario))) == found


def counted(rows_of):
    """(kind, 0 or 1) -> how many are doubted of the mended and of the held-out half of a list."""
    hit = Counter()
    for kind in ("wrong", "right"):
        for k, (where, *_, text) in enumerate(rows_of[kind]):
            scenario, _, variant = where.partition("/")
            finding = checked(own(text, scenario, variant or None, DRAWN.get(scenario)))
            hit[kind, k % 2] += doubted(finding)
    return hit


def test_sentences_that_nobody_had_seen():
    """Written before anybody looked at how sentences are read. Every second one was mended with, and the others are held out. A right one
    that is doubted is no FAIL."""
    unseen = rows("unseen")
    hit = counted(unseen)
    hit["foreign", 0] = sum(doubted(checked(ordinary(text))) for text in unseen["foreign"])
    print({key: hit[key] for key in sorted(hit)}, {kind: len(of) for kind, of in unseen.items()})
    assert hit["wrong", 0] >= 81 and hit["wrong", 1] >= 73 and hit["right", 0] == 0 and hit["right", 1] <= 4 and not hit["foreign", 0]


def test_sentences_as_several_annotators_write_them():
    """Written before the code was looked at, in drawn order; every second one is held out."""
    hit = counted(rows("annotators"))
    print({key: hit[key] for key in sorted(hit)})
    assert hit["wrong", 0] >= 75 and hit["wrong", 1] >= 61 and hit["right", 0] == 0 and hit["right", 1] <= 4


def test_sentences_that_the_last_rules_were_mended_with():
    probes = rows("probes")
    hit = counted(probes)
    of = {kind: len(probes[kind]) for kind in probes}
    print({key: hit[key] for key in sorted(hit)}, of)
    assert hit["wrong", 0] + hit["wrong", 1] >= 0.86 * of["wrong"] and hit["right", 0] + hit["right", 1] <= 0.01 * of["right"]


@pytest.mark.parametrize(
    ("scenario", "text", "kind"),
    [
        ("car_assembly", "插头不用管", "forbidden"),
        ("material_handling", "空箱下面那个箱子不用管", None),
        ("medication_serving", "不要碰倒旁边的药瓶", None),
        ("medication_serving", "Leave the other bottles alone", None),
        ("microwave", "启动键不用按", "forbidden"),
        ("microwave", "Close the door, pressing start isn't needed", "forbidden"),
        ("package_packing", "香皂不称重直接装箱", "forbidden"),
        ("package_packing", "不合格的不装箱", None),
        ("car_assembly", "Press in the clip, no pull test", "forbidden"),
        ("bedside_care", "Lock one brake only", "number"),
        ("bedside_care", "Only move the wheelchair slowly", None),
        ("material_handling", "只搬满箱", "number"),
        ("coil_separation", "每次只拿一个线圈", None),
        ("microwave", "Put the bowl in, the door stays open", "action"),
        ("table_setting", "The guest's bowl stays on the table", None),
        ("coil_separation", "Coil L stays in the bin", "place"),
        ("bedside_care", "Leave both brakes off", "action"),
        ("bedside_care", "The rail stays down", "action"),
        ("parcel_sorting", "pouch -> chute 2", "place"),
        ("parcel_sorting", "pouch -> chute 1", None),
        ("parcel_sorting", "Beijing goes to chute 2", "place"),
        ("parcel_sorting", "Beijing goes to 1, Shanghai to 2", None),
        ("coil_separation", "所有线圈都套在M柱上", "place"),
        ("coil_separation", "所有线圈都套到柱上", None),
        ("bedside_care", "把轮椅推回起点", "place"),
        ("table_wiping", "把抹布放回原处", None),
        ("shelf_restocking", "Take the items out of the basket", "source"),
        ("shelf_restocking", "Take the items from the shelf", None),
        ("microwave", "Start the microwave first, then put the bowl in", "order"),
        ("microwave", "启动前关门", None),
        ("room_delivery", "Put the holder on the table, then unlock the room door", "order"),
        ("car_assembly", "插头最后插，支架先装到夹具上", "order"),
        ("laundry_folding", "Fold the towel three times", "number"),
        ("material_handling", "用一只左手搬满箱", "arm"),
        ("parcel_sorting", "Right hand: pouch into chute 1", "arm"),
        ("parcel_sorting", "Left hand: pouch into chute 1", None),
        ("drink_assist", "Hand the person the cup", None),
        ("microwave", "打开冰箱门", "object"),
        ("room_organization", "把书平放在床上", "place"),
    ],
)  # fmt: skip
def test_what_is_left_alone_stays_or_is_done_with_nothing_else(scenario, text, kind):
    finding = checked(own(text, scenario))
    assert finding.details.get("kind") == kind, finding.details


def test_sentences_that_were_tuned_with_stay_as_they_are():
    for kind, least, most in (("right", 0.0, 0.01), ("wrong", 0.93, 1.0)):
        every = [(scenario, text) for scenario, texts in rows("tuning")[kind].items() for text in texts]
        share = sum(doubted(checked(own(text, scenario))) for scenario, text in every) / len(every)
        assert least <= share <= most, (kind, share)


def test_opposites_orders_and_hands_are_found_and_other_verbs_are_no_doubt():
    """Sentences written before the rules, after them, and by somebody who did not know them: none of the right ones is doubted."""
    for file, kind, least in (
        ("opposites", "right", 0.0),
        ("opposites", "right_after", 0.0),
        ("strangers", "right", 0.0),
        ("opposites", "wrong", 0.95),
        ("opposites", "wrong_after", 0.9),
        ("strangers", "wrong", 0.95),
    ):
        every = [(scenario, text) for scenario, texts in rows(file)[kind].items() for text in texts]
        found = [row for row in every if doubted(checked(own(row[1], row[0])))]
        print(f"{file} {kind}: {len(found)} of {len(every)}")
        assert len(found) >= least * len(every) if kind.startswith("wrong") else not found, (file, kind, found)


def test_the_scenarios_own_sentences_are_right_with_the_draw_that_they_are_of():
    for scenario in list_scenarios():
        tree = read_own(list_scenarios()[scenario])
        for variant in (None, *(tree.get("variants") or {})):
            for task in tree_of(scenario, variant)["tasks"]:
                for lang in ("en", "zh"):
                    finding = checked(own(task[lang], scenario, variant, task.get("where")))
                    assert finding.level in ("PASS", "NOT_APPLICABLE"), (task[lang], finding.details)


# ------------------------------------------------------------------------------------------------------------ one by one
MICROWAVE = "Put the bowl into the microwave, close the door and press start."


@pytest.mark.parametrize(
    ("text", "level", "kind"),
    [
        ("put the bowl on the table", "PASS", None),
        (MICROWAVE, "FAIL", "scenario"),
        ("Put the bowl on the shelf.", "WARN", "place"),
        ("Put the apple on the shelf.", "FAIL", "object"),
        ("Fold the trousers.", "FAIL", "object"),
        ("把杯子放到桌子中间", "WARN", "object"),
        ("把杯子放到冰箱里", "FAIL", "object"),
        ("Put the bowl in the middle with the right hand", "WARN", "arm"),
        ("Put two bowls of buns in the middle", "WARN", "number"),
        ("set the table after lunch", "PASS", None),
        ("before the meal, put the bowl on the table", "PASS", None),
        ("after the apple is washed, put the bowl on the table", "WARN", "object"),
        ("拿碗放碗", "PASS", None),
        ("拿碗放杯子", "WARN", "place"),
        ("碗归位、小笼包和碗放到桌上", "PASS", None),
        ("碗放到桌上、杯子和勺子放到桌上", "FAIL", "object"),
        ("take a photo", "WARN", "scenario"),
        ("TODO", "WARN", "no_task"),
        ("Do not put the bowl on the shelf", "PASS", None),
        ("Do not move the bowl", "FAIL", "forbidden"),
        ("不要拿碗", "FAIL", "forbidden"),
        ("Do not put the bowl on the table", "FAIL", "forbidden"),
        ("不要把碗放在桌上", "FAIL", "forbidden"),
        ("Take the bowl, but don't put it on the table", "WARN", "forbidden"),
        ("Do not put the bowl too near the edge of the table", "PASS", None),
        ("不要把碗放到桌子边缘", "PASS", None),
        ("Put the bowl on the table, do not drop it", "PASS", None),
        ("Take the bowl, do not drop the bowl", "PASS", None),
        ("zorble the frobnicator", "NOT_CHECKED", None),
    ],
)
def test_what_a_sentence_is_doubted_for(text, level, kind):
    finding = checked(own(text))
    assert finding.level == level and finding.details.get("kind") == kind


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Put the bowl into the microwave and leave the door open", "WARN"),
        ("Put the bowl in, do not close the door", "WARN"),
        ("把碗放进微波炉，别关门", "WARN"),
        ("把碗放进微波炉，让门开着", "WARN"),
        ("把碗放进微波炉，保持门打开", "WARN"),
        ("Never open the door", "FAIL"),
        ("Do not press start", "FAIL"),
        ("Keep the door open while you put the bowl in, then close it", "PASS"),
        ("Do not open the door too far", "PASS"),
        ("Do not press start before closing the door", "PASS"),
        ("小心打开微波炉门", "PASS"),
        ("不要用右手拿碗", "PASS"),
        ("别忘了关门", "PASS"),
        ("Put the bowl into the microwave and leave the door closed", "PASS"),
    ],
)
def test_what_shall_not_be_done_was_done(text, level):
    """`microwave` opens the door, puts the bowl in, closes the door and presses start. A manner that is forbidden is no deed."""
    finding = checked(own(text, "microwave"))
    assert finding.level == level and finding.details.get("kind") in ((None,) if level == "PASS" else ("action", "forbidden"))


def test_a_number_is_named_before_a_verb_that_nobody_knows_there():
    finding = checked(own("把4个线圈拆开称重，放到立柱上", "coil_separation"))
    assert finding.details["kind"] == "number" and finding.details["word"] == "4 线圈" and list(finding.details["done"]) == ["3"]
    assert finding.details["more"] == ["scenario: 称重"]
    assert checked(own("把叠在一起的三个线圈拆开", "coil_separation")).level == "PASS", "how they are, and no task"


def test_the_value_counts_the_words_that_do_not_fit():
    finding = checked(own("Put the apple and the banana into the fridge"))
    assert finding.level == "FAIL" and finding.value == 3.0 and finding.margin == -3.0
    assert finding.details["more"] == ["object: banana", "place: fridge"] and finding.details["word"] == "apple"


def test_the_episodes_own_file_is_read_too():
    both = own("Put the bowl on the table", task={"en": MICROWAVE, "zh": "把碗放到桌上"})
    finding = checked(both)
    assert finding.level == "FAIL" and finding.subject == ("task.en",) and finding.details["count"] == 3
    assert checked(own(None)).reason == "no_task"
    assert checked(own("table_setting")).reason == "no_task", "what the writer says where nobody said anything"
    assert checked(own("Move freely", "bare")).reason == "no_goal"


@pytest.mark.parametrize(
    ("text", "word", "done"),
    [
        ("Pour 500 ml of water.", "500 ml", "150 ml"),
        ("Pour 0.5 litres of water.", "0.5 litres", "0.15 litres"),
        ("倒500毫升水", "500 毫升", "150 毫升"),
        ("倒0.5升水", "0.5 升", "0.15 升"),
        ("倒半升水", "0.5 升", "0.15 升"),
        ("倒1.5L水", "1.5 L", "0.15 L"),
    ],
)
def test_an_amount_is_named_in_the_unit_of_the_sentence(text, word, done):
    finding = checked(own(text, "drink_assist"))
    assert finding.details["kind"] == "number" and finding.details["word"] == word and list(finding.details["done"]) == [done]


@pytest.mark.parametrize("text", ["倒0.15升水", "Pour 0.15 l of water.", "倒150毫升水"])
def test_an_amount_that_was_poured_is_right_in_any_unit(text):
    assert checked(own(text, "drink_assist")).level == "PASS"


def test_the_draw_decides_which_medicine_is_right():
    text = "Bring the person the aspirin from the medicine cabinet."
    assert checked(own(text, "medication_serving", drawn={"named.label": "0 %"})).level == "PASS"
    assert checked(own(text, "medication_serving", drawn={"named.label": "50 %"})).details["kind"] == "object"


@pytest.mark.parametrize(
    ("scenario", "text", "kind"),
    [
        ("table_setting", "Put the bowl of buns under the table", "place"),
        ("table_setting", "Put the bowl of buns on the table", None),
        ("table_setting", "把碗放到地上", "place"),
        ("table_setting", "Take the bowl off the table", "place"),
        ("table_setting", "Pick the bowl up off the table", None),
        ("table_wiping", "Take the dishes off the table", None),
        ("table_wiping", "Wipe the floor", "object"),
        ("bedside_care", "把床栏放下", "action"),
        ("bedside_care", "把呼叫器放下", None),
        ("bedside_care", "Release the brakes", "action"),
        ("bedside_care", "Release the brakes, push the wheelchair to the mark and lock the brakes", None),
        ("bedside_care", "Stop the wheelchair on the floor mark and let go of the handles", None),
        ("package_packing", "Unpack the carton", "action"),
        ("shelf_restocking", "Unpack a can from the carton and put it on the shelf", None),
        ("room_delivery", "把水和房卡从客房送到前台", "place"),
        ("room_delivery", "把水和房卡从前台送到客房", None),
        ("drink_assist", "Take the cup from the person", "place"),
        ("drink_assist", "Hand the cup to the person", None),
        ("coil_separation", "Take the coils out in the order L, M, S", "order"),
        ("coil_separation", "Take the coils out in the order S, M, L", None),
        ("coil_separation", "Coils L, M and S are in the bin", None),
        ("coil_separation", "按从大到小的顺序取出线圈", "order"),
        ("coil_separation", "按从小到大的顺序取出线圈", None),
        ("cooking", "先关火再倒料", "order"),
        ("cooking", "先倒料再关火", None),
        ("cooking", "Plate up, then sprinkle the salt", "order"),
        ("cooking", "Sprinkle the salt, then plate up", None),
        ("car_assembly", "Carry the tray with the left hand only", "arm"),
        ("car_assembly", "单手搬料盘", "arm"),
        ("car_assembly", "Press the clip in with the right hand only", None),
        ("parcel_sorting", "Put all parcels into the same chute", "place"),
        ("table_wiping", "Put both paper balls into the same bin", None),
    ],
)
def test_the_opposite_is_found_beside_what_is_right(scenario, text, kind):
    finding = checked(own(text, scenario))
    assert finding.details.get("kind") == kind and finding.level == ("PASS" if kind is None else "WARN")


@pytest.mark.parametrize(
    ("scenario", "text", "kind"),
    [
        ("table_setting", "Put the bowl of buns at the left edge of the table.", "place"),
        ("table_setting", "把装小笼包的碗放到桌子左边。", "place"),
        ("table_setting", "Lift the bowl on the left side of the table and put it in the middle.", None),
        ("table_setting", "把碗放到客人的碗左边。", None),
        ("table_setting", "Move the guest's bowl to the middle of the table.", "object"),
        ("table_setting", "把客人的碗放到桌子中间", "object"),
        ("table_setting", "First move the guest's bowl aside, then put the bowl of buns in its place.", "object"),
        ("table_setting", "Take the buns out of the bowl and lay them on the table.", "source"),
        ("table_setting", "把碗倒扣在桌子中间。", "posture"),
        ("table_setting", "Keep the bowl upright while you carry it; never turn it upside down.", None),
        ("room_delivery", "Stand the holder on the left edge of the table in the room.", "place"),
        ("material_handling", "Put the full crate into slot B2 on the bottom board of the rack.", "place"),
        ("material_handling", "把满箱放到货架中间一层B2，空箱叠到A1的箱子上面。", None),
        ("medication_serving", "Take the large bottle out of the cabinet and put it on the tray.", "object"),
        ("medication_serving", "把阿司匹林放到托盘上，标签朝里。", "posture"),
        ("bedside_care", "Lay the call button by the right hand of the person.", "place"),
        ("bedside_care", "呼叫按钮放在老人的左手旁。", None),
        ("parcel_sorting", "Put the tube for Beijing into chute 3.", "object"),
        ("microwave", "Put the bowl on top of the microwave and press start.", "place"),
    ],
)
def test_where_in_a_place_which_one_and_which_way_up(scenario, text, kind):
    finding = checked(own(text, scenario))
    assert finding.details.get("kind") == kind and finding.level == ("PASS" if kind is None else "WARN"), finding.details


@pytest.mark.parametrize(
    ("scenario", "text", "en", "zh"),
    [
        ("table_setting", "Put the bowl down, take the empty one away.", "empty bowl was not handled", "没有操作empty bowl"),
        ("table_setting", "Push the bowl of buns without lifting it.", "it was done, though the sentence forbids lifting", "禁止lifting"),
        ("coil_separation", "Take coil S, put it into the bin.", "bin is not the place; the place was peg S", "；实际为 S柱"),
    ],
)
def test_a_doubt_reads_well(scenario, text, en, zh):
    """In coil_separation a limit has the name of the bin."""
    tree = tree_of(scenario)
    titles = {"events": titles_of(tree), "parts": {k: v["title"] for k, v in tree["parts"].items() if "title" in v}}
    finding = checked(own(text, scenario))
    for lang, words in (("en", en), ("zh", zh)):
        assert words in Words(lang).telling(titles).message(finding)


@pytest.mark.parametrize(
    ("scenario", "drawn", "text", "level"),
    [
        ("medication_serving", "named.label", "Bring the person the amoxicillin from the medicine cabinet.", "FAIL"),
        ("medication_serving", "named.label", "把阿莫西林放到托盘上", "FAIL"),
        ("medication_serving", "named.label", "Get the ibuprofen out of the cabinet", "WARN"),
        ("medication_serving", "named.label", "Find the aspirin among aciclovir and amoxicillin", "PASS"),
        ("medication_serving", "named.label", "Get the aspirin, not the amoxicillin", "PASS"),
        ("medication_serving", None, "把阿莫西林放到托盘上", "PASS"),
        ("shelf_restocking", "drink.sku", "Order: orange juice, shampoo, plain crisps. Put them into the basket.", "FAIL"),
    ],
)
def test_what_another_draw_would_have_had_fails_alone(scenario, drawn, text, level):
    """The episode's own draw knows better; another medicine that nobody could have drawn may be a misread word."""
    values = {} if drawn is None else {drawn: "0 %", "care.sku": "0 %", "bag.sku": "0 %"}
    assert checked(own(text, scenario, drawn=values)).level == level


def test_hands_and_order_of_a_chain_that_was_not_performed_are_not_known():
    for text in ("Put the bowl in the middle with the right hand", "Press start, then put the bowl into the microwave"):
        scenario = "microwave" if "microwave" in text else "table_setting"
        assert checked(own(text, scenario)).level == "WARN"
        assert checked(own(text, scenario, performed=False)).level == "PASS"


def test_an_arm_that_is_never_told_to_move_did_nothing():
    names = ("zarm_l1_joint", "zarm_r1_joint")
    moving = np.stack([np.linspace(0.0, 0.9, 5), np.full(5, 0.3)], axis=1)
    command = stream("command", moving, names, "joint_position")
    assert moved_arms(command) == {"left"}
    slow = stream("command", moving * 0.1, names, "joint_position")
    assert moved_arms(slow) is None, "an arm that moves by 0.09 rad does something or nothing"
    assert moved_arms(stream("command", moving, ("a", "b"), "joint_position")) is None
    right = own("put the bowl on the table with the right arm", performed=False)
    finding = checked(replace(right, streams={"s": command}))
    assert finding.level == "FAIL" and finding.details["kind"] == "arm" and finding.details["done"] == ["left"]
    assert checked(replace(own("put the bowl on the table with the left arm"), streams={"s": command})).level == "PASS"


def test_a_set_of_others_is_held_against_the_things_that_it_has():
    things = ("bowl", "empty")
    assert scenario_of_columns(ordinary("", things)) == "table_setting"
    assert scenario_of_columns(ordinary("", ("bowl",))) is None, "several scenarios have a bowl"
    finding = checked(ordinary(MICROWAVE, things))
    assert finding.level == "FAIL" and finding.details["against"] == "columns"
    assert checked(ordinary("Put the bowl on the table", things)).level == "PASS"
    assert checked(ordinary("Use the right hand to put the bowl on the table", things)).level == "PASS"
    assert checked(ordinary(MICROWAVE)).reason == "no_scenario"


def test_against_the_scenario_of_the_command_line_nothing_fails():
    asked = ("table_setting", tree_of("table_setting"))
    assert checked(ordinary(MICROWAVE), asked).level == "WARN"
    assert checked(ordinary(MICROWAVE, scenario="table_setting"), asked).level == "FAIL", "the recording names it"


def test_a_scenario_of_several_variants_is_right_in_any_of_them():
    assert checked(ordinary("Fold the towel in thirds", scenario="laundry_folding")).level == "PASS"
    assert checked(ordinary("Fold the trousers", scenario="laundry_folding")).level == "FAIL"


# ------------------------------------------------------------------------------------------------------------- the words
def test_chinese_is_read_by_its_longest_words():
    (clause,) = read_sentence("把北京的软袋放进2号槽", lexicon()).clauses
    thing, place = clause.things
    assert clause.verbs == {"put"} and thing.text == "软袋" and [m.text for m in thing.of] == ["北京"]
    assert place.role == "place" and place.ident == "2"
    assert not [m for c in read_sentence("水平移动", lexicon()).clauses for m in c.things], "no water in 水平"


def test_every_word_of_the_lexicon_is_of_a_kind_that_exists():
    words = lexicon()
    for name, entry in words.things.items():
        assert set(entry.get("is", ())) <= set(words.things), name
        assert set(entry.get("does", ())) <= set(words.verbs), name
    for name, entry in words.verbs.items():
        for key in ("like", "as", "not"):
            assert set(entry.get(key, ())) <= set(words.verbs), (name, key)


def test_a_sentence_is_read_without_the_engine():
    code = (
        "import sys, time\n"
        "from shiliu.scenarios.tasks.known_work import works_of\n"
        "from shiliu.scenarios.tasks.contradictions import compare\n"
        "from shiliu.scenarios.tasks.lexicon import lexicon\n"
        "(work, *_) = works_of('cooking')\n"
        "text = 'Pour the peas into the pan, then stir and serve'\n"
        "compare(text, work, lexicon())\n"
        "t = time.process_time()\n"
        "[compare(text, work, lexicon()) for _ in range(20)]\n"
        "assert time.process_time() - t < 0.2, 'less than 10 ms each'\n"
        "assert 'mujoco' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("things", "scenario"),
    [({"bowl", "oven"}, "microwave"), ({"bowl", "empty"}, "table_setting"), ({"oven"}, None), ({"bowl", "nothing_of_ours"}, None)],
)
def test_things_with_recorded_poses_tell_the_scenario(things, scenario):
    """An oven stands loose, and its pose is recorded beside that of the bowl; alone it tells nothing."""
    assert scenarios_with(frozenset(things)) == (frozenset() if scenario is None else {scenario})
