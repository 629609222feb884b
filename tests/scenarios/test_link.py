"""The link between operator and robot: what it does to messages, a fit to ping, environments, demonstrations, and replays to the bit."""

import itertools

import numpy as np
import pytest
import shiliu
from shiliu.envs.single import ShiliuEnv
from shiliu.envs.vector import ShiliuVectorEnv
from shiliu.replay.formats.episode_archive import pack, unpack
from shiliu.replay.operator import operator as operators
from shiliu.replay.operator.operator import perform
from shiliu.replay.rollout.episode import episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.catalog.catalog import over_link, scene_of_tree
from shiliu.scenarios.draws.variation import draw, of_episode
from shiliu.scenarios.link.link import Link, fitted, resolve
from shiliu.scenarios.link.traffic import FEATURE, Traffic
from shiliu.scenarios.reading.composition import members
from shiliu.scenarios.sheet.errors import ScenarioError

DT, SUB = 1 / 30, 16


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("table_setting")


@pytest.fixture(scope="module")
def drive():
    return shiliu.load_scenario("bare", base="mobile", link={"loss": 0.999})


def traffic(seed=0, n=4000, **link):
    made = Traffic(Link(**link), seed, DT, SUB)
    made.upto(n)
    return made


def test_a_delay_of_a_whole_period_acts_one_period_later():
    late = traffic(delay=DT)
    assert np.array_equal(late.effect[:50], np.arange(-1, 49)[:, None].repeat(SUB, 1))
    assert np.array_equal(late.seen[:50], np.maximum(np.arange(-1, 49), 0))
    assert late.passing[5] == pytest.approx([4 * DT, 5 * DT, 3 * DT, 4 * DT])


def test_a_delay_within_the_period_acts_at_the_physics_step_after_it():
    late = traffic(delay=0.01)  # 4.8 physics steps
    assert late.effect[7].tolist() == [6] * 5 + [7] * 11
    assert late.passing[8] == pytest.approx([7 * DT, 7 * DT + 0.01, 7 * DT, 7 * DT + 5 * DT / SUB])


def test_times_have_the_mean_the_spread_and_the_losses_that_were_asked_for():
    some = traffic(delay=0.05, jitter=0.012, loss=0.1, n=20000)
    came = np.isfinite(some.age)
    assert some.age[came].mean() == pytest.approx(0.05, abs=0.001) and some.age[came].std() == pytest.approx(0.012, abs=0.001)
    assert some.age[came].min() >= 0.05 - 0.012 and (~came).mean() == pytest.approx(0.1, abs=0.01)


def test_the_same_seed_gives_the_same_times_whatever_their_number():
    some = {"delay": 0.05, "jitter": 0.02, "loss": 0.05, "every": 5.0, "shortest": 0.2, "longest": 1.0}
    short, long, other = traffic(7, 100, **some), traffic(7, 9000, **some), traffic(8, 100, **some)
    assert np.array_equal(short.effect[:90], long.effect[:90]) and np.array_equal(short.passing[:90], long.passing[:90])
    assert not np.array_equal(short.effect[:90], other.effect[:90])


def test_no_command_goes_back_and_one_that_is_too_old_is_not_carried_out():
    some = traffic(delay=0.3, jitter=0.15, n=5000)
    acting = some.effect.ravel()
    assert (np.diff(acting) >= 0).all() and (np.diff(some.seen) >= 0).all()
    assert (some.age > 0.5).any() and not np.isin(np.flatnonzero(some.age > 0.5), acting).any()


def test_a_drop_out_is_silence_both_ways():
    some = traffic(every=10.0, shortest=1.0, longest=1.0, n=3000)
    assert some.silent.max() == pytest.approx(1.0, abs=0.05)
    t = np.arange(len(some.seen)) * DT
    assert (t - some.passing[:, 0]).max() == pytest.approx(1.0, abs=0.05)


def test_a_base_stops_in_silence_and_an_arm_holds(drive):
    env = ShiliuEnv(drive, vary=False)
    env.reset(seed=0)
    env.interface.link._traffic[0] = stopping = traffic()
    stopping.effect[10:], stopping.silent[10:] = 9, (np.arange(len(stopping.seen) - 10)[:, None] + 1) * DT
    action, names = env.applied, drive.schema.action.names
    action[names.index("zarm_l4_joint")] -= 0.1
    base = [names.index(name) for name in drive.robot.base_names[:3]]
    action[base[0]] = 0.2
    moved = [env.interface.command(action[None])[0, -1].copy() for _ in range(40)]
    assert moved[20][base[0]] == np.float32(0.2) and moved[39][base].tolist() == [0.0, 0.0, 0.0]
    assert np.delete(moved[39], base).tolist() == np.delete(action, base).tolist()


