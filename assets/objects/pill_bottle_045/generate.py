"""Writes pill_bottle_045.xml, label.obj and label_*.png: a pill bottle of 45 x 85 mm that wears one of three labels that look alike.

Run from anywhere: `python assets/objects/pill_bottle_045/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.medicines import Label, bottle

BLUE = (26, 92, 170)
LABELS = (
    Label("阿司匹林", "ASPIRIN", "100 mg", BLUE),
    Label("阿莫西林", "AMOXICILLIN", "250 mg", BLUE),
    Label("阿昔洛韦", "ACICLOVIR", "200 mg", BLUE),
)

bottle(Path(__file__).parent, 0.0225, 0.085, 0.055, "0.96 0.96 0.94 1", LABELS)
