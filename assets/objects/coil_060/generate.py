"""Writes coil_060.xml: a wound coil of 60 mm with ties, sticky spots and two flying leads.

Run from anywhere: `python assets/objects/coil_060/generate.py`.
"""

from pathlib import Path

from shiliu.assets.coils import S, coil

coil(Path(__file__).parent, S)
