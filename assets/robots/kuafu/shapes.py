"""The shapes of Kuafu: collision primitives and shells, for the left side and the middle; build.py mirrors them.

All sizes in metres in the frame of the link, chosen within the outer bounds ("envelope") of the maker's link in
facts.json.
Shells are MuJoCo's built-in superspheres: `round_ns` and `round_ew` go from 0 (box) to 1 (ellipsoid).
"""

MESHES = []
CLAW_MESHES = []


def hit(type_, **kw):
    return {"cls": "collision", "type": type_, **kw}


def see(material, type_="capsule", **kw):
    return {"cls": "visual", "type": type_, "material": material, **kw}


def shell(name, material, pos, half, round_ns=0.4, round_ew=0.4, euler=None, to=None, fine=24):
    """A rounded shell of half sizes `half` about `pos`; its mesh joins the assets of the robot, or of the claw."""
    (MESHES if to is None else to).append(
        {
            "name": name,
            "builtin": "supersphere",
            "params": f"{fine} {round_ns:g} {round_ew:g}",
            "scale": " ".join(f"{v:g}" for v in half),
        }
    )
    geom = {"cls": "visual", "mesh": name, "material": material, "pos": pos}
    return geom | ({"euler": euler} if euler else {})


def disc(material, middle, axis, radius, half):
    """A short cylinder along x, y or z: motor caps, bearings, lenses."""
    d = [half if a == axis else 0 for a in "xyz"]
    ends = [m - v for m, v in zip(middle, d)] + [m + v for m, v in zip(middle, d)]
    return see(material, "cylinder", fromto=tuple(ends), size=(radius,))


MATERIALS = [
    {"name": "white", "rgba": "0.93 0.94 0.95 1", "specular": "0.45", "shininess": "0.65"},
    {"name": "dark", "rgba": "0.075 0.08 0.09 1", "specular": "0.4", "shininess": "0.45"},
    {"name": "grey", "rgba": "0.25 0.265 0.285 1", "specular": "0.4", "shininess": "0.5"},
    {"name": "visor", "rgba": "0.012 0.014 0.018 1", "specular": "1", "shininess": "0.95", "reflectance": "0.08"},
    {"name": "metal", "rgba": "0.60 0.62 0.64 1", "specular": "0.7", "shininess": "0.7"},
    {"name": "light", "rgba": "0.30 0.72 1 1", "emission": "0.9"},
]