def test_a_height_on_legs_is_held_in_silence():
    legs = shiliu.load_scenario("bare", base="legs", link={"loss": 0.999})
    env = ShiliuEnv(legs, vary=False)
    env.reset(seed=0)
    env.interface.link._traffic[0] = silent = traffic()
    silent.effect[1:], silent.silent[1:] = 0, np.arange(1, len(silent.seen))[:, None] * DT
    action = env.applied
    action[-1] = -0.15
    assert legs.schema.action.names[-1] == "base_height"
    assert [env.interface.command(action[None])[0, -1, -1] for _ in range(40)][-1] == np.float32(-0.15)


# ------------------------------------------------------------------------------------------------------------- environments


def test_what_a_caller_writes_into_an_observation_stays_the_callers(scene):
    mine, theirs = (ShiliuEnv(scene, link={"delay": 0.1, "jitter": 0.1}, vary=False) for _ in range(2))
    seen, other = mine.reset(seed=0)[0], theirs.reset(seed=0)[0]
    for _ in range(20):
        assert all(np.array_equal(seen[name], other[name]) for name in seen)
        for value in seen.values():
            value[...] = 0
        seen, other = mine.step(mine.applied)[0], theirs.step(theirs.applied)[0]


def test_what_was_saved_over_one_link_does_not_go_on_over_another(scene):
    mine, theirs = (ShiliuEnv(scene, link={"delay": delay}, vary=False) for delay in (0.1, 0.2))
    mine.reset(seed=0)
    theirs.reset(seed=0)
    before = theirs.state
    with pytest.raises(ScenarioError, match="another link"):
        theirs.restore(mine.save())
    assert np.array_equal(theirs.state, before)


def test_an_environment_acts_and_shows_late_by_the_delay(scene):
    late, prompt = (ShiliuEnv(scene, link=link, vary=False) for link in ({"delay": DT}, None))
    first, _ = late.reset(seed=0)
    seen = [prompt.reset(seed=0)[0]]
    noise = 0.05 * np.random.default_rng(0).standard_normal((8, 18))
    actions = np.clip(scene.ready_ctrl + noise, late.action_space.low, late.action_space.high).astype(np.float32)
    seen.append(prompt.step(late.applied)[0])  # what held before the first command arrived
    seen += [prompt.step(action)[0] for action in actions]
    later = [late.step(action)[0] for action in actions]
    assert all(np.array_equal(first[name], seen[0][name]) for name in seen[0])
    for mine, theirs in zip(later, seen):
        assert all(np.array_equal(mine[name], theirs[name]) for name in theirs)
    assert later[3][FEATURE] == pytest.approx([3 * DT, 4 * DT, 2 * DT, 3 * DT], abs=1e-6)


def test_a_vector_environment_is_the_single_one_and_goes_on_from_where_it_was_saved(scene):
    link = {"delay": 0.06, "jitter": 0.02, "loss": 0.2}
    vector, single = ShiliuVectorEnv(2, scene, link=link), ShiliuEnv(scene, link=link)
    both, _ = vector.reset(seed=3)
    alone, info = single.reset(seed=4)
    assert info["draw"]["link.seed"] != 0.0
    rng = np.random.default_rng(1)
    for step in range(20):
        action = np.clip(single.applied + 0.02 * rng.standard_normal(18), single.action_space.low, single.action_space.high)
        both = vector.step(np.stack([action, action]).astype(np.float32))[0]
        if step == 10:
            saved = single.save()
            single.step(single.applied)
            single.restore(saved)
        alone = single.step(action.astype(np.float32))[0]
        assert all(np.array_equal(both[name][1], alone[name]) for name in alone)


# ----------------------------------------------------------------------------------------------------------- demonstrations


@pytest.fixture(scope="module")
def shown(scene):
    over = over_link(scene, {"delay": 0.05, "jitter": 0.02, "loss": 0.05})
    (done,) = perform(over, [draw(over, 2)], [2])
    return over, episode_of(over, done)


