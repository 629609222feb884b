"""Writes coil_130.xml: a wound coil of 130 mm with ties, sticky spots and two flying leads.

Run from anywhere: `python assets/objects/coil_130/generate.py`.
"""

from pathlib import Path

from shiliu.assets.coils import L, coil

coil(Path(__file__).parent, L)
