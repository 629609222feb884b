"""Writes serving_tray.xml: a tray with rounded corners, a raised rim and marks where things belong.

Run from anywhere: `python assets/objects/serving_tray/generate.py`.
"""

from shiliu.assets.trays import Tray

Tray(
    length=0.400,
    width=0.300,
    corner=0.040,
    floor=0.005,
    rim=0.020,
    bar=0.005,
    places={
        "plate_place": (0.0, 0.075, 0.068),
        "cup_place": (0.0, -0.115, 0.045),
    },  # x, y, radius [m]
).write(
    __file__,
    tray="0.30 0.33 0.36",
    mat="0.46 0.50 0.53",
    mark="0.66 0.70 0.72",
    mass=0.60,
    inertia="8.02e-3 4.52e-3 1.25e-2",
    origin="in the middle of the underside; x away from who stands before it",
)
