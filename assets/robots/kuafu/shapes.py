"""The shapes of Kuafu: collision primitives and shells, for the left side and the middle; build.py mirrors them.

All sizes in metres in the frame of the link, chosen within the outer bounds ("envelope") of the maker's link in facts.json.
"""


def hit(type_, **kw):
    return {"cls": "collision", "type": type_, **kw}


def see(**kw):
    if "mesh" not in kw:
        kw.setdefault("type", "capsule")
    return {"cls": "visual", **kw}


MATERIALS = [
    {"name": "shell", "rgba": "0.93 0.94 0.95 1", "specular": "0.4", "shininess": "0.6"},
    {"name": "dark", "rgba": "0.10 0.105 0.115 1", "specular": "0.35", "shininess": "0.4"},
    {"name": "joint", "rgba": "0.26 0.275 0.295 1", "specular": "0.4", "shininess": "0.5"},
    {"name": "visor", "rgba": "0.015 0.018 0.022 1", "specular": "0.9", "shininess": "0.9", "reflectance": "0.1"},
    {"name": "metal", "rgba": "0.62 0.64 0.66 1", "specular": "0.6", "shininess": "0.6"},
    {"name": "light", "rgba": "0.35 0.75 1 1", "emission": "0.8"},
    {"name": "rubber", "rgba": "0.36 0.37 0.38 1", "specular": "0.1", "shininess": "0.1"},
]
MESHES = []

LINK_SHAPES = {
    "base_link": [
        hit("box", name="chest", pos=(-0.009, 0, 0.385), size=(0.112, 0.165, 0.14)),
        hit("box", name="abdomen", pos=(-0.012, 0, 0.14), size=(0.09, 0.12, 0.115)),
        hit("box", name="pelvis", pos=(-0.012, 0, -0.035), size=(0.09, 0.125, 0.07)),
        hit("capsule", name="collar", fromto=(-0.015, -0.07, 0.52, -0.015, 0.07, 0.52), size=(0.045,)),
    ],
    "leg_l1_link": [hit("capsule", name="hip", fromto=(-0.04, 0, 0, 0.032, 0, 0), size=(0.043,))],
    "leg_l2_link": [hit("capsule", name="hip", fromto=(0, 0, -0.07, 0, 0, -0.13), size=(0.038,))],
    "leg_l3_link": [
        hit("cylinder", name="motor", fromto=(0, -0.045, 0, 0, 0.09, 0), size=(0.054,)),
        hit("capsule", name="thigh", fromto=(0, 0.016, -0.05, 0.002, 0.004, -0.245), size=(0.058,)),
    ],
    "leg_l4_link": [
        hit("capsule", name="knee", fromto=(0.006, 0, 0, 0.006, 0, -0.12), size=(0.036,)),
        hit("capsule", name="shank", fromto=(0.006, 0, -0.12, 0.002, 0, -0.325), size=(0.033,)),
    ],
    "leg_l5_link": [hit("sphere", name="ankle", size=(0.019,))],
    "leg_l6_link": [
        hit("box", name="sole", pos=(0.0488, 0, -0.0475), size=(0.122, 0.0477, 0.012)),
        hit("box", name="instep", pos=(0.02, 0, -0.02), size=(0.055, 0.036, 0.018)),
    ],
    "zarm_l1_link": [hit("capsule", name="shoulder", fromto=(-0.004, -0.068, 0, -0.004, 0.0, 0), size=(0.045,))],
    "zarm_l2_link": [
        hit("cylinder", name="motor", fromto=(-0.061, 0, 0, 0.061, 0, 0), size=(0.047,)),
        hit("capsule", name="shoulder", fromto=(0, 0, -0.01, 0, 0, -0.072), size=(0.047,)),
    ],
    "zarm_l3_link": [
        hit("capsule", name="upper_arm", fromto=(0, 0, -0.15, 0.006, 0, -0.275), size=(0.0475,)),
    ],
    "zarm_l4_link": [
        hit("cylinder", name="elbow", fromto=(0, -0.055, 0, 0, 0.055, 0), size=(0.045,)),
        hit("capsule", name="forearm", fromto=(-0.012, 0, -0.04, -0.02, 0, -0.085), size=(0.042,)),
    ],
    "zarm_l5_link": [
        hit("capsule", name="forearm", fromto=(-0.002, 0, -0.02, 0, 0, -0.07), size=(0.0385,)),
        hit("cylinder", name="wrist", fromto=(-0.054, 0, -0.1065, 0.052, 0, -0.1065), size=(0.029,)),
    ],
    "zarm_l6_link": [hit("ellipsoid", name="wrist", pos=(-0.003, 0.001, -0.015), size=(0.045, 0.037, 0.036))],
    "zarm_l7_link": [hit("capsule", name="flange", fromto=(0, 0, -0.005, 0, 0, -0.035), size=(0.028,))],
    "zhead_1_link": [hit("capsule", name="neck", fromto=(0, 0, -0.03, 0, 0, 0), size=(0.036,))],
    "zhead_2_link": [
        hit("ellipsoid", name="head", pos=(0.012, 0, 0.09), size=(0.078, 0.084, 0.1088)),
        hit("box", name="camera_bar", pos=(0.088, 0, 0.125), size=(0.02, 0.05, 0.02), euler=(0, 0.4887, 0)),
    ],
}
for link, geoms in LINK_SHAPES.items():
    for geom in list(geoms):
        geoms.append({k: v for k, v in geom.items() if k != "name"} | {"cls": "visual"})

CLAW_ASSETS = {
    "materials": [
        {"name": "dark", "rgba": "0.10 0.105 0.115 1", "specular": "0.35", "shininess": "0.4"},
        {"name": "rubber", "rgba": "0.36 0.37 0.38 1", "specular": "0.1", "shininess": "0.1"},
    ],
    "meshes": [],
}
CLAW_SHAPES = {
    "claw": [
        hit("box", name="wrist", pos=(0, 0, -0.015), size=(0.036, 0.032, 0.015)),
        hit("box", name="palm", pos=(0, 0, -0.065), size=(0.052, 0.03, 0.035)),
    ],
    "finger": [  # x outwards from the pad's face; the pad's soft surface reaches 2 mm past that face
        {"cls": "pad", "name": "pad", "pos": (0.002, 0, 0.0025), "size": (0.004, 0.01, 0.02)},
        {"cls": "pad", "name": "tip", "pos": (0.003, 0, -0.02), "size": (0.004, 0.006, 0.0025)},
        hit("box", name="strut", pos=(0.009, 0, 0.036), size=(0.003, 0.008, 0.046)),
        hit("box", name="link", pos=(-0.0165, 0, 0.075), size=(0.0285, 0.008, 0.007)),
        see(type="box", pos=(0.003, 0, 0.0025), size=(0.003, 0.01, 0.02), material="rubber"),
        see(type="box", pos=(0.003, 0, -0.02), size=(0.003, 0.006, 0.0025), material="rubber"),
        see(type="box", pos=(0.009, 0, 0.036), size=(0.003, 0.008, 0.046)),
        see(type="box", pos=(-0.0165, 0, 0.075), size=(0.0285, 0.008, 0.007)),
    ],
}
for geom in CLAW_SHAPES["claw"][:2]:
    CLAW_SHAPES["claw"].append({k: v for k, v in geom.items() if k != "name"} | {"cls": "visual"})
