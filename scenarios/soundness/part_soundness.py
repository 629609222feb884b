"""Is a part fit to be built with? Sheet against model, ranges, contact, rest and grips, each with its place in the files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import mujoco
import numpy as np

from ..grips.gripper import GripperFacts, gripper_of
from ..grips.grips import Grip, grips_of, why_not
from ..grips.workpiece import width_text
from ..parts.part import ASSETS, Part
from ..parts.titles import untitled_words
from ..reading.mjcf_places import lines_in
from ..sheet.errors import ScenarioError, from_here
from ..sheet.quantity import counted, show
from .soundness import STILL, Answer, extent, huge

ALIKE = 0.02  # share by which sheet and model may differ: the model's own rounding
TURNS = 4.0 * np.pi  # rad, of a hinge; beyond two turns a range was meant in degrees
TRAVEL = 2.0  # m, of a slide; beyond it a range was meant in millimetres
LIGHT = 1e-4  # kg, of a body that moves; lighter ones shake at the engine's usual steps
STANDS = 2e-3  # m by which a part may settle when it is put on a table
INSIDE = 1e-3  # m by which shapes of one part may lie in one another
TIMESTEP = 1.0 / 480.0  # s, that of a scenario that does not say otherwise
TABLE, HALF, BELOW = "table_under_part", 0.1, -5.0  # what a loose part is put on; m, half as thick; m, where it begins
GRADED = ("[S]", "[E]", "[D]", "[K]")  # a part that is looked at alone may say it in `about`
BACKING = "backing"  # the floor of a vessel for loose pieces, thicker than it looks; furniture carries the feet
ROBOT, PROPS = 1, 2  # bits of contype and conaffinity; 4 is a person


def examine_part(part: Part, hand: GripperFacts | None = None) -> list[Answer]:
    """Ask every question of a part; each that fails has an answer for every problem, with file and line where they are known.

    Args:
        part: as `load_part` gives it: its sheet has been read without problems.
        hand: that shall hold it; the claw of the usual robot where None.

    Raises:
        ScenarioError: its MJCF cannot be read, or does not compile.
    """
    asked = _Asked(part)
    answers: list[Answer] = []
    for question, problems, fine in (
        ("sheet and model agree", asked.sheet(), "every name and number of part.yaml is in the model"),
        ("weighs what its sheet says", asked.mass(), asked.weight),
        ("sizes are in m", asked.size(), f"{asked.long * 1e3:.0f} mm from end to end"),
        ("ranges are in rad and m", asked.ranges(), counted(asked.model.njnt, "joint")),
        ("moves where it shall", asked.free(), asked.moves),
        ("meets hands and furniture", asked.contact(), f"{counted(len(asked.solid), 'shape')} to touch"),
        ("stands still", asked.rest(), "for 1 s" + (" on a table" if asked.laid else "")),
        ("called in two languages", asked.titles(), "all in en and zh"),
        ("says where numbers come from", asked.sources(), "each of its sources has a grade"),
    ):
        found = list(problems)
        answers += [Answer(question, False, problem) for problem in found] or [Answer(question, True, fine)]
    if any(write.fault(asked.spec) for param in part.params.values() for write in param.writes):
        return answers  # which of its sizes a hand would meet is not known
    return [*answers, *_held(part, asked, hand or gripper_of())]


def _under(model: mujoco.MjModel) -> float:
    """How far the table has to rise until it just touches the part [m]. The part's file may pose it anywhere."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    table = int(model.geom(TABLE).id)
    bits = (model.geom_contype | model.geom_conaffinity) != 0
    others = [int(g) for g in np.flatnonzero(bits) if g != table and model.geom_type[g] != mujoco.mjtGeom.mjGEOM_PLANE]
    return min((mujoco.mj_geomDistance(model, data, table, g, 100.0, None) for g in others), default=0.0)


