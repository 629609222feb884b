"""Options of the environments: action modes, observation groups, pictures, reward, where an episode begins."""

from __future__ import annotations

import re

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.envs.reset_options import steps_at
from shiliu.envs.single import ShiliuEnv
from shiliu.envs.vector import ShiliuVectorEnv
from shiliu.scenarios.sheet.errors import ScenarioError, ShiliuError


@pytest.fixture(scope="module")
def episode(demonstration):
    """A demonstration that reaches the goal."""
    return demonstration


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(np.asarray(a[name]).tobytes() == np.asarray(b[name]).tobytes() for name in a)


def steps(space, n: int, scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(4).uniform(space.low, space.high, (n, *space.shape)) * scale).astype(np.float32)


# -------------------------------------------------------------------------------------------------- action modes


@pytest.mark.parametrize("mode", ["joint_delta", "hand_delta"])
def test_what_an_action_mode_applies_is_what_the_joint_mode_would_have_been_told(scene, mode):
    env, joint = ShiliuEnv(scene, action=mode), ShiliuEnv(scene)
    env.reset(seed=1)
    joint.reset(seed=1)
    for action in steps(env.action_space, 12):
        ours = env.step(action)
        assert env.applied.dtype == np.float32 and joint.action_space.contains(env.applied)
        theirs = joint.step(env.applied)
        assert same(ours[0], theirs[0]) and ours[1:4] == theirs[1:4]


@pytest.mark.parametrize("mode", ["joint_delta", "hand_delta"])
def test_copies_translate_their_actions_as_a_single_environment_does(scene, mode):
    vector = ShiliuVectorEnv(2, scene, action=mode, link={"delay": 0.01, "jitter": 0.004, "loss": 0.1})
    singles = [ShiliuEnv(scene, action=mode, link={"delay": 0.01, "jitter": 0.004, "loss": 0.1}) for _ in range(2)]
    vector.reset(seed=3)
    for i, env in enumerate(singles):
        env.reset(seed=3 + i)
    for pair in np.stack([steps(vector.single_action_space, 8), steps(vector.single_action_space, 8, 0.3)], axis=1):
        observed, *_ = vector.step(pair)
        for i, env in enumerate(singles):
            observation, *_ = env.step(pair[i])
            assert same({name: values[i] for name, values in observed.items()}, observation)
            assert (vector.applied[i] == env.applied).all()


def test_joint_steps_add_up_and_stop_at_the_end_of_the_range(scene):
    env = ShiliuEnv(scene, action="joint_delta", vary=False)
    env.reset(seed=0)
    start = scene.ready_ctrl.astype(np.float32)
    action = np.zeros(env.action_space.shape, np.float32)
    env.step(action)
    assert (env.applied == start).all()
    elbow = scene.schema.action.names.index("zarm_l4_joint")  # range -2.618 to 0; 6 rad/s are 0.2 rad a step
    assert env.action_space.high[elbow] == pytest.approx(6.0 / 30.0, rel=1e-6)
    action[elbow] = 0.1
    for k in range(1, 4):
        env.step(action)
        assert env.applied[elbow] == pytest.approx(start[elbow] + 0.1 * k, abs=1e-6)
    action[elbow] = env.action_space.high[elbow]
    for _ in range(30):
        env.step(action)
    assert env.applied[elbow] == scene.schema.action.bounds[1][elbow]
    assert (np.delete(env.applied, elbow) == np.delete(start, elbow)).all()


def commanded_hand(scene, command, side: str) -> tuple[np.ndarray, np.ndarray]:
    data = mujoco.MjData(scene.model)
    for name, angle in zip(scene.robot.joint_names, command):
        data.qpos[scene.model.joint(name).qposadr[0]] = angle
    mujoco.mj_kinematics(scene.model, data)
    site = data.site(f"{side}_tcp")
    return site.xpos.copy(), site.xmat.reshape(3, 3).copy()


