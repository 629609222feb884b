"""How a scenario's physics is integrated and solved: the words of MuJoCo's `option`, each with the value that rigid scenes use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco

from ..cloth.contact import FINGERS, WAYS
from ..sheet.yaml_reader import Node

_INTEGRATORS = {
    "Euler": mujoco.mjtIntegrator.mjINT_EULER,
    "implicit": mujoco.mjtIntegrator.mjINT_IMPLICIT,
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
    "discrete": mujoco.mjtIntegrator.mjINT_DISCRETE,
}
_SOLVERS = {"CG": mujoco.mjtSolver.mjSOL_CG, "Newton": mujoco.mjtSolver.mjSOL_NEWTON}
_CONES = {"elliptic": mujoco.mjtCone.mjCONE_ELLIPTIC, "pyramidal": mujoco.mjtCone.mjCONE_PYRAMIDAL}
GRAVITY = (0.0, 0.0, -9.81)  # m/s^2
CLOTHS = ("discrete",)  # integrators for cloth: its elasticity is taken implicitly, which the implicit two refuse to


@dataclass(frozen=True)
class Physics:
    """Integrator and constraint solver of a scene; names and meanings as in MuJoCo's `option`, but for `cloth` and `fingers`.

    Attributes:
        iterations: of the solver at most; tolerance: at which it stops earlier.
        impratio: friction against normal force; 10 makes friction so stiff that what is pinched does not creep out of the
            fingers.
        cloth: what of a cloth meets what is solid, and fingers: what of the robot meets cloth, see `cloth_contact`.
    """

    integrator: str = "implicitfast"
    solver: str = "Newton"
    iterations: int = 100
    tolerance: float = 1e-8
    cone: str = "elliptic"
    impratio: float = 10.0
    cloth: str = "surface"
    fingers: str = "boxes"

    def apply(self, option: Any, timestep: float) -> None:
        """Write into an `MjOption` of a spec; `timestep` [s]."""
        option.timestep = timestep
        option.gravity = GRAVITY
        option.integrator = _INTEGRATORS[self.integrator]
        option.solver = _SOLVERS[self.solver]
        option.iterations = self.iterations
        option.tolerance = self.tolerance
        option.cone = _CONES[self.cone]
        option.impratio = self.impratio


def read_physics(node: Node) -> Physics:
    """The `physics:` of a scenario; what is left out, or wrong and noted, is as in rigid scenes."""
    rigid = Physics()
    if node.value is None or not node.mapping(optional=tuple(Physics.__dataclass_fields__)):
        return rigid

    def word(key: str, choices: dict[str, Any]) -> str:
        found = node.child(key).word(default=getattr(rigid, key), choices=tuple(choices))
        return found if found in choices else getattr(rigid, key)

    def positive(key: str) -> float:
        number = node.child(key).number(default=getattr(rigid, key))
        if number <= 0.0:
            node.child(key).note(f"{number:g} is not above 0.")
            return getattr(rigid, key)
        return number

    return Physics(
        word("integrator", _INTEGRATORS),
        word("solver", _SOLVERS),
        node.child("iterations").integer(default=rigid.iterations, low=1),
        positive("tolerance"),
        word("cone", _CONES),
        positive("impratio"),
        word("cloth", dict.fromkeys(WAYS)),
        word("fingers", dict.fromkeys(FINGERS)),
    )