LINK_SHAPES = {
    "base_link": [
        hit("box", name="chest", pos=(-0.009, 0, 0.385), size=(0.112, 0.165, 0.14)),
        hit("box", name="abdomen", pos=(-0.012, 0, 0.14), size=(0.09, 0.12, 0.115)),
        hit("box", name="pelvis", pos=(-0.012, 0, -0.035), size=(0.09, 0.125, 0.07)),
        hit("capsule", name="collar", fromto=(-0.015, -0.07, 0.52, -0.015, 0.07, 0.52), size=(0.045,)),
        shell("chest", "white", (-0.009, 0, 0.395), (0.122, 0.176, 0.152), 0.45, 0.5),
        shell("chest_low", "white", (-0.009, 0, 0.29), (0.108, 0.150, 0.10), 0.5, 0.5),
        shell("chest_panel", "visor", (0.078, 0, 0.425), (0.046, 0.085, 0.052), 0.35, 0.35),
        shell("chest_side", "grey", (-0.012, 0, 0.405), (0.062, 0.180, 0.085), 0.3, 0.3),
        see("light", fromto=(0.1225, -0.034, 0.425, 0.1225, 0.034, 0.425), size=(0.0032,)),
        shell("collar", "dark", (-0.016, 0, 0.535), (0.062, 0.075, 0.032), 0.5, 0.8),
        shell("waist", "dark", (-0.012, 0, 0.15), (0.080, 0.115, 0.12), 0.4, 0.55),
        shell("belly", "white", (0.028, 0, 0.135), (0.052, 0.085, 0.068), 0.5, 0.55),
        shell("pelvis", "white", (-0.014, 0, -0.012), (0.098, 0.132, 0.062), 0.45, 0.5),
        shell("pelvis_low", "dark", (-0.012, 0, -0.07), (0.070, 0.07, 0.05), 0.5, 0.6),
        shell("battery", "grey", (-0.112, 0, 0.37), (0.034, 0.115, 0.125), 0.35, 0.35),
        shell("battery_plate", "dark", (-0.127, 0, 0.37), (0.022, 0.085, 0.09), 0.3, 0.3),
    ],
    "leg_l1_link": [
        hit("capsule", name="hip", fromto=(-0.04, 0, 0, 0.032, 0, 0), size=(0.043,)),
        see("dark", "cylinder", fromto=(-0.078, 0, 0, 0.07, 0, 0), size=(0.041,)),
        disc("white", (0.067, 0, 0), "x", 0.034, 0.006),
        disc("grey", (-0.077, 0, 0), "x", 0.034, 0.006),
    ],
    "leg_l2_link": [
        hit("capsule", name="hip", fromto=(0, 0, -0.07, 0, 0, -0.13), size=(0.038,)),
        see("grey", "cylinder", fromto=(0, 0, -0.035, 0, 0, -0.125), size=(0.036,)),
        see("dark", "cylinder", fromto=(0, -0.05, -0.1287, 0, 0.055, -0.1287), size=(0.037,)),
    ],
    "leg_l3_link": [
        hit("cylinder", name="motor", fromto=(0, -0.045, 0, 0, 0.09, 0), size=(0.054,)),
        hit("capsule", name="thigh", fromto=(0, 0.016, -0.05, 0.002, 0.004, -0.245), size=(0.058,)),
        see("dark", "cylinder", fromto=(0, -0.046, 0, 0, 0.082, 0), size=(0.052,)),
        disc("white", (0, 0.084, 0), "y", 0.045, 0.006),
        disc("metal", (0, 0.0895, 0), "y", 0.016, 0.0012),
        shell("thigh", "white", (0.0, 0.016, -0.118), (0.061, 0.062, 0.128), 0.55, 0.65),
        shell("thigh_low", "white", (0.001, 0.006, -0.21), (0.050, 0.050, 0.085), 0.6, 0.7),
        shell("thigh_panel", "grey", (0.026, 0.016, -0.14), (0.040, 0.034, 0.07), 0.4, 0.4),
        see("dark", "cylinder", fromto=(0, -0.048, -0.284, 0, 0.048, -0.284), size=(0.043,)),
        disc("white", (0, 0.049, -0.284), "y", 0.035, 0.004),
        disc("white", (0, -0.048, -0.284), "y", 0.035, 0.003),
    ],
    "leg_l4_link": [
        hit("capsule", name="knee", fromto=(0.006, 0, 0, 0.006, 0, -0.12), size=(0.036,)),
        hit("capsule", name="shank", fromto=(0.006, 0, -0.12, 0.002, 0, -0.325), size=(0.033,)),
        shell("knee", "grey", (0.004, 0, -0.01), (0.036, 0.033, 0.056), 0.6, 0.6),
        see("dark", fromto=(0.004, 0, -0.04, 0.002, 0, -0.33), size=(0.022,)),
        shell("shin", "white", (0.009, 0, -0.135), (0.033, 0.035, 0.118), 0.55, 0.6),
        see("metal", fromto=(-0.024, 0.019, -0.16, -0.03, 0.024, -0.335), size=(0.0055,)),
        see("metal", fromto=(-0.024, -0.019, -0.16, -0.03, -0.024, -0.335), size=(0.0055,)),
    ],
    "leg_l5_link": [
        hit("sphere", name="ankle", size=(0.019,)),
        see("metal", "cylinder", fromto=(0, -0.03, 0, 0, 0.03, 0), size=(0.012,)),
        see("grey", "sphere", size=(0.02,)),
    ],
    "leg_l6_link": [
        hit("box", name="sole", pos=(0.0488, 0, -0.0475), size=(0.122, 0.0477, 0.012)),
        hit("box", name="instep", pos=(0.02, 0, -0.02), size=(0.055, 0.036, 0.018)),
        shell("sole", "dark", (0.0488, 0, -0.0485), (0.122, 0.0485, 0.011), 0.3, 0.35),
        shell("foot", "white", (0.046, 0, -0.036), (0.112, 0.045, 0.021), 0.7, 0.45),
        shell("instep", "grey", (0.01, 0, -0.022), (0.045, 0.032, 0.03), 0.6, 0.6),
    ],
    "zarm_l1_link": [
        hit("capsule", name="shoulder", fromto=(-0.004, -0.068, 0, -0.004, 0.0, 0), size=(0.045,)),
        see("dark", "cylinder", fromto=(-0.004, -0.112, 0, -0.004, -0.03, 0), size=(0.043,)),
        disc("grey", (-0.004, -0.06, 0), "y", 0.0455, 0.014),
        shell("shoulder_yoke", "dark", (-0.006, -0.008, 0), (0.042, 0.046, 0.042), 0.7, 0.7),
    ],
    "zarm_l2_link": [
        hit("cylinder", name="motor", fromto=(-0.061, 0, 0, 0.061, 0, 0), size=(0.047,)),
        hit("capsule", name="shoulder", fromto=(0, 0, -0.01, 0, 0, -0.072), size=(0.047,)),
        shell("shoulder", "white", (0.0, 0.004, -0.018), (0.060, 0.0485, 0.066), 0.65, 0.75),
        disc("grey", (0.057, 0, 0), "x", 0.032, 0.004),
        disc("grey", (-0.057, 0, 0), "x", 0.032, 0.004),
        see("dark", "cylinder", fromto=(0, 0, -0.07, 0, 0, -0.119), size=(0.041,)),
    ],
    "zarm_l3_link": [
        hit("capsule", name="upper_arm", fromto=(0, 0, -0.15, 0.006, 0, -0.275), size=(0.0475,)),
        see("grey", "cylinder", fromto=(0, 0, -0.117, 0, 0, -0.135), size=(0.045,)),
        shell("upper_arm", "white", (0.003, 0, -0.205), (0.0475, 0.0465, 0.078), 0.5, 0.75),
        shell("upper_arm_low", "white", (0.012, 0, -0.262), (0.045, 0.036, 0.058), 0.6, 0.7),
        shell("upper_arm_panel", "dark", (0.003, 0.010, -0.205), (0.026, 0.0385, 0.045), 0.4, 0.4),
    ],
    "zarm_l4_link": [
        hit("cylinder", name="elbow", fromto=(0, -0.055, 0, 0, 0.055, 0), size=(0.045,)),
        hit("capsule", name="forearm", fromto=(-0.012, 0, -0.04, -0.02, 0, -0.085), size=(0.042,)),
        see("dark", "cylinder", fromto=(0, -0.049, 0, 0, 0.049, 0), size=(0.0435,)),
        disc("white", (0, 0.051, 0), "y", 0.036, 0.0045),
        disc("white", (0, -0.051, 0), "y", 0.036, 0.0045),
        disc("metal", (0, 0.0555, 0), "y", 0.012, 0.0008),
        shell("elbow", "grey", (-0.014, 0, -0.062), (0.044, 0.0415, 0.055), 0.6, 0.7),
        see("dark", "cylinder", fromto=(-0.02, 0, -0.1, -0.02, 0, -0.126), size=(0.038,)),
    ],
    "zarm_l5_link": [
        hit("capsule", name="forearm", fromto=(-0.002, 0, -0.02, 0, 0, -0.07), size=(0.0385,)),
        hit("cylinder", name="wrist", fromto=(-0.054, 0, -0.1065, 0.052, 0, -0.1065), size=(0.029,)),
        shell("forearm", "white", (-0.002, 0, -0.046), (0.046, 0.0385, 0.058), 0.5, 0.7),
        shell("forearm_inset", "dark", (-0.002, 0, -0.05), (0.030, 0.0395, 0.036), 0.4, 0.4),
        shell("fork_front", "grey", (0.044, 0, -0.1), (0.008, 0.027, 0.036), 0.5, 0.6),
        shell("fork_back", "grey", (-0.048, 0, -0.1), (0.008, 0.027, 0.036), 0.5, 0.6),
        disc("dark", (0.0515, 0, -0.1065), "x", 0.018, 0.0012),
        disc("dark", (-0.0555, 0, -0.1065), "x", 0.018, 0.0012),
    ],
    "zarm_l6_link": [
        hit("ellipsoid", name="wrist", pos=(-0.003, 0.001, -0.015), size=(0.045, 0.037, 0.036)),
        shell("wrist", "dark", (-0.003, 0.001, -0.013), (0.036, 0.034, 0.034), 0.6, 0.7),
        disc("grey", (0, 0, -0.021), "y", 0.019, 0.036),
    ],
    "zarm_l7_link": [
        hit("capsule", name="flange", fromto=(0, 0, -0.005, 0, 0, -0.035), size=(0.028,)),
        hit("box", name="camera_plate", pos=(0, -0.055, -0.036), size=(0.011, 0.030, 0.003)),
        # about the camera at 25 deg, as it first stood: turned by 10 deg its corners move by less than 4 mm, and no way is planned anew
        hit("box", name="camera", pos=(0, -0.0853, -0.0387), size=(0.021, 0.0115, 0.0125), euler=(0.4363, 0, 0)),
        see("metal", "cylinder", fromto=(0, 0, -0.028, 0, 0, -0.0465), size=(0.032,)),
        see("grey", "cylinder", fromto=(0, 0, 0.005, 0, 0, -0.03), size=(0.025,)),
        see("grey", "box", pos=(0, -0.055, -0.036), size=(0.011, 0.030, 0.003)),
        shell(
            "wrist_camera", "metal", (0, -0.0853, -0.0387), (0.021, 0.0115, 0.0125), 0.25, 0.25, euler=(0.2618, 0, 0)
        ),
        see("visor", "cylinder", pos=(0.010, -0.0823, -0.0499), size=(0.005, 0.0006), euler=(0.2618, 0, 0)),
        see("visor", "cylinder", pos=(-0.010, -0.0823, -0.0499), size=(0.005, 0.0006), euler=(0.2618, 0, 0)),
    ],
    "zhead_1_link": [
        hit("capsule", name="neck", fromto=(0, 0, -0.03, 0, 0, 0), size=(0.036,)),
        see("dark", "cylinder", fromto=(0, 0, -0.055, 0, 0, 0.02), size=(0.033,)),
        see("grey", "cylinder", fromto=(0, -0.036, 0, 0, 0.036, 0), size=(0.027,)),
    ],
    "zhead_2_link": [
        hit("ellipsoid", name="head", pos=(0.012, 0, 0.09), size=(0.078, 0.084, 0.1088)),
        hit("box", name="camera_bar", pos=(0.088, 0, 0.125), size=(0.02, 0.05, 0.02), euler=(0, 0.4887, 0)),
        shell("skull", "white", (0.010, 0, 0.112), (0.073, 0.080, 0.0868), 0.75, 0.8),
        shell("jaw", "white", (0.018, 0, 0.05), (0.062, 0.062, 0.05), 0.7, 0.75),
        shell("visor", "visor", (0.046, 0, 0.098), (0.050, 0.066, 0.056), 0.6, 0.65, euler=(0, 0.1, 0)),
        shell("throat", "dark", (0.0, 0, 0.008), (0.040, 0.046, 0.040), 0.6, 0.7),
        shell("camera_bar", "white", (0.089, 0, 0.1295), (0.011, 0.047, 0.0125), 0.3, 0.25, euler=(0, 0.4887, 0)),
        disc("grey", (0.004, 0.079, 0.1), "y", 0.033, 0.0045),
        disc("light", (0.004, 0.0815, 0.1), "y", 0.021, 0.0028),
        disc("dark", (0.004, 0.0825, 0.1), "y", 0.0175, 0.0025),
        disc("grey", (0.004, -0.079, 0.1), "y", 0.033, 0.0045),
        disc("light", (0.004, -0.0815, 0.1), "y", 0.021, 0.0028),
        disc("dark", (0.004, -0.0825, 0.1), "y", 0.0175, 0.0025),
    ],
}

