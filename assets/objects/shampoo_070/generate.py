"""Writes shampoo_070.xml, label.obj and label_*.png: a bottle of daily care of 500 ml that is one of three kinds.

Run from anywhere: `python assets/objects/shampoo_070/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from pathlib import Path

from shiliu.assets.groceries import Bottle, Wares, bottle

WARES = (
    Wares("洗发露", "SHAMPOO", "500 ml", (112, 44, 138), "0.80 0.72 0.88 1", "清泉"),
    Wares("沐浴露", "BODY WASH", "500 ml", (20, 132, 148), "0.66 0.88 0.90 1", "清泉"),
    Wares("护发素", "CONDITIONER", "500 ml", (196, 52, 108), "0.97 0.80 0.86 1", "清泉"),
)
SHAPE = Bottle(0.0350, 0.210, 0.160, 0.172, 0.0190, 0.0220, (0.055, 0.150), 0.152, 0.55)

bottle(Path(__file__).parent, SHAPE, WARES, "0.98 0.98 0.98 1")