def test_hand_steps_move_and_turn_the_hand_that_they_name(scene):
    env = ShiliuEnv(scene, action="hand_delta", vary=False)
    env.reset(seed=0)
    assert env.interface.actions.feature.names[:6] == tuple(f"left_hand.{a}" for a in ("x", "y", "z", "rx", "ry", "rz"))
    before = {side: commanded_hand(scene, scene.ready_ctrl, side) for side in ("left", "right")}
    action = np.zeros(env.action_space.shape, np.float32)
    action[2], action[5] = 0.006, 0.02  # 6 mm up and 0.02 rad about the vertical, ten times
    action[12:] = 40.0
    for _ in range(10):
        env.step(action)
    after = {side: commanded_hand(scene, env.applied, side) for side in ("left", "right")}
    assert after["left"][0] - before["left"][0] == pytest.approx([0, 0, 0.06], abs=2e-3)
    turned = after["left"][1] @ before["left"][1].T
    assert np.arctan2(turned[1, 0], turned[0, 0]) == pytest.approx(0.2, abs=0.02)
    assert after["right"][0] == pytest.approx(before["right"][0], abs=1e-4)
    assert env.applied[-2:] == pytest.approx([40.0, 40.0])


# ---------------------------------------------------------------------------------------- observations and pictures


def test_groups_of_observations_are_those_that_were_asked_for(scene):
    whole, part = ShiliuEnv(scene), ShiliuEnv(scene, observations=["touch", "state"])
    full, some = whole.reset(seed=2)[0], part.reset(seed=2)[0]
    assert list(some) == ["observation.touch", "observation.state"] and part.observation_space.contains(some)
    assert same(some, {name: full[name] for name in some})
    assert list(ShiliuVectorEnv(2, scene, observations=["wrench"]).reset(seed=0)[0]) == ["observation.wrench"]


@pytest.mark.gl
def test_pictures_show_colour_distance_and_what_is_what(scene, opengl):
    env = ShiliuEnv(scene, images=["overview", "overview/depth", "overview/segmentation"], vary=False)
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    colour, depth, what = (observation[f"observation.{room}.overview"] for room in ("images", "depth", "segmentation"))
    assert colour.shape == (720, 960, 3) and colour.std() > 10
    shown = {scene.model.body(i).name for i in np.unique(what) if i >= 0}
    assert {"oven/microwave", "oven/door", "bowl/bowl_150", "counter/counter"} <= shown
    # the bowl's nearest pixel is as far along the view as the bowl stands before the camera
    model = scene.compile(env.reset()[1]["draw"], looks=True)
    data = mujoco.MjData(model)
    data.qpos[:] = env._one.simulation.live("qpos")[0]
    mujoco.mj_forward(model, data)
    camera = scene.schema.cameras["observation.images.overview"].camera
    axis = -data.cam(camera).xmat.reshape(3, 3)[:, 2]
    away = float((data.body("bowl/bowl_150").xpos - data.cam(camera).xpos) @ axis)
    assert depth[what == scene.model.body("bowl/bowl_150").id].min() == pytest.approx(away, abs=0.11)
    env.close()


# --------------------------------------------------------------------------------------------- reward and the task


def test_the_reward_of_subgoals_adds_up_to_what_was_reached(scene, episode):
    env = ShiliuEnv(scene, reward="subgoal")
    env.reset(options={"episode": episode})
    gained = [env.step(action)[1] for action in episode.actions]
    assert sum(gained) == pytest.approx(1.0) and sum(g > 0 for g in gained) >= 3
    assert all(g in (0.0, 0.2, 0.4) for g in np.round(gained, 6))


def test_a_task_can_end_with_an_earlier_subgoal(scene, episode):
    env = ShiliuEnv(scene, until="opened", reward="sparse")
    env.reset(options={"episode": episode})
    for action in episode.actions:
        _, reward, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            break
    assert terminated and info["success"] and reward == 1.0 and list(info["subgoals"]) == ["opened"]
    assert info["time"] == pytest.approx(info["subgoals"]["opened"])
    assert info["time"] < episode.duration_s / 2


@pytest.mark.parametrize(
    ("vary", "moves"), [(0.0, []), (["bowl"], ["bowl.at.x", "bowl.at.y"]), (["oven.yaw"], ["oven.yaw"])]
)
def test_what_varies_can_be_chosen(scene, vary, moves):
    env = ShiliuEnv(scene, vary=vary)
    draws = [env.reset(seed=seed)[1]["draw"] for seed in range(4)]
    assert sorted(key for key in draws[0] if len({draw[key] for draw in draws}) > 1) == moves


