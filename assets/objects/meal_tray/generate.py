"""Writes meal_tray.xml: a tray with rounded corners, a raised rim and marks where things belong.

Run from anywhere: `python assets/objects/meal_tray/generate.py`.
"""

from shiliu.assets.trays import Tray

Tray(
    length=0.450,
    width=0.320,
    corner=0.045,
    floor=0.005,
    rim=0.020,
    bar=0.005,
    places={
        "bowl_place": (-0.030, -0.085, 0.085),
        "spoon_place": (-0.030, 0.045, 0.0),
        "cup_place": (0.055, 0.135, 0.045),
    },  # x, y, radius [m]
).write(
    __file__,
    tray="0.55 0.36 0.24",
    mat="0.93 0.87 0.74",
    mark="0.80 0.52 0.34",
    mass=0.55,
    inertia="9.3e-3 4.8e-3 1.4e-2",
    origin="in the middle of the underside; the person sits beyond +x",
)
