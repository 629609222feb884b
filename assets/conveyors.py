"""What the `generate.py` of belt conveyors share: a belt whose surface moves, between two rollers, in a frame on legs.

Origin on the floor under the middle of the discharge end; x upstream, z up. The belt stands fast and its surface moves to -x
(`surfacevel`): a thing on it is carried by friction. The rollers' surfaces turn with it.
"""

from __future__ import annotations

from pathlib import Path

from shiliu.assets.frame import Part

from .panels import box, rod
from .shapes import fixture_defaults, numbers

TOP, WIDE, ROLLER = 0.820, 0.600, 0.030  # m: floor to the belt's upper side, its width, radius of the end rollers
LOWER = 0.002  # m, by which a roller stays below the belt: a box that lies on a cylinder's top is thrown by the engine now and then
SPEED = 0.10  # m/s, the parameter's default
RAIL, GUARD = 0.020, 0.025  # m: how wide a side rail is, how high it stands over the belt
DEPTH = 0.110  # m, of the frame below the belt
FRICTION = 0.7  # of a rubber belt [E]


def bridge() -> str:
    """The smooth plate between the discharge end and another belt that begins there, over the groove between their rollers."""
    smooth = 'friction="0.15 0.005 0.0001" priority="1"'
    return box((-ROLLER, -WIDE / 2, TOP - 0.004), (ROLLER, WIDE / 2, TOP - 0.0005), "profile", "bridge", smooth)


def conveyor(folder: Path, length: float, more: str = "", materials: str = "") -> None:
    """Writes the MJCF of a conveyor into its folder; `more` are lines of its body, `materials` of its assets."""
    y = WIDE / 2
    sheet = (
        f'      <geom name="belt" class="collision" type="box" pos="{numbers((length / 2, 0, TOP - 0.02))}"'
        f' size="{numbers((length / 2 - ROLLER, y, 0.02))}" surfacevel="{-SPEED:g} 0 0 0 0 0" friction="{FRICTION:g} 0.005 0.0001"/>\n'
        f'      <geom class="visual" type="box" pos="{numbers((length / 2, 0, TOP - 0.002))}"'
        f' size="{numbers((length / 2 - ROLLER, y, 0.002))}" material="belt"/>\n'
        f'      <geom class="visual" type="box" pos="{numbers((length / 2, 0, TOP - 2 * ROLLER + 0.002))}"'
        f' size="{numbers((length / 2 - ROLLER, y, 0.002))}" material="belt"/>\n'
    )
    for word, x in (("roller_end", ROLLER), ("roller_head", length - ROLLER)):
        shape = f'type="cylinder" fromto="{numbers((x, y, TOP - ROLLER, x, -y, TOP - ROLLER))}" size="{ROLLER - LOWER:g}"'
        # its own axis leads from +y to -y: turned to the left about it, its upper side goes to +x
        spin = f'surfacevel="0 0 0 0 0 {-SPEED / (ROLLER - LOWER):.9g}" friction="{FRICTION:g} 0.005 0.0001"'
        sheet += f'      <geom name="{word}" class="collision" {shape} {spin}/>\n'
        sheet += f'      <geom class="visual" {shape} material="belt"/>\n'
    frame = ""
    for side, s in (("left", 1), ("right", -1)):
        low, high = sorted((s * (y + 0.002), s * (y + 0.002 + RAIL)))
        frame += box((0, low, TOP - DEPTH), (length, high, TOP + GUARD), "profile", f"rail_{side}")
        out = s * (y + 0.002 + RAIL)
        low, high = sorted((out, out + s * 0.003))
        frame += box((0.01, low, TOP - 0.075), (length - 0.01, high, TOP - 0.030), "stripe")
    count = 2 if length < 2.0 else 3
    for i in range(count):
        x = 0.18 + i * (length - 0.36) / (count - 1)
        for s in (1, -1):
            at = s * (y - 0.01)
            frame += box((x - 0.022, at - 0.022, 0.03), (x + 0.022, at + 0.022, TOP - DEPTH), "profile", f"leg_{i}_{'lr'[s < 0]}")
            frame += rod((x, at, 0.0), (x, at, 0.03), 0.030, "foot")
        frame += box((x - 0.018, -y, 0.20), (x + 0.018, y, 0.24), "profile")
    for s in (1, -1):
        frame += box((0.18, s * (y - 0.01) - 0.015, 0.205), (length - 0.18, s * (y - 0.01) + 0.015, 0.235), "profile")
    frame += box((0.03, -y, TOP - DEPTH), (length - 0.03, y, TOP - DEPTH + 0.012), "pan", "pan")
    nips = "".join(
        f'      <site name="nip_{word}" pos="{numbers((0.0, s * 0.2, TOP - 0.08))}"/>\n'
        for word, s in (("left", 1), ("middle", 0), ("right", -1))
    )
    part = Part(folder, fixture_defaults(folder.name, 0.35))
    part.looks = f"""
    <material name="belt" rgba="0.13 0.15 0.15 1" specular="0.15" shininess="0.2"/>
    <material name="profile" rgba="0.70 0.72 0.74 1" specular="0.7" shininess="0.6"/>
    <material name="pan" rgba="0.36 0.39 0.42 1" specular="0.4"/>
    <material name="stripe" rgba="0.10 0.30 0.58 1" specular="0.3"/>
    <material name="foot" rgba="0.09 0.09 0.10 1" specular="0.1"/>
{materials}
"""
    part.body = f"""
{sheet}{frame}{more}{nips}\
      <site name="foot" pos="0 0 0"/>
      <site name="end" pos="0 0 {TOP:g}"/>
      <site name="head" pos="{length:g} 0 {TOP:g}"/>
      <site name="top" pos="{length / 2:g} 0 {TOP:g}"/>
      <site name="pick" pos="0.27 0 {TOP:g}"/>
      <site name="below_end" pos="-0.10 0 0"/>
"""
    part.write("on the floor under the middle of the discharge end; x upstream")
