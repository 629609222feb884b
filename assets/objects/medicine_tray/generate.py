"""Writes medicine_tray.xml: a small tray for medicines with a rim and a target circle of 60 mm.

Run from anywhere: `python assets/objects/medicine_tray/generate.py`.
"""

from shiliu.assets.trays import Tray

Tray(
    length=0.350,
    width=0.250,
    corner=0.035,
    floor=0.004,
    rim=0.016,
    bar=0.004,
    places={
        "circle": (-0.085, 0.0, 0.030),
    },  # x, y, radius [m]
).write(
    __file__,
    tray="0.86 0.89 0.92",
    mat="0.95 0.96 0.97",
    mark="0.16 0.50 0.72",
    mass=0.35,
    inertia="3.6e-3 1.9e-3 5.4e-3",
    origin="in the middle of the underside",
)