def test_a_share_of_the_ranges_narrows_every_draw(scene):
    whole, half = ShiliuEnv(scene), ShiliuEnv(scene, vary=0.5)
    nominal = ShiliuEnv(scene, vary=False).reset()[1]["draw"]
    for seed in (0, 1, 2):
        a, b = whole.reset(seed=seed)[1]["draw"], half.reset(seed=seed)[1]["draw"]
        assert all(b[key] - nominal[key] == pytest.approx(0.5 * (a[key] - nominal[key])) for key in a)


# ------------------------------------------------------------------------------------- beginning, saving, restoring


def test_an_episode_begins_inside_a_recorded_demonstration(scene, episode):
    env = ShiliuEnv(scene)
    observation, info = env.reset(options={"episode": episode, "t": 5.8})
    k = 174
    assert info["time"] == pytest.approx(5.8) and (env.applied == episode.actions[k - 1]).all()
    assert (observation["observation.state"] == episode.states["observation.state"][k]).all()
    for action in episode.actions[k:]:
        observation, _, terminated, _, info = env.step(action)
    assert terminated and info["success"]
    assert (observation["observation.state"] == episode.states["observation.state"][-1]).all()


def test_an_episode_begins_where_a_subgoal_is_next(scene, episode):
    env = ShiliuEnv(scene, until="loaded")
    _, info = env.reset(options={"episode": episode, "subgoal": "loaded"})
    assert info["subgoals"]["opened"] == pytest.approx(info["time"]) and info["subgoals"]["loaded"] is None
    assert info["time"] > 5.0


@pytest.mark.parametrize("options", [{}, {"action": "hand_delta", "link": {"delay": 0.02, "loss": 0.1}}, {"action": "joint_delta"}])
def test_what_was_saved_goes_on_to_the_same_bits(scene, options):
    env, other = ShiliuEnv(scene, **options), ShiliuEnv(scene, **options)
    env.reset(seed=5)
    actions = steps(env.action_space, 30) if options else np.tile(scene.ready_ctrl.astype(np.float32), (30, 1))
    for action in actions[:10]:
        last = env.step(action)
    saved = env.save()
    ahead = [env.step(action) for action in actions[10:]]
    drawn = env.reset()[1]["draw"]
    other.reset(seed=99)
    for again in (env, other):
        observation, info = again.restore(saved)
        assert same(observation, last[0]) and info == last[4]
        for action, theirs in zip(actions[10:], ahead):
            ours = again.step(action)
            assert same(ours[0], theirs[0]) and ours[1:] == theirs[1:]
        assert again.reset()[1]["draw"] == drawn  # the random numbers too


