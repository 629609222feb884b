"""What the `generate.py` of cloths share: a sheet of the engine's cloth, alone with its physics."""

from __future__ import annotations

from .frame import Part


def sheet(at: str, name: str, look: str, shape: str, radius: float, mass: float, more: str, note: str) -> None:
    """Writes the MJCF beside the `generate.py` that stands `at`.

    Args:
        name: of its class; look: its picture `<look>.png` and material; shape: attributes of the `flexcomp` that say how it lies.
        radius: half of the thickness with which layers lie on each other [m]; mass [kg]; more: further attributes.
        note: where the part's frame is.
    """
    part = Part(
        at,
        f"""
  <default>
    <default class="{name}">
      <site group="4" size="0.006" rgba="0.2 0.9 0.3 0.6"/>
    </default>
  </default>
""",
        what="numbers",
    )
    part.option = '  <option integrator="discrete" solver="CG" iterations="40" timestep="0.002083333"/>\n'
    part.note = note
    part.looks = f"""
    <texture name="{look}" type="2d" file="{look}.png"/>
    <material name="{look}" texture="{look}" specular="0.02" shininess="0.05"/>
"""
    part.body = f"""
      <site name="base" pos="0 0 0"/>
      <flexcomp name="cloth" {shape} radius="{radius:g}" mass="{mass:g}"{more}>
        <contact contype="2" conaffinity="7" condim="3" friction="0.6 0.003 0.0001" solref="-200000 -600"
          selfcollide="auto"/>
        <elasticity young="1e5" poisson="0.2" thickness="2e-3" damping="4e-3" elastic2d="both"/>
      </flexcomp>
"""
    part.write()
