"""Primitives on parts that they were not written for: each wants the sites or the sheet that it asks for, and no more."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import mujoco
import numpy as np
import pytest
import yaml
from benches import BENCH, done, end, seen
from shiliu.replay.operator.limbs.hand import Hand
from shiliu.replay.operator.planning.ways import REACHED
from shiliu.replay.operator.senses.holds import called
from shiliu.replay.operator.skills.take.plain import TakePlain
from shiliu.replay.operator.words.primitives import PRIMITIVES
from shiliu.scenarios.catalog.catalog import scene_of_tree

# parts of the library that hands take, where they stand before a hand, and the site at their foot
LOOSE = {
    "can_330": {"x": "150 mm", "y": "250 mm"},
    "bottle_065": {"x": "150 mm", "y": "280 mm"},
    "bowl_150": {"x": "150 mm", "y": "280 mm"},
    "tin_box": {"x": "150 mm", "y": "330 mm"},
    "book_210": {"x": "170 mm", "y": "270 mm"},
    "cup_075": {"x": "150 mm", "y": "270 mm"},
}
TURNED = {"tin_box": "90 deg"}  # its narrow side towards the robot: a hand from above closes across it
NEVER = {"never": {"moved": {"of": "thing", "more_than": "3000 mm"}}}
# primitives that no three parts here can show, and why
ELSEWHERE = {
    "report": "wants an instrument that shows something, and a scenario that asks for it: test_answers",
    "pour": "wants a liquid, or grains, and two vessels: test_pouring, test_tipping; medicine, salt and vegetables in their scenarios",
    "hand_over": "wants a person who takes it: test_handover",
    "walk": "is about places, and goes round what stands there: test_mobile, test_standing",
    "verify": "wants what is seated in a hole or on pins, of which car_assembly has the three that there are: test_insertion",
    "draw": "wants a cloth: test_spread, test_fold, with a towel, a shirt and a heap of cloth",
    "fold": "wants a cloth: test_fold, test_thirds, with towels of two foldings and a shirt",
    "fling": "wants a cloth that both hands hold by its edge: test_spread",
}


def test_every_primitive_is_tried_here_or_it_is_told_why_not():
    own = Path(__file__).read_text(encoding="utf-8")
    tried = {word for word in PRIMITIVES if re.search(rf"""[-{{"] ?{word}"?: \{{""", own)}
    assert tried | set(ELSEWHERE) == set(PRIMITIVES)
    assert not tried & set(ELSEWHERE)
    files = set(re.findall(r"\btest_\w+", " ".join(ELSEWHERE.values())))
    assert files <= {file.stem for file in Path(__file__).parents[1].rglob("test_*.py")}


def table(
    chain: str,
    thing: str = "can_330",
    side: str = "left",
    place: dict | None = None,
    tall: dict | None = None,
    **more: object,
):
    """A table with one thing on it, before the hand of a side, and another one where that is said."""
    tree = yaml.safe_load(BENCH)
    for name in ("bowl", "buns", "other", "can"):
        tree["parts"].pop(name)
    at = dict(LOOSE[thing] if place is None else place)
    if side == "right":
        at["y"] = f"-{at['y']}"
    tree["parts"]["thing"] = {
        "part": f"objects/{thing}",
        "stands_on": "table.top_front",
        "put": "base",
        "at": at,
        "yaw": TURNED.get(thing, "0 deg"),
    }
    tree["parts"] |= {"tall": tall} if tall else {}
    tree |= {"skills": yaml.safe_load(chain.replace("SIDE", side)), "goal": NEVER, "time_limit": "30 s", **more}
    return scene_of_tree("bench", tree)


def began(made) -> mujoco.MjData:
    data = mujoco.MjData(made.draw.model)
    mujoco.mj_setState(made.draw.model, data, made.states[0], mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_forward(made.draw.model, data)
    return data


@pytest.mark.slow
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("thing", LOOSE)
def test_what_has_a_grip_is_taken_and_put_elsewhere(thing, side):
    chain = """
    - take: {hand: SIDE, of: thing, by: 80 mm}
    - put: {hand: SIDE, of: thing.base, upon: table.top_front, ahead: 160 mm, aside: ASIDE}
    - home: {hand: SIDE, around: "yes"}
    """.replace("ASIDE", "120 mm" if side == "left" else "-120 mm")
    scene = table(chain, thing, side)
    made = done(scene)
    assert "gave_up" not in made.provenance
    data = end(scene, made)
    away = data.site("thing/base").xpos - data.site("table/top_front").xpos
    wanted = np.array([0.16, 0.12 if side == "left" else -0.12, 0.0])
    assert np.linalg.norm((away - wanted)[:2]) < 0.02 and abs(away[2]) < 0.008
    assert data.site("thing/base").xmat.reshape(3, 3)[2, 2] > 0.99, "upright"
    assert made.observations["observation.touch"][-1].max() < 1.0, "let go of"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("thing", "site", "yaw"),
    [("can_330", "middle", 180), ("cup_075", "body", 0), ("bottle_065", "body", 0), ("book_210", "spine", 180)],
)
def test_a_thing_is_looked_at_pointed_at_reached_lifted_lowered_and_let_go(thing, site, yaw):
    chain = f"""
    - look: {{at: thing.base}}
    - point: {{hand: left, at: thing.base}}
    - reach: {{hand: left, at: thing.{site}, yaw: {yaw} deg}}
    - take: {{hand: left, of: thing}}
    - lift: {{hand: left, by: 60 mm}}
    - wait: {{time: 0.5 s}}
    - lift: {{hand: left, by: -59 mm}}
    - release: {{hand: left}}
    """
    scene = table(chain, thing)
    made = done(scene)
    assert "gave_up" not in made.provenance
    start, ends = began(made), [round(one["t1"] / scene.control_timestep) for one in made.segments]
    hand = np.column_stack([seen(scene, made, "observation.hand_pose", f"left_tcp.{axis}") for axis in "xyz"])
    hand += start.site("left_tcp").xpos - hand[0]  # in the world
    base = np.column_stack([seen(scene, made, "observation.environment_state", f"thing.{axis}") for axis in "xyz"])
    tip_end = Hand(scene.robot.hand_sheet).tip_end
    assert np.linalg.norm(hand[ends[1]] - start.site("thing/base").xpos) == pytest.approx(0.20 + tip_end, abs=0.01)
    assert np.linalg.norm(hand[ends[2]] - start.site(f"thing/{site}").xpos) == pytest.approx(0.10, abs=0.01)
    assert base[ends[2]] == pytest.approx(base[0], abs=0.001), "it has not been touched yet"
    touch = made.observations["observation.touch"][:, :2]
    assert base[ends[5]] - base[0] == pytest.approx([0.0, 0.0, 0.058], abs=0.004)
    assert base[-1] == pytest.approx(base[0], abs=0.004) and touch[-1].max() == 0.0
    assert end(scene, made).site("thing/base").xmat.reshape(3, 3)[2, 2] > 0.999, "upright"


@pytest.mark.slow
@pytest.mark.parametrize(("thing", "comes"), [("cup_075", True), ("tin_box", False)])
def test_what_is_carried_goes_round_what_stands_in_the_way_or_does_not_go(thing, comes):
    chain = """
    - take: {hand: left, of: thing, by: 60 mm}
    - carry: {how: over, hand: left, of: thing.base, upon: table.top_front, ahead: 160 mm, aside: 60 mm, above: 60 mm}
    - wait: {time: 1.2 s}
    """
    tall = {"part": "objects/bottle_065", "stands_on": "table.top_front", "put": "base"}
    tall["at"] = {"x": "160 mm", "y": "210 mm"}  # where it would be swept off by what goes straight
    scene = table(chain, thing, place={"x": "150 mm", "y": "360 mm"}, tall=tall)
    made = done(scene)
    data = end(scene, made)
    assert data.site("tall/base").xpos == pytest.approx(began(made).site("tall/base").xpos, abs=0.003), "it stands"
    away = data.site("thing/base").xpos - data.site("table/top_front").xpos
    assert (np.linalg.norm(away[:2] - [0.16, 0.06]) < 0.02) == comes
    assert made.provenance.get("gave_up", {}).get("code") == (None if comes else "no_way_over")


@pytest.mark.slow
@pytest.mark.parametrize("thing", ["bottle_065", "cup_075", "tin_box", "mug_080"])
def test_what_is_wide_enough_is_pushed(thing):
    chain = "[{stroke: {how: push, hand: left, of: thing.base, to: table.top, radius: 45 mm}}]"
    scene = table(chain, thing, place={"x": "150 mm", "y": "120 mm"})
    made = done(scene)
    data = end(scene, made)
    assert np.linalg.norm((data.site("thing/base").xpos - data.site("table/top").xpos)[:2]) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_drawer_is_opened_and_shut(side):
    y = "260 mm" if side == "left" else "-260 mm"
    tree = yaml.safe_load(BENCH)
    parts = {"room": tree["parts"]["room"]}
    parts["chest"] = {"part": "fixtures/drawer_unit", "put": "front_foot", "at": {"x": "450 mm", "y": y}}
    chain = [
        {"move_joint": {"hand": side, "joint": "chest.slide", "to": "200 mm"}},
        {"move_joint": {"hand": side, "joint": "chest.slide", "to": "0 mm"}},
    ]
    goal = {
        "opened": {"angle": {"of": "chest.slide", "above": "150 mm"}, "passes": True},
        "shut": {"angle": {"of": "chest.slide", "below": "5 mm"}, "hold": "0.3 s"},
    }
    scene = scene_of_tree("bench", tree | {"parts": parts, "skills": chain, "goal": goal, "time_limit": "40 s"})
    assert done(scene).success


@pytest.mark.slow
def test_a_drawer_that_sticks_more_than_the_hand_may_pull_is_given_up():
    tree = yaml.safe_load(BENCH)
    parts = {"room": tree["parts"]["room"]}
    parts["chest"] = {
        "part": "fixtures/drawer_unit",
        "put": "front_foot",
        "at": {"x": "450 mm", "y": "260 mm"},
        "friction": "10 N",
    }
    chain = [{"move_joint": {"hand": "left", "joint": "chest.slide", "to": "200 mm", "force": "5 N"}}]
    goal = {"opened": {"angle": {"of": "chest.slide", "above": "150 mm"}}}
    made = done(scene_of_tree("bench", tree | {"parts": parts, "skills": chain, "goal": goal, "time_limit": "20 s"}))
    assert made.provenance["gave_up"]["code"] == "did_not_yield"


@pytest.mark.slow
@pytest.mark.parametrize("place", ["can_330", "bowl_150", "tin_box"])
def test_whatever_stands_there_is_pressed_upon(place):
    site = {"can_330": "top", "bowl_150": "inside", "tin_box": "top"}[place]
    chain = f"[{{press: {{how: surface, hand: left, at: thing.{site}, force: 10 N, time: 1 s}}}}]"
    scene = table(chain, place)
    made = done(scene)
    force = made.observations["observation.touch"][:, :2].sum(axis=1)
    assert np.median(force[force > 1.0]) == pytest.approx(10.0, rel=0.35)


def test_a_thing_without_a_grip_is_given_up():
    chain = "[{take: {hand: left, of: table}}]"
    made = done(table(chain, time_limit="2 s"))
    assert made.provenance["gave_up"]["code"] == "no_grip"


@pytest.mark.parametrize(("grip", "tried"), [("", "body, handle"), (", grip: handle", "handle")])
def test_a_grip_that_is_named_is_the_only_one_that_is_tried(grip, tried):
    far = {"x": "600 mm", "y": "600 mm"}
    made = done(table(f"[{{take: {{hand: right, of: thing{grip}}}}}]", "cup_075", place=far, time_limit="2 s"))
    assert made.provenance["gave_up"]["code"] == "no_room_to_take"
    assert ", ".join(sorted(made.provenance["gave_up"]["details"]["grips"].split(", "))) == tried


# doors, where they stand before a hand, and the hand
DOORS = {
    "microwave": ("left", {"x": "230 mm", "y": "405 mm"}),
    "microwave_right": ("right", {"x": "230 mm", "y": "-405 mm"}),
    "microwave_pocket": ("left", {"x": "230 mm", "y": "405 mm"}),
    "wall_cabinet": ("right", {"x": "550 mm", "y": "-230 mm"}),
}


def door(part: str, chain: list, goal: dict):
    """A room with a door in it, on a counter where it does not hang on a wall."""
    tree, at = yaml.safe_load(BENCH), DOORS[part][1]
    parts = {"room": tree["parts"]["room"]}
    if part == "wall_cabinet":
        parts["thing"] = {"part": f"fixtures/{part}", "put": "foot", "at": at}
    else:
        parts["table"] = tree["parts"]["table"] | {"height": "870 mm", "depth": "700 mm"}
        stands = {"stands_on": "table.top_front", "put": "front_bottom", "at": at}
        parts["thing"] = {"part": f"fixtures/{part}", **stands}
    more = {"parts": parts, "skills": chain, "goal": goal, "time_limit": "40 s"}
    return scene_of_tree("bench", tree | more)


OPENED = {"opened": {"angle": {"of": "thing.door", "above": "30 deg"}, "hold": "0.3 s"}}


@pytest.mark.slow
@pytest.mark.parametrize("part", DOORS)
def test_a_door_is_opened_by_the_handle_of_its_sheet(part):
    hand = DOORS[part][0]
    made = done(door(part, [{"move_joint": {"hand": hand, "joint": "thing.door", "to": "40 deg"}}], OPENED))
    assert made.success, made.provenance.get("gave_up")


@pytest.mark.slow
@pytest.mark.parametrize("of", ["thing.door", "thing.handle"])
def test_what_the_hand_holds_already_is_pulled(of):
    chain = [
        {"take": {"hand": "left", "of": of}},
        {"move_joint": {"hand": "left", "joint": "thing.door", "to": "40 deg"}},
    ]
    made = done(door("microwave", chain, OPENED))
    assert made.success, made.provenance.get("gave_up")


@pytest.mark.parametrize(("above", "there"), [(0.05, 0.0), (0.0, 0.05), (0.05, 0.05), (0.0, 0.0)])
def test_what_is_taken_to_be_put_has_to_come_over_its_place_and_to_it(above, there):
    class Reaches:
        """An arm that misses the place, or what is above it."""

        def solve(self, position, rotation, seed, like, orient):
            self.frame = rotation
            return seed, above if position[2] > 0.01 else there

        def hand(self, q):
            return np.zeros(3), self.frame

    class Sees:
        arms: ClassVar = {"left": Reaches()}
        scene: ClassVar = SimpleNamespace(config=SimpleNamespace(parts=()))

        def site(self, name):
            return np.zeros(3), np.eye(3)

        body_pose = site

    take = TakePlain.made(hand="left", of="can", into="table/top")
    sees = Sees()
    sees.senses = sees
    score = take._brought(sees, np.zeros(3), np.eye(3), np.zeros(7))
    assert score == pytest.approx(400.0 * max(above, there, REACHED) - 400.0 * REACHED)


def test_a_body_that_is_called_like_its_part_s_file_is_named_by_the_part():
    parts = [SimpleNamespace(name="card", part=SimpleNamespace(file=Path("objects/room_card/room_card.xml")))]
    assert called("card/room_card", parts) == called("card", parts) == "card"
    assert called("card/strip", parts) == "card.strip" and called("oven/door", parts) == "oven.door"