# ---------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"action": "joints"}, "no action mode 'joints'. Did you mean joint"),
        ({"observations": ["stat"]}, "no 'stat' here. Did you mean state"),
        ({"images": ["head/dept"]}, "no picture of kind 'dept'. Did you mean depth"),
        ({"images": ["haed"]}, "no camera 'haed'. Did you mean head"),
        ({"reward": "dence"}, "no reward 'dence'. Did you mean dense"),
        ({"until": "loded"}, "no subgoal 'loded'. Did you mean loaded"),
        ({"link": {"delay": -0.1}}, "-0.1 lies outside 0 to 10 s"),
        ({"link": {"delay": "0.1"}}, "'0.1' is not a quantity. Write a number with its unit"),
        ({"link": {"delay": 0.01, "jitter": 0.02}}, "0.02 s is more than the delay"),
        ({"link": {"dellay": 0.1}}, "unknown key 'dellay'. Did you mean delay"),
        ({"link": "5g"}, "There is no link '5g'"),
        ({"link": 3}, "3 is no link. Write a preset"),
        ({"observations": 3}, "observations: 3 is not accepted here. Give names of groups"),
        ({"action": 3}, "action: 3 is not accepted here. Give one of joint, joint_delta, hand_delta"),
        ({"vary": 1.5}, "vary: 1.5 is not accepted here. Give True, False, a share from 0 to 1"),
        ({"vary": ["bowk"]}, "Nothing of 'bowk' varies here"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(scene, keywords, message):
    with pytest.raises(ShiliuError, match=re.escape(message)):
        ShiliuEnv(scene, **keywords)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsode": 1}, "no option 'epsode'. Did you mean episode"),
        ({"t": 1.0}, "is one of an episode"),
        ({"episode": ..., "values": {}}, "has its own values"),
        ({"episode": ..., "t": 1.0, "subgoal": "opened"}, "the time or the subgoal"),
        ({"episode": ..., "t": 1e4}, "lies outside the episode"),
        ({"episode": ..., "t": "5 s"}, "'5 s' is not a number of seconds"),
        ({"episode": "demos"}, "'str' is no episode; give `next(shiliu.read(path)).episode`"),
        ({"episode": ..., "subgoal": "shut"}, "no subgoal 'shut'"),
    ],
)
def test_a_beginning_that_makes_no_sense_is_refused(scene, episode, options, message):
    env = ShiliuEnv(scene)
    with pytest.raises(ScenarioError, match=re.escape(message)):
        env.reset(options={key: episode if value is ... else value for key, value in options.items()})


def test_what_another_scene_saved_is_refused(scene, bare):
    env, other = ShiliuEnv(scene), ShiliuEnv(bare)
    env.reset(seed=0)
    other.reset(seed=0)
    for saved, message in (
        (other.save(), "saved in another scene than 'microwave'"),
        ({}, "'dict' is nothing that save"),
    ):
        with pytest.raises(ScenarioError, match=message):
            env.restore(saved)


def test_an_episode_of_another_scenario_is_refused(bare, episode):
    with pytest.raises(ScenarioError, match="an episode of 'microwave', and this is 'bare'"):
        ShiliuEnv(bare).reset(options={"episode": episode})


@pytest.mark.gl
def test_the_wrists_see_their_own_fingers(scene, opengl):
    env = ShiliuEnv(scene, images=["left_wrist/segmentation", "right_wrist/segmentation"], vary=False)
    observation, _ = env.reset(seed=0)
    for side in ("left", "right"):
        what = observation[f"observation.segmentation.{side}_wrist"]
        assert what.shape == (480, 848)  # as the hardware's camera gives it
        assert {scene.model.body(i).name for i in np.unique(what) if i >= 0} >= {f"{side}_finger_front", f"{side}_claw"}
    env.close()


def test_people_may_take_longer_than_the_scripted_operator():
    scene = shiliu.load_scenario("table_setting")
    limit = round(scene.config.time_limit / scene.control_timestep)
    assert scene.config.pace == 3.0
    for pace, steps in ((1.0, limit), ("people", 3 * limit), (0.02, round(0.02 * limit))):
        assert steps_at(scene, pace) == steps
    env = ShiliuEnv(scene, pace=0.02)
    env.reset(seed=1)
    ends = [env.step(env.action_space.sample() * 0.0 + scene.ready_ctrl)[3] for _ in range(15)]
    assert ends.index(True) == 14  # 25 s at 30 Hz, of which 0.02
    for wrong in (0.0, -1.0, float("nan"), "slow", True):
        with pytest.raises(ShiliuError, match="pace"):
            steps_at(scene, wrong)


def test_a_pace_below_one_is_refused_where_it_is_written():
    with pytest.raises(ScenarioError, match=r"pace=0\.5': 0\.5 is too small"):
        shiliu.load_scenario("table_setting", ["+scenario.pace=0.5"])
    assert shiliu.load_scenario("table_setting", ["+scenario.pace=2"]).config.pace == 2.0


def test_reset_says_what_counts_beside_the_task_sentence():
    env = ShiliuEnv("table_setting")
    _, info = env.reset(seed=1)
    assert info["brief"] == dict(env.scene.config.brief) and "30 mm" in info["brief"]["en"] and "30毫米" in info["brief"]["zh"]
    assert "brief" not in env.step(env.scene.ready_ctrl.astype(np.float32))[4]
