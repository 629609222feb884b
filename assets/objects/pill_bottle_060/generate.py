"""Writes pill_bottle_060.xml, label.obj and label_*.png: a pill bottle of 60 x 110 mm that wears one of two labels.

Run from anywhere: `python assets/objects/pill_bottle_060/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.medicines import Label, bottle

GREEN = (20, 122, 84)
LABELS = (Label("维生素C", "VITAMIN C", "100 mg", GREEN), Label("碳酸钙片", "CALCIUM", "600 mg", GREEN))

bottle(Path(__file__).parent, 0.030, 0.110, 0.120, "0.95 0.95 0.92 1", LABELS)