class _Asked:
    """A part with its compiled model, and where its elements stand in its files."""

    def __init__(self, part: Part):
        self.part = part
        self.spec = part.spec()
        try:
            self.model = self.spec.compile()
        except ValueError as error:
            raise ScenarioError(f"It does not compile: {' '.join(str(error).split())}.", file=self.shown) from None
        model = self.model
        self.solid = np.flatnonzero((model.geom_contype | model.geom_conaffinity) != 0)
        free = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
        self.loose = [int(b) for b in model.jnt_bodyid[free]]
        self.laid = bool(self.loose) or part.fastened is not None  # what lies somewhere, and does not hang in the air
        self.weight = show(round(float(model.body_mass.sum()), 6), "mass")

    @property
    def shown(self) -> str:
        """The MJCF as a message names it."""
        file = self.part.file
        return f"assets/{file.relative_to(ASSETS)}" if file.is_relative_to(ASSETS) else from_here(file)

    @cached_property
    def _lines(self) -> dict[tuple[str, str], int]:
        return lines_in(self.part.file)

    def at(self, tag: str, name: str) -> str:
        """`assets/objects/tin/tin.xml:12: ` of an element; the file alone where its line is not known."""
        line = self._lines.get((tag, name)) if name else None
        return f"{self.shown}:{line}: " if line else f"{self.shown}: "

    def in_sheet(self, path: str) -> str:
        """The same of a key of part.yaml."""
        place = self.part.places.get(path)
        return f"{place[0]}:{place[1]}: {path}: " if place else ""

    def sheet(self) -> Iterator[str]:
        folder = self.part.file.parent
        if not (folder / "part.yaml").is_file():
            others = ", ".join(sorted(f.name for f in folder.glob("*.y*ml")))
            reads = f" {others} is not read; call it part.yaml." if others else ""
            yield f"{self.shown}: there is no part.yaml beside it.{reads}"
        for fault in self.part.faults(self.spec):
            tops = [b.name for b in self.spec.bodies if b.name != "world" and b.parent.name == "world"]
            _, of_top, rest = fault.partition("the top body")
            yield f"{self.at('body', tops[0])}{of_top}{rest}" if of_top else fault
        for key, param in self.part.params.items():
            for i, write in enumerate(param.writes):
                if write.fault(self.spec):
                    continue
                holds, says = write.held(self.spec), write.number(param.default)
                if abs(holds - says) > ALIKE * max(abs(holds), abs(says)) + 1e-6:
                    place = self.in_sheet(f"params.{key}.sets[{i}]") or f"{self.shown}: "
                    yield f"{place}the default makes {says:g} of {write.attribute} of {write.element!r}, the model has {holds:g}."

    def mass(self) -> Iterator[str]:
        whole, says = float(self.model.body_mass.sum()), self.part.mass
        if says is not None and abs(whole - says) > ALIKE * max(whole, says):
            yield f"{self.in_sheet('mass')}the sheet says {show(says, 'mass')}, the bodies of the model weigh {self.weight}."
        for b in range(1, self.model.nbody):
            name = self.model.body(b).name
            if self.model.body_dofnum[b] and self.model.body_mass[b] < LIGHT and not self.model.nflex:
                weighs = f"{self.model.body_mass[b] * 1e6:.0f} mg"
                yield f"{self.at('body', name)}body {name!r} weighs {weighs}, which shakes. Give it 100 mg or more."

    @cached_property
    def long(self) -> float:
        """From end to end [m]."""
        data = mujoco.MjData(self.model)
        mujoco.mj_kinematics(self.model, data)
        return extent(self.model, data, range(self.model.ngeom))

    def size(self) -> Iterator[str]:
        if fault := huge(self.long, bool(self.loose)):
            yield f"{self.at('body', self.part.file.stem)}{fault}"

    def ranges(self) -> Iterator[str]:
        model = self.model
        for j in range(model.njnt):
            name, (low, high) = model.joint(j).name, model.jnt_range[j]
            if not model.jnt_limited[j]:
                continue
            if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE and high - low > TURNS:
                unit = (
                    '<compiler angle="radian"> makes them rad' if not self.spec.compiler.degree else "they are degrees"
                )
                yield (
                    f"{self.at('joint', name)}hinge {name!r} turns from {np.rad2deg(low):.0f} to {np.rad2deg(high):.0f} deg. "
                    f"Its numbers look like degrees, and {unit}."
                )
            if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_SLIDE and high - low > TRAVEL:
                yield (
                    f"{self.at('joint', name)}slide {name!r} goes from {low:g} to {high:g} m. Its numbers look like mm, and MJCF has m."
                )

    @property
    def moves(self) -> str:
        """How hands can move it, where nothing is wrong with that."""
        if self.part.fastened is not None:
            return f"fastened at {self.part.fastened}, the rest of it moves"
        return "loose" if self.loose else "nothing moves it as a whole"

    def free(self) -> Iterator[str]:
        if self.part.fastened is not None:
            yield from self._tied()
        elif self.part.name.startswith("objects/") and not self.loose and not self.model.nflex:
            top = self.part.file.stem
            yield f'{self.at("body", top)}hands cannot move it. Write <freejoint name="{top}_free"/> into its top body.'

    def _tied(self) -> Iterator[str]:
        """What is fastened stays there, and hands move what they take it by."""
        model, place = self.model, self.in_sheet("fastened")
        names = {model.site(s).name: int(model.site_bodyid[s]) for s in range(model.nsite)}
        fixed = np.flatnonzero(model.body_weldid == 0)
        if self.loose or names.get(str(self.part.fastened), 0) not in fixed:
            yield f"{place}{self.part.fastened!r} is not held by anything: something moves it as a whole."
        for grip, sheet in self.part.grips.items():
            for site in sheet.sites:
                if names.get(site) in fixed:
                    yield f"{self.in_sheet(f'grips.{grip}')}it is fastened, and {site!r} cannot move: no hand takes it along."
        if not self.part.grips:
            yield f"{place}hands can take what is fastened by its grips alone. Write grips into its sheet."

    def contact(self) -> Iterator[str]:
        model = self.model
        if not len(self.solid) and not model.nflex:
            yield f"{self.shown}: no shape of it touches anything: all have contype 0 and conaffinity 0."
        for g in self.solid:
            if int(model.geom_bodyid[g]) in self._sticky:
                continue
            own, other = int(model.geom_contype[g]), int(model.geom_conaffinity[g])
            name, body = model.geom(int(g)).name, model.body(model.geom_bodyid[g]).name
            where = self.at("geom", name) if name else self.at("body", body)
            called = f"geom {name!r}" if name else f"a geom of {body!r}"
            if own & ROBOT:
                yield f'{where}{called} has contype {own}, which is the robot\'s (1). Things have contype="2" conaffinity="7".'
            elif int(model.geom_bodyid[g]) in self._moving and not other & PROPS and own and name != BACKING:
                yield f'{where}{called} has conaffinity {other}: furniture (2) does not carry it. Things have contype="2" conaffinity="7".'

    @cached_property
    def _sticky(self) -> set[int]:
        """Bodies with an actuator that pulls at their contacts (adhesion): they meet what sticks to them, and nothing else."""
        pulls = self.model.actuator_trntype == mujoco.mjtTrn.mjTRN_BODY
        return {int(body) for body in self.model.actuator_trnid[pulls, 0]}

    @cached_property
    def _moving(self) -> set[int]:
        """Bodies that are one with a loose one; of what is fastened, all that move."""
        weld = self.model.body_weldid
        if self.part.fastened is not None:
            return {int(b) for b in np.flatnonzero(weld)}
        return {b for b in range(self.model.nbody) if int(weld[b]) in self.loose}

    def rest(self) -> Iterator[str]:
        """Put on a table, a second passes; what is soft takes a scene's own physics to rest, and is not tried here."""
        if self.model.nflex:
            return
        spec = self.part.spec()
        if self.laid:
            spec.worldbody.add_geom(
                name=TABLE, type=mujoco.mjtGeom.mjGEOM_BOX, size=[3.0, 3.0, HALF], pos=[0, 0, BELOW],
                contype=PROPS, conaffinity=7, friction=[0.4, 0.003, 0.0001],
            )  # fmt: skip
        spec.option.timestep = TIMESTEP
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        model = spec.compile()
        if self.laid:
            spec.geom(TABLE).pos[2] += _under(model)
            model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        inside = min(data.contact, key=lambda c: c.dist, default=None)
        if inside is not None and inside.dist < -INSIDE:
            names = " and ".join(self._geom(model, int(g)) for g in inside.geom)
            yield f"{self.shown}: {names} lie {-inside.dist * 1e3:.1f} mm in one another."
        before = data.xpos.copy()
        mujoco.mj_step(model, data, round(1.0 / TIMESTEP))
        mujoco.mj_kinematics(model, data)
        watched = self.loose or (sorted(self._moving) if self.laid else [])
        moved = np.linalg.norm(data.xpos - before, axis=1)[watched] if watched else np.zeros(1)
        speed = float(np.abs(data.qvel).max(initial=0.0))
        body = self.model.body(watched[int(moved.argmax())]).name if watched else self.part.file.stem
        if sum(data.warning.number) or not np.isfinite(data.qpos).all():
            yield f"{self.at('body', body)}the engine gives up on it within 1 s."
        elif moved.max() > STANDS or speed > STILL:
            on = " on a table" if self.laid else ""
            ends = f"moves by {moved.max() * 1e3:.1f} mm, and ends with {speed:.2f} rad/s or m/s"
            yield f"{self.at('body', body)}left alone for 1 s{on}, {body!r} {ends}."

    @staticmethod
    def _geom(model: mujoco.MjModel, geom: int) -> str:
        return model.geom(geom).name or f"a geom of {model.body(model.geom_bodyid[geom]).name}"

    def titles(self) -> Iterator[str]:
        for word, missing in untitled_words(self.part).items():
            path = f"interface.{word}" if word in self.part.interface else word or "title"
            yield f"{self.in_sheet(path) or path + ': '}no words in {', '.join(missing)}."

    def sources(self) -> Iterator[str]:
        sheet = f"{self.shown.rpartition('/')[0]}/part.yaml"
        if not self.part.about:
            yield f"{sheet}: nothing says what it is and where its numbers come from. Write `about` and `sources`."
        elif not self.part.sources and not any(grade in self.part.about for grade in GRADED):
            yield (
                f"{sheet}: nothing says where its numbers come from. "
                'Write `sources`, rows such as ["mass", "0.2 kg", "[E] kitchen scales"].'
            )
        for i, row in enumerate(self.part.sources):
            if not row.grade:
                yield f"{self.in_sheet(f'sources[{i}]')}the row {row.what!r} has no grade: [S], [E], [D] or [K]."


