"""Files of the package are parsed once in a process: the same bytes as parsed anew, and nobody changes them for others."""

import shutil

import mujoco
import numpy as np
import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.scenarios.parts.parsed_mjcf import ASSETS, parsed
from shiliu.scenarios.sheet.own_files import read_own
from shiliu.scenarios.sheet.yaml_reader import places_in

FILES = ("robots/kuafu/kuafu", "robots/kuafu/claw", "fixtures/microwave/microwave", "objects/bowl_150/bowl_150", "objects/quilt/quilt")


def saved(spec: mujoco.MjSpec) -> bytes:
    model = spec.compile()
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


@pytest.mark.parametrize("name", FILES)
def test_a_copy_of_what_was_parsed_compiles_to_the_same_bytes_whoever_changed_another_copy(name):
    file = ASSETS / f"{name}.xml"
    anew = saved(mujoco.MjSpec.from_file(str(file)))
    one = parsed(file)
    one.worldbody.add_body(name="another").add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.1, 0, 0])
    one.option.timestep = 0.1
    assert saved(parsed(file)) == saved(parsed(file)) == anew != saved(one)


def test_a_designers_file_is_read_as_it_stands(tmp_path):
    own = tmp_path / "bowl.xml"
    own.write_text("<mujoco><worldbody><body name='a'/></worldbody></mujoco>", encoding="utf-8")
    assert parsed(own).body("a") is not None
    own.write_text("<mujoco><worldbody><body name='b'/></worldbody></mujoco>", encoding="utf-8")
    assert parsed(own).body("a") is None and parsed(own).body("b") is not None


def test_yaml_of_the_package_is_copied_to_each_who_reads_it():
    sheet = ASSETS / "objects" / "bowl_150" / "part.yaml"
    one, places = read_own(sheet), places_in(sheet)
    one["title"]["en"] = "changed"
    del places["title"]
    assert read_own(sheet)["title"]["en"] != "changed" and "title" in places_in(sheet)


def test_the_bounds_of_the_package_are_read_once_and_a_folders_own_each_time(tmp_path):
    assert load_rules() is load_rules()
    source = ASSETS.parent / "conf" / "check" / "arm_manipulation.yaml"
    shutil.copy(source, tmp_path)
    own = load_rules(folder=tmp_path)
    assert own.digest == load_rules().digest
    text = source.read_text(encoding="utf-8")
    (tmp_path / source.name).write_text(text + "# another\n", encoding="utf-8")
    assert load_rules(folder=tmp_path).digest != own.digest
