"""Commands played elsewhere: those of an episode of the simulation in a cell that it was not made in.

What the cell measured stands as measured, and is tried in likely starts by as much as the survey leaves open (`within`).
What the episode drew, and the cell did not measure, stands as it was drawn: whoever performs these commands there can put
things where they were. What a draw deals out is as this cell has it where this cell, or that of the episode, measured a part
of it, so that no two things have the same place. All else is as the scene of the cell has it. The robot begins in the
episode's own posture.
"""

from __future__ import annotations

import numpy as np

from ....scenarios.draws import variation as drawing
from ....scenarios.draws.variation import Draw
from ....scenarios.reading.config import draw_values, nominal_values
from ....scenarios.reading.dealing import Deal
from ....scenarios.scene.scene import Scene
from ...recording.recording import SimEpisode


def draw_there(there: Scene, made_in: Scene, episode: SimEpisode) -> Draw | None:
    """The start of an episode's commands in another scene; None where the two scenes have not the same values and sizes.

    Args:
        there: the scene of the cell; made_in: that of the episode.
    """
    values = values_there(there, made_in, episode)
    return None if values is None else _begun(there, made_in, episode, values)


def likely_draws(there: Scene, made_in: Scene, episode: SimEpisode, first: Draw, seed: int) -> list[Draw]:
    """The starts that are tried: `first` alone, or as many as the scenario asks for where the survey leaves something open."""
    loose = open_values(there)
    if not loose:
        return [first]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(there.config.starts):
        drawn = draw_values(there.config, rng)
        begun = _begun(there, made_in, episode, {**first.values, **{key: drawn[key] for key in loose}})
        draws += [begun] if begun is not None else []
    return draws


def values_there(there: Scene, made_in: Scene, episode: SimEpisode) -> dict[str, float] | None:
    """Every value (SI) of the scene in which the commands are played; None where an episode's value is none of them."""
    values = nominal_values(there.config)
    taken = {
        key: float(episode.draw["values"][key])
        for key in drawn_keys(there, made_in)
        if key in episode.draw.get("values", {})
    }
    return {**values, **taken} if set(taken) <= set(values) else None


def drawn_keys(there: Scene, made_in: Scene) -> list[str]:
    """What the episode drew and the cell did not measure. What another cell had measured is that cell's, and not taken along."""
    cell = there.config.cell
    measured = cell.measured if cell is not None else frozenset()
    own = made_in.config.cell is None
    varied = [v.key for v in made_in.config.variation if own or v in there.config.variation]
    dealt = [key for deal in made_in.config.deals if _same_deal(deal, there, made_in) for key in deal.keys]
    loose = {key for deal in there.config.deals for key in deal.keys} | (cell.dealt if cell is not None else frozenset())
    return [key for key in dict.fromkeys([*varied, *dealt]) if key not in measured and (key in dealt or key not in loose)]


def _same_deal(deal: Deal, there: Scene, made_in: Scene) -> bool:
    """Whether both scenes deal out the same among the same: a cell that measured some of it leaves other values, or fewer hands."""
    had = [sorted(nominal_values(scene.config)[f"{hand[0]}.{deal.value}"] for hand in deal.hands) for scene in (there, made_in)]
    return deal in there.config.deals and had[0] == had[1]


def within_survey(there: Scene) -> tuple[str, ...]:
    """What the cell measured with a tolerance."""
    cell = there.config.cell
    return tuple(v.key for v in there.config.variation if cell is not None and v.key in cell.measured)


def open_values(there: Scene) -> list[str]:
    """What the cell measured with a tolerance, and the scenario counts among what a recording does not tell."""
    words = there.config.vary_unknown
    return [key for key in within_survey(there) if any(key == word or key.startswith(f"{word}.") for word in words)]


def _begun(there: Scene, made_in: Scene, episode: SimEpisode, values: dict[str, float]) -> Draw | None:
    """A draw in which the robot starts in the episode's first posture."""
    own = drawing.of_episode(made_in, episode)
    if own is None:
        return None
    draw = drawing.of_values(there, values, own.task)
    before, data = own.data(), draw.data()
    for name in there.robot.joint_names:
        data.joint(name).qpos[:] = before.joint(name).qpos
    return draw.starting_as(data)