def _held(part: Part, asked: _Asked, hand: GripperFacts) -> list[Answer]:
    """Can the hand hold it at all, and does what the sheet says of its grips hold?"""
    carried = part.name.startswith("objects/")
    grips = grips_of(part, hand, None if carried else False)
    answers = []
    for grip in grips:
        place = asked.in_sheet(f"grips.{grip.name}").partition(" ")[0]
        faults = (
            [f"{place + ' ' if place else ''}{_at(grip)}{fault}." for fault in grip.faults]
            if grip.source == "sheet"
            else []
        )
        answers += [Answer(f"grip {grip.name}", False, fault) for fault in faults]
        if grip.holds:
            answers.append(Answer(f"grip {grip.name}", True, f"{_at(grip)}{describe(grip, hand)}"))
    if len(asked.loose) != 1 and not grips:
        return answers
    question = "can be held"
    if any(grip.holds for grip in grips):
        return [*answers, Answer(question, True, f"by the {hand.name}, in {counted(sum(g.holds for g in grips), 'way')}")]
    if grips or part.grips:
        of_sheet = not grips or grips[0].source == "sheet"  # the faults of its grips are reported above
        why = "none of the grips of its sheet holds" if of_sheet else grips[0].faults[0]
        return [*answers, Answer(question, False, f"{asked.shown}: {why}.")]
    if part.unheld:
        return [Answer(question, True, "its sheet says that no hand takes it")]
    why = why_not(part, hand) if carried else ""
    return [Answer(question, not why, f"{asked.shown}: {why}. Write `grips: {{}}` into its sheet where no hand shall take it." if why
                   else "no hand takes it")]  # fmt: skip


def _at(grip: Grip) -> str:
    return f"at {grip.at}: " if grip.at else ""


def describe(grip: Grip, hand: GripperFacts) -> str:
    """A grip in one line: width, friction, and the force that it takes against what there is."""
    width = f"{width_text(grip.width)} between the pads (at most {width_text(hand.widest)})"
    if not grip.needed:
        return f"{width}; friction {grip.friction:.2g}; it carries nothing"
    limit = f"{hand.force:.0f} N at most" + (f", it bears {grip.bears:.0f} N" if grip.bears is not None else "")
    each = f" by {grip.hands} hands" if grip.hands > 1 else ""
    mass = show(float(f"{grip.mass:.3g}"), "mass")
    return f"{width}; {mass}{each} at friction {grip.friction:.2g} take {grip.needed:.1f} N of each pad ({limit})"