def test_the_operator_knows_the_world_only_through_what_has_arrived(scene, monkeypatch):
    """What it is given is, at each step, what was captured some rows before; it acts the same where the world is read from that alone."""
    over, given, now = over_link(scene, {"delay": 0.1, "jitter": 0.03, "loss": 0.05}), [], []
    act, note = operators.Operator.act, operators.Observations.note

    def acting(self, readings, carry):
        given.append((readings.value.copy(), carry.done[0]))
        return act(self, readings, carry)

    def noting(self, moment):
        now.append((moment.readings.value[0].copy(), moment.carry.done[0]))
        note(self, moment)

    monkeypatch.setattr(operators.Operator, "act", acting)
    monkeypatch.setattr(operators.Observations, "note", noting)
    (done,) = perform(over, [draw(over, 2)], [2])
    captured = np.rint(done.observations[FEATURE][:, 0] / DT).astype(int)
    assert (np.arange(len(captured)) - captured)[5:].min() >= 2 and (np.arange(len(captured)) - captured).max() >= 5
    for t, (value, reached) in enumerate(given):
        assert np.array_equal(value, now[captured[t]][0]) and reached == now[captured[t]][1]


def test_a_replay_over_its_link_is_equal_to_the_bit_and_its_times_are_kept(shown):
    over, episode = shown
    episode = unpack(pack(episode))
    again = scene_of_tree(over.name, episode.config["scenario"])
    played = next(play(again, [Take(of_episode(again, episode), episode.actions)]))
    assert played.label == episode.label
    for name, rows in episode.states.items():
        assert np.array_equal(played.observations[name], rows), name
    sent, applied = episode.states[FEATURE][5:, 2:].T
    assert (applied > sent).all() and (applied - sent).max() > 0.07


def test_a_draw_is_the_same_over_every_link(scene):
    over = over_link(scene, "impaired")
    one, other = draw(scene, 5), draw(over, 5)
    assert {k: v for k, v in other.values.items() if k != "link.seed"} == one.values and other.task == one.task
    assert np.array_equal(one.start_state, other.start_state)


def test_the_local_link_is_no_link(scene):
    same = over_link(over_link(scene, "5g_sa"), "local")
    assert same.config.link == Link() and "link" not in same.config.raw and FEATURE not in same.schema.observations
    assert over_link(scene, "5g_sa").fingerprint == scene.fingerprint


# ---------------------------------------------------------------------------------------------------------------- settings


def test_every_preset_reads_and_says_where_its_numbers_come_from():
    presets = members("link")
    assert {"local", "5g_sa", "5g_nsa", "4g", "wifi_moving", "impaired"} <= set(presets)
    for name in set(presets) - {"local", "scenario"}:
        found = resolve(presets, name)
        assert found is not None and len(found["source"]) > 40 and found["like"] == name


def test_layers_are_laid_over_one_another_and_a_preset_replaces_all():
    presets = members("link")
    assert resolve(presets, "4g", {"delay": 0.05})["jitter"] == "12 ms"
    assert resolve(presets, {"delay": 0.3, "loss": 0.1}, "5g_sa").get("delay") == "8 ms"
    assert resolve(presets, "4g", "local") is None
    assert resolve(presets, None, {"delay": "20 ms", "stale": None}) == {"delay": "20 ms"}


LINUX = "\n".join(
    [f"64 bytes from 10.0.0.1: icmp_seq={i} ttl=64 time={20 + 4 * (i % 2)}.0 ms" for i in range(81)]
    + ["100 packets transmitted, 81 received, 19% packet loss, time 99100ms"]
)


def test_a_link_is_fitted_to_what_ping_prints(tmp_path):
    file = tmp_path / "trace.txt"
    file.write_text(LINUX)
    found = fitted(file)
    assert found["delay"] == pytest.approx(0.011, abs=2e-5) and found["jitter"] == pytest.approx(0.002 / 2**0.5, abs=1e-5)
    assert found["loss"] == pytest.approx(0.1, abs=1e-3) and "half of the round trip" in found["source"]
    over = shiliu.load_scenario("bare", link={"ping": str(file)})
    assert over.config.link.delay == found["delay"] and "ping" not in over.config.raw["link"]
    file.write_text("\n".join(LINUX.splitlines()[:9]))
    with pytest.raises(ScenarioError, match=r"trace\.txt.*holds 9 replies"):
        fitted(file)
    with pytest.raises(ScenarioError, match="cannot be read"):
        fitted(tmp_path / "none.txt")


def test_bad_links_are_refused():
    presets = members("link")
    for layer, message in itertools.chain(
        [({"loss": 1.0}, "no share"), ({"delay": 11}, "outside 0 to 10 s"), ({"delay": True}, "True")],
        [({"drop_outs": {"every": "1 s"}}, "shortest"), ({"stale": 0}, "outside 0.001")],
        [({"drop_outs": {"every": 9, "shortest": 2, "longest": 1}}, "as long as the shortest")],
    ):
        with pytest.raises(ScenarioError, match=message):
            resolve(presets, layer)


