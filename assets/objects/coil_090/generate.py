"""Writes coil_090.xml: a wound coil of 90 mm with ties, sticky spots and two flying leads.

Run from anywhere: `python assets/objects/coil_090/generate.py`.
"""

from pathlib import Path

from shiliu.assets.coils import M, coil

coil(Path(__file__).parent, M)