PITCH_COS, PITCH_SIN = 0.8829, 0.4695  # 28 deg, the head camera's
for lens_y in (0.0175, -0.0175, 0.037, -0.037):
    x, z = 0.098, 0.1248
    LINK_SHAPES["zhead_2_link"].append(
        see(
            "visor",
            "cylinder",
            fromto=(x, lens_y, z, x + 0.004 * PITCH_COS, lens_y, z - 0.004 * PITCH_SIN),
            size=(0.0065,),
        )
    )
    LINK_SHAPES["zhead_2_link"].append(
        see(
            "metal",
            "cylinder",
            fromto=(x, lens_y, z, x + 0.0034 * PITCH_COS, lens_y, z - 0.0034 * PITCH_SIN),
            size=(0.0085,),
        )
    )

CLAW_MATERIALS = [
    {"name": "dark", "rgba": "0.075 0.08 0.09 1", "specular": "0.4", "shininess": "0.45"},
    {"name": "grey", "rgba": "0.25 0.265 0.285 1", "specular": "0.4", "shininess": "0.5"},
    {"name": "metal", "rgba": "0.60 0.62 0.64 1", "specular": "0.7", "shininess": "0.7"},
    {"name": "rubber", "rgba": "0.42 0.43 0.44 1", "specular": "0.1", "shininess": "0.1"},
]
CLAW_SHAPES = {
    "claw": [
        hit("box", name="housing", pos=(0, 0, -0.015), size=(0.036, 0.030, 0.015)),
        hit("box", name="palm", pos=(0, 0, -0.065), size=(0.052, 0.027, 0.035)),
        shell("housing", "dark", (0, 0, -0.02), (0.036, 0.030, 0.026), 0.4, 0.6, to=CLAW_MESHES),
        shell("palm", "dark", (0, 0, -0.066), (0.052, 0.027, 0.035), 0.3, 0.35, to=CLAW_MESHES),
        shell("palm_plate", "grey", (0, 0, -0.06), (0.030, 0.0285, 0.022), 0.3, 0.3, to=CLAW_MESHES),
        disc("metal", (0.036, 0, -0.085), "y", 0.007, 0.0275),
        disc("metal", (-0.036, 0, -0.085), "y", 0.007, 0.0275),
    ],
    "finger": [  # x outwards from the pad's face; the pad's soft surface reaches 2 mm past that face
        {"cls": "pad", "name": "pad", "pos": (0.002, 0, 0.0025), "size": (0.004, 0.01, 0.02)},
        {"cls": "pad", "name": "tip", "pos": (0.003, 0, -0.02), "size": (0.004, 0.006, 0.0025)},
        hit("box", name="strut", pos=(0.009, 0, 0.036), size=(0.003, 0.008, 0.046)),
        hit("box", name="link", pos=(-0.0165, 0, 0.075), size=(0.0285, 0.008, 0.007)),
        shell("pad", "rubber", (0.0022, 0, 0.0), (0.0038, 0.010, 0.0225), 0.35, 0.25, to=CLAW_MESHES, fine=12),
        shell("strut", "dark", (0.0085, 0, 0.036), (0.0035, 0.0085, 0.046), 0.3, 0.3, to=CLAW_MESHES, fine=12),
        shell("link", "grey", (-0.0165, 0, 0.075), (0.0285, 0.0085, 0.0075), 0.3, 0.3, to=CLAW_MESHES, fine=12),
        disc("metal", (0.0055, 0, 0.075), "y", 0.0045, 0.0095),
    ],
}
