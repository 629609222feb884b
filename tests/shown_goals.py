"""A goal over readings that a test writes: what the course says of a state, without a robot that brings it about."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import shiliu
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.stepping.simulation import Simulation


@lru_cache
def loaded(scenario, variant=None):
    return shiliu.load_scenario(scenario, variant=variant)


class Shown:
    """The nominal start of a scenario, its readings to be changed, and its course over them."""

    def __init__(self, scenario, variant=None):
        self.scene = loaded(scenario, variant)
        self.readings = Simulation(self.scene, 1).begin([drawing.nominal(self.scene)])
        self.course = self.scene.course
        self.carry = self.course.begin(1)
        self.ctrl = self.scene.reactions.start(drawing.nominal(self.scene).values)[None]

    def at(self, sensor):
        return self.readings.value[0, self.readings.layout.slices[sensor]].copy()

    def set(self, sensor, value):
        self.readings.value[0, self.readings.layout.slices[sensor]] = value

    def press(self, contacts, forces):
        peak = self.readings.peak.copy()
        peak[0, self.readings.layout.force_columns(contacts)] = forces
        self.readings = replace(self.readings, peak=peak)

    def lay(self, site, upon, aside=0.0):
        """A site at another one, so many metres beside it."""
        self.set(f"site_position({site})", self.at(f"site_position({upon})") + np.array([0.0, aside, 0.0]))

    def switch(self, *rules, number=1.0):
        for rule in rules:
            self.set(f"actuator_force(rule {rule})", number)

    def goes_on(self, seconds):
        for _ in range(round(seconds / self.scene.control_timestep) + 2):
            self.carry = self.course.advance(self.carry, self.readings)

    def reached_before(self, name):
        """All steps before one are reached."""
        i = self.course.index(name)
        self.carry.done[0], self.carry.reached[0, :i] = i, 0.0

    def reacts(self, seconds):
        """Rules see the readings; what they keep is read in the next control step."""
        reactions, layout = self.scene.reactions, self.readings.layout
        kept = [pair for one in reactions.reactions for pair in zip(one.actuators, reactions.columns(one))]
        for _ in range(round(seconds / self.scene.control_timestep) + 2):
            self.ctrl = reactions.react(self.readings, self.ctrl)
            for name, column in kept:
                if f"actuator_force({name})" in layout.slices:
                    self.set(f"actuator_force({name})", self.ctrl[0, column])

    @property
    def says(self):
        """None: success; else the code of the failure mode, or of the first step that is missing."""
        return self.course.failure(self.carry) or self.course.missed(self.carry)
