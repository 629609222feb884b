"""A designer's own folder: new scenarios without Python, the same name wins over the package's, parts of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import shiliu
from shiliu.envs.single import ShiliuEnv
from shiliu.scenarios.catalog.catalog import list_scenarios, scene_of_tree
from shiliu.scenarios.draws import variation as draw
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.reading import composition
from shiliu.scenarios.sheet.errors import ScenarioError

SHARE = Path(composition.CONF)

CUP = """\
<mujoco model="cup">
  <compiler angle="radian" autolimits="true"/>
  <worldbody>
    <body name="cup">
      <freejoint name="cup_free"/>
      <geom name="wall" type="cylinder" size="0.04 0.05" pos="0 0 0.05" mass="0.2" contype="2" conaffinity="7" group="3"/>
      <site name="base"/>
      <site name="rim" pos="0 0 0.1"/>
    </body>
  </worldbody>
</mujoco>
"""
CUP_SHEET = """\
title: {en: Cup, zh: 杯子}
mass: 200 g
params:
  radius:
    default: 40 mm
    min: 30 mm
    max: 60 mm
    sets:
      - {geom: wall, attr: size, index: 0}
interface:
  rim: {site: rim}
"""


@pytest.fixture
def cup(designer: Path) -> Path:
    """The designer's folder with a part of the designer's own on the table."""
    folder = designer / "assets" / "objects" / "cup"
    folder.mkdir(parents=True)
    (folder / "cup.xml").write_text(CUP, encoding="utf-8")
    (folder / "part.yaml").write_text(CUP_SHEET, encoding="utf-8")
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    added = "  cup: {part: objects/cup, stands_on: counter.top_front, put: base, at: {x: 200 mm, y: -150 mm}, radius: 50 mm}\n"
    file.write_text(text.replace("variation:\n", f"{added}variation:\n"), encoding="utf-8")
    return designer


def test_a_new_scenario_of_existing_parts_needs_no_python(designer):
    assert list_scenarios()["table_top"] == designer / "conf" / "scenario" / "table_top.yaml"
    env = ShiliuEnv("table_top", reward="sparse")
    observation, info = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    assert info["subgoals"] == {"lifted": None}
    hold = env.scene.ready_ctrl.astype(np.float32)
    for _ in range(31):
        observation, reward, terminated, truncated, info = env.step(hold)
        if terminated:
            break
    # the bowl stands near and upright from the start, so that the goal is held for 1 s at control step 30
    assert terminated and not truncated and info["success"] and reward == 1.0
    assert info["subgoals"]["lifted"] == pytest.approx(1.0)
    assert info["time"] == pytest.approx(1.0)


def test_a_new_scenario_is_known_to_gymnasium_by_its_scene(designer):
    env = gymnasium.make("shiliu/Scenario", scenario=shiliu.load_scenario("table_top"))
    assert env.unwrapped.scene.name == "table_top"
    env.reset(seed=0)


def test_the_designers_microwave_wins_over_the_packages(designer, scene):
    own = (SHARE / "scenario" / "microwave.yaml").read_text(encoding="utf-8")
    assert "\nversion: " in own
    own = own.replace(f"\nversion: {scene.version}", "\nversion: 77", 1).replace("latch_force: 25 N", "latch_force: 30 N")
    (designer / "conf" / "scenario" / "microwave.yaml").write_text(own, encoding="utf-8")
    changed = shiliu.load_scenario("microwave")
    assert scene.version != 77 and changed.version == 77
    oven = {p.name: p for p in changed.config.parts}["oven"]
    assert oven.params["latch_force"] == 30.0
    assert changed.fingerprint != scene.fingerprint
    # and with the folder named instead of stood in
    named = shiliu.load_scenario("microwave", conf_dir=designer / "conf")
    assert named.fingerprint == changed.fingerprint
    # a slip in it is placed in it, not in the package's file of the same name
    (designer / "conf" / "scenario" / "microwave.yaml").write_text(
        own.replace("version: 77", "version: no"), encoding="utf-8"
    )
    with pytest.raises(ScenarioError, match=r"^conf/scenario/microwave\.yaml:\d+: scenario\.version") as found:
        shiliu.load_scenario("microwave")
    line = int(str(found.value).split(":")[1])
    assert Path("conf/scenario/microwave.yaml").read_text(encoding="utf-8").splitlines()[line - 1].startswith("version: no")


def test_a_scenario_may_build_upon_another_and_slips_are_placed_in_either(designer):
    file = designer / "conf" / "scenario" / "high_table.yaml"
    file.write_text("defaults: [table_top, _self_]\nversion: 2\nparts: {counter: {height: 900 mm}}\n", encoding="utf-8")
    built = shiliu.load_scenario("high_table")
    assert built.version == 2 and built.name == "high_table"
    assert built.model.site("counter/top_front").pos[2] == pytest.approx(0.9)
    base = designer / "conf" / "scenario" / "table_top.yaml"
    base.write_text(base.read_text(encoding="utf-8").replace("hold: 1 s", "hold: 1"), encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace("900 mm", "900"), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        shiliu.load_scenario("high_table")
    assert "high_table.yaml:3: scenario.parts.counter.height: 900 has no unit" in str(error.value)
    assert "table_top.yaml:13: scenario.goal.lifted.hold: 1 has no unit" in str(error.value)


def test_a_part_of_the_designers_own(cup):
    scene = shiliu.load_scenario("table_top")
    assert scene.model.geom("cup/wall").size[0] == pytest.approx(0.05)
    assert scene.model.body("cup/cup").mass[0] == pytest.approx(0.2)
    start = draw.nominal(scene)
    env = ShiliuEnv(scene, vary=False)
    observation, _ = env.reset(seed=0)
    feature = scene.schema.observations["observation.environment_state"]
    height = observation["observation.environment_state"][feature.names.index("cup.z")]
    assert height == pytest.approx(0.86, abs=1e-3)  # it stands on the counter
    assert draw.penetration(start) < 1e-3
    # an episode carries the scenario's tree; the scene that is built from it is the same to the byte
    again = scene_of_tree("table_top", json.loads(json.dumps(scene.config.raw)))
    assert again.fingerprint == scene.fingerprint


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("part.yaml", "geom: wall", "geom: wal", r"part\.yaml:9: params\.radius\.sets\[0\]\.geom: there is no geom 'wal'. Did you mean wa"),
        ("part.yaml", "attr: size", "attr: sise", r"part\.yaml:9: .*attr: 'sise' is no number of a geom"),
        ("part.yaml", "index: 0", "index: 7", r"part\.yaml:9: .*no index 7"),
        ("part.yaml", ", index: 0", "", r"part\.yaml:9: .*say which with index"),
        ("part.yaml", "default: 40 mm", "default: 40", r"part\.yaml:5: params\.radius\.default: 40 has no unit"),
        ("part.yaml", "default: 40 mm", "default: 80 mm", r"part\.yaml:5: .*'80 mm' is too large.* 60 mm or less"),
        ("part.yaml", "params:", "parms:", r"part\.yaml:3: parms: unknown key 'parms'. Did you mean params"),
        ("part.yaml", "rim: {site: rim}", "rim: {site: rin}", r"part\.yaml:11: interface\.rim: there is no site 'rin'"),
        ("part.yaml", "mass: 200 g", "mass: 200 mm", r"part\.yaml:2: mass: .*unit of length, not of mass"),
        ("cup.xml", "<body name=\"cup\">", "<body name=\"mug\">", r"the top body of cup\.xml is 'mug'"),
        ("cup.xml", "<geom name", "<gem name", r"cup\.xml: This is no valid MJCF"),
        ("cup.xml", 'mass="0.2"', 'mass="0"', r"cup.xml: parts.*: this part does not compile: .*mass"),
    ],
)  # fmt: skip
def test_a_slip_in_a_part_of_ones_own_is_told(cup, file, right, wrong, message):
    path = cup / "assets" / "objects" / "cup" / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        shiliu.load_scenario("table_top")


def test_a_broken_sheet_is_an_error_of_its_own_without_a_scenario(cup):
    sheet = cup / "assets" / "objects" / "cup" / "part.yaml"
    sheet.write_text("title: [", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"part\.yaml:.*no valid YAML"):
        load_part("objects/cup", extra=cup / "assets")
    with pytest.raises(ScenarioError, match=r"no part 'objects/cop'. Did you mean objects/cup"):
        load_part("objects/cop", extra=cup / "assets")


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"no such folder of configs"):
        shiliu.load_scenario("microwave", conf_dir=tmp_path / "nowhere")


def test_unknown_names_of_a_run_are_told():
    with pytest.raises(ScenarioError, match=r"no scenario 'microwav'. Did you mean microwave"):
        shiliu.load_scenario("microwav")
    with pytest.raises(ScenarioError, match=r"no robot 'kuafo'. Did you mean kuafu"):
        shiliu.load_scenario("bare", robot="kuafo")
    with pytest.raises(ScenarioError, match=r"no hand 'clow'. Did you mean claw"):
        shiliu.load_scenario("bare", hand="clow")
    with pytest.raises(ScenarioError, match=r"no base 'plantd'. Did you mean planted"):
        shiliu.load_scenario("bare", base="plantd")


@pytest.mark.parametrize("scenario", sorted(p.stem for p in (composition.CONF / "scenario").glob("*.yaml")))
def test_a_scenario_read_without_hydra_is_what_hydra_composes(scenario):
    plain, composed = composition.as_it_stands(scenario), composition.compose("scene", [f"scenario={scenario}"])
    assert plain == composed and plain.tree["scenario"] and plain.places


def test_a_file_may_refer_to_what_stands_in_a_member_of_the_package(tmp_path):
    (tmp_path / "conf").mkdir()
    text = (SHARE / "scene.yaml").read_text(encoding="utf-8")
    (tmp_path / "conf" / "scene.yaml").write_text(text + "\nnamed: ${scenario.title.en}\n", encoding="utf-8")
    tree = composition.compose("scene", ["scenario=microwave"], tmp_path / "conf").tree
    assert tree["named"] == tree["scenario"]["title"]["en"]


@pytest.mark.parametrize(
    "given",
    [
        ["cell=example-mw-01"],
        ["scenario.parts.table.at.x=300 mm", "scenario.title.en=Mine"],
        ["~scenario.variation"],
        ["+scenario.parts.table.mass=9 kg"],
        ["scenario.variation={}"],
        ["scenario.title.en=${scenario.title.zh}"],
        ["scenario.titel.en=Mine"],
        ["scenario.parts.tabel.at.x=300 mm"],
        ["~scenario.nothing"],
        ["+cell.more=1", "cell=example-mw-01"],
    ],
)
def test_members_put_in_whole_are_what_hydra_composes(given, monkeypatch):
    scenario = "microwave" if "cell=example-mw-01" in given else "table_setting"  # which Hydra composes in a tenth of the time

    def composed():
        try:
            return composition.compose("scene", [f"scenario={scenario}", *given]).tree
        except ScenarioError as error:
            return str(error)

    ours = composed()
    monkeypatch.setattr(composition, "_whole", lambda chosen, where: {})
    assert composed() == ours


def test_a_designers_scenario_of_the_same_name_goes_through_hydra(designer):
    (designer / "conf" / "scenario" / "microwave.yaml").write_text("title: {en: Mine, zh: 我的}\n", encoding="utf-8")
    assert composition.as_it_stands("microwave") is None
    assert composition.as_it_stands("nowhere") is None


def test_a_config_folder_that_may_not_be_read_stops_no_run_that_needs_nothing_of_it(tmp_path, monkeypatch):
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    asked = []
    is_file = Path.is_file

    def refused(path: Path) -> bool:
        if path.parent == tmp_path / "conf" / "scenario":
            asked.append(path.name)
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "is_file", refused)
    composition.compose("replay", ["data=takes", "out=there"], tmp_path / "conf")
    assert not asked


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [("substeps: 8", "substeps: 1001", "1000 or less"), ("rate: 30 Hz, record", "rate: 0 Hz, record", "is too small")],
)
def test_counts_and_rates_that_no_run_would_end_with_are_refused(was, now, why, tmp_path, monkeypatch):
    text = (composition.CONF / "scenario" / "table_setting.yaml").read_text(encoding="utf-8")
    assert was in text
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    (tmp_path / "conf" / "scenario" / "mine.yaml").write_text(text.replace(was, now, 1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError, match=why):
        shiliu.load_scenario("mine")


def test_settings_inside_a_member_change_what_they_name_and_leave_the_rest_in_its_order():
    """A member of the package is put in whole, and Hydra sees the keys alone that settings speak of."""
    inside = ['scenario.time_limit="3 s"', "~scenario.mistakes", "+scenario.judge.note=1", "scenario.title.en=${scenario.title.zh}"]
    plain, changed = (composition.compose("scene", ["scenario=table_setting", *words]).tree["scenario"] for words in ([], inside))
    assert list(changed) == [key for key in plain if key != "mistakes"]
    wanted = {key: value for key, value in plain.items() if key != "mistakes"} | {"time_limit": "3 s"}
    wanted |= {"judge": plain["judge"] | {"note": 1}, "title": plain["title"] | {"en": plain["title"]["zh"]}}
    assert changed == wanted