def test_a_scenario_names_a_link_of_its_own_folder(tmp_path):
    for group, name, text in (
        ("link", "tunnel", "delay: 0.12 s\nloss: 3 %\n"),
        ("scenario", "far", "defaults: [bare, _self_]\nlink: tunnel\n"),
    ):
        (tmp_path / group).mkdir()
        (tmp_path / group / f"{name}.yaml").write_text(text)
    assert shiliu.load_scenario("far", conf_dir=tmp_path).config.link.delay == pytest.approx(0.12)
    (tmp_path / "link" / "tunnel.yaml").rename(tmp_path / "link" / "other.yaml")
    with pytest.raises(ScenarioError, match="no link 'tunnel'"):
        shiliu.load_scenario("far", conf_dir=tmp_path)


def odd_trace(file, numbers, more=(), extra=""):
    """A trace that was stopped: replies of these numbers, without a summary."""
    lines = [f"64 bytes from 10.0.0.1: icmp_seq={i} ttl=64 time=20.0 ms{extra}" for i in numbers]
    file.write_text("\n".join([*lines, *more]))
    return fitted(file)


def test_losses_of_a_trace_that_was_stopped_are_counted(tmp_path):
    file = tmp_path / "trace.txt"
    whole = odd_trace(file, range(100))
    assert whole["loss"] == 0.0 and "by their numbers" in whole["source"]
    gap = odd_trace(file, [*range(40), *range(59, 100)])  # 19 of 100 never came back: a tenth each way
    assert gap["loss"] == pytest.approx(0.1, abs=1e-3)
    mac = odd_trace(file, [i for i in range(60) if i % 3], [f"Request timeout for icmp_seq {i}" for i in range(0, 60, 3)])
    assert mac["loss"] == pytest.approx(1 - (40 / 60) ** 0.5, abs=1e-3)
    file.write_text("Reply from 10.0.0.1: bytes=32 time=20ms TTL=64\n" * 15 + "Request timed out.\n" * 5)
    assert fitted(file)["loss"] == pytest.approx(1 - 0.75**0.5, abs=1e-3)
    file.write_text("Reply from 10.0.0.1: bytes=32 time=20ms TTL=64\n" * 15)
    assert fitted(file)["loss"] == 0.0 and "no loss known" in fitted(file)["source"]


def test_a_reply_that_came_twice_counts_once(tmp_path):
    file = tmp_path / "trace.txt"
    twice = [f"64 bytes from 10.0.0.1: icmp_seq={i} ttl=64 time=200.0 ms (DUP!)" for i in range(80)]
    found = odd_trace(file, range(80), twice)
    assert found["delay"] == 0.01 and found["loss"] == 0.0 and "80 replies" in found["source"]


def test_a_trace_too_slow_to_steer_by_is_named(tmp_path):
    file = tmp_path / "trace.txt"
    file.write_text(LINUX.replace("time=2", "time=9000"))
    with pytest.raises(ScenarioError, match=r"trace\.txt.*link\.ping.*on average"):
        fitted(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n", r"odd\.yaml.*no mapping of keys"),
        ("hello\n", r"odd\.yaml.*no mapping of keys"),
        ("dely: 20 ms\n", r"odd\.yaml:1: dely: unknown key"),
        ("loss: 1 %\ndelay: 20\n", r"odd\.yaml:2: delay: 20 lies outside"),
        ("like: odd\n", r"odd\.yaml:1: like: there is no other link 'odd'"),
        ("like: nowhere\n", r"odd\.yaml:1: like: there is no other link 'nowhere'"),
    ],
)
def test_a_preset_that_is_wrong_is_named_by_file_and_line(tmp_path, text, message):
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "odd.yaml").write_text(text)
    with pytest.raises(ScenarioError, match=message):
        resolve(members("link", tmp_path), "odd")


def test_a_preset_may_begin_from_another_or_from_a_trace(tmp_path):
    (tmp_path / "link").mkdir()
    (tmp_path / "trace.txt").write_text(LINUX)
    (tmp_path / "link" / "slow.yaml").write_text("like: 4g\ndelay: 90 ms\n")
    (tmp_path / "link" / "site.yaml").write_text(f"ping: {tmp_path / 'trace.txt'}\nstale: 0.3 s\n")
    presets = members("link", tmp_path)
    slow, site = resolve(presets, "slow"), resolve(presets, "site")
    assert (slow["delay"], slow["jitter"], slow["like"]) == ("90 ms", "12 ms", "slow")
    assert site["delay"] == pytest.approx(0.011, abs=2e-5) and site["stale"] == "0.3 s" and "ping" not in site
