"""`to=robomimic`: episodes of the simulation as one robomimic HDF5 file, `demos.hdf5`.

```
data                        attrs: total (steps), env_args (JSON: env_name, type 2 = gym, env_kwargs)
data/demo_k                 attrs: num_samples, model_file (MJCF), shiliu (JSON: seed, draw, label, task, fingerprint, ...)
data/demo_k/actions         (T, nu) float32, as applied: rad and percent, not scaled to [-1, 1]
data/demo_k/obs/<name>      (T, k) float32 before the action; names without their `observation.`, since learners use them
                            as names of modules, which hold no dot; <camera>_image (T, h, w, 3) uint8 where asked for
data/demo_k/states          (T, 1 + nq + nv) float64 before the action: time, qpos, qvel, as robosuite flattens them
data/demo_k/rewards, dones  (T,); done is 1 from the success on, and at the last step
data/demo_k/start_state     mjSTATE_INTEGRATION of the start, float64: from it the actions replay to the bit
mask/train, mask/valid      names of demos; every tenth is for validation, and one at least where there are two
```

Numbers in `model_file` are rounded to six digits, which is MuJoCo's XML; it is there to look at and to set states in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.scene.scene import Scene
from ...recording.recording import SimEpisode
from ...rollout.camera_frames import cameras_of, pictures
from ...rollout.transitions import transitions
from ..atomic_folder import placed, refuse_full
from ..exporters import Item, Options, of_one_scene

FILE = "demos.hdf5"
GYM = 2  # robomimic's number for an environment of Gymnasium's interface
VALID_EVERY = 10
OF_EPISODE = (
    "seed", "draw", "label", "segments", "task", "scenario", "scenario_version", "fingerprint", "engine", "control_timestep", "n_substeps",
)  # fmt: skip


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write episodes of one scene.

    Raises:
        EpisodeError: no episode was chosen, or scenes with different features.
    """
    import h5py

    with placed(out) as folder:
        total, count = 0, 0
        with h5py.File(folder / FILE, "w") as file:
            data = file.create_group("data")
            for item, scene, _ in of_one_scene(items, lambda scene: scene.schema.lerobot_features(), "file"):
                episode = item.simulated
                if not count:
                    data.attrs["env_args"] = json.dumps(_env_args(scene, options))
                _write(folder, data.create_group(f"demo_{count}"), episode, scene, options)
                total, count = total + episode.n_steps, count + 1
                yield item
            data.attrs["total"] = total
            valid = [k for k in range(count) if k % VALID_EVERY == VALID_EVERY - 1] or (
                [count - 1] if count > 1 else []
            )
            names = [f"demo_{k}".encode() for k in range(count)]
            file["mask/train"] = np.array([names[k] for k in range(count) if k not in valid], "S")
            file["mask/valid"] = np.array([names[k] for k in valid], "S16")


def _write(folder: Path, group: Any, episode: SimEpisode, scene: Scene, options: Options) -> None:
    made = transitions(scene, episode, options.reward)
    n = episode.n_steps
    cameras = cameras_of(scene, options.images)
    drawn = sum(n * 3 * camera.height * camera.width for camera in cameras.values())
    refuse_full(folder, made.nbytes + drawn)
    done = made.success.astype(np.int64)
    done[-1] = 1
    group["actions"], group["rewards"], group["dones"] = made.actions, made.rewards, done
    group["states"], group["start_state"] = made.states[:n], episode.start_state
    for name, values in made.observations.items():
        group[f"obs/{name.removeprefix('observation.')}"] = values[:n]
    for name, frames in (pictures(scene, episode, cameras) or {}).items():
        camera = cameras[name]
        shape = (camera.height, camera.width, 3)
        key = f"obs/{name.removeprefix('observation.images.')}_image"
        held = group.create_dataset(key, (n, *shape), np.uint8, chunks=(1, *shape), compression="gzip")
        for t, picture in enumerate(frames):
            held[t] = picture
    group.attrs["num_samples"] = n
    group.attrs["model_file"] = scene.xml({key: float(value) for key, value in episode.draw["values"].items()})
    about = {
        **{key: getattr(episode, key) for key in OF_EPISODE},
        "action_names": list(episode.action_names),
    }
    group.attrs["shiliu"] = json.dumps(about, ensure_ascii=False)


def _env_args(scene: Scene, options: Options) -> dict[str, Any]:
    from ....envs.registration import env_id

    robot = scene.robot
    kwargs = {"reward": options.reward, "hand": robot.hand, "base": robot.base}
    return {"env_name": env_id(scene.name), "type": GYM, "env_kwargs": kwargs, "shiliu": dict(options.made)}
