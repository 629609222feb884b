"""Skills of the scripted operator, named in the words of the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .skill import Skill


def registry() -> dict[str, type[Skill]]:
    """Word -> skill."""
    from . import (
        bundles,
        cloth,
        doors,
        drawing,
        flinging,
        grasping,
        handing,
        hands,
        insertion,
        keys,
        knobs,
        looking,
        placing,
        pouring,
        spreading,
        strokes,
        switching,
        thirds,
        trays,
        unloading,
        vessels,
        waiting,
        walking,
    )

    kinds: tuple[type[Skill], ...] = (
        hands.Reach,
        hands.Pinch,
        hands.Release,
        hands.Home,
        hands.PickFromAbove,
        doors.PullOpen,
        doors.PushOpen,
        doors.PushClose,
        vessels.PickRim,
        vessels.Lift,
        vessels.CarryLevel,
        vessels.PlaceInside,
        waiting.WaitEvent,
        unloading.RegraspHot,
        unloading.Unload,
        unloading.PlaceOn,
        keys.PressKey,
        knobs.TurnKnob,
        insertion.PickPart,
        insertion.PlaceInSlot,
        insertion.Align,
        insertion.InsertPress,
        insertion.VerifySeat,
        insertion.LoadFixture,
        trays.BimanualLift,
        trays.CarryTray,
        walking.WalkTo,
        walking.Approach,
        walking.Turn,
        walking.Squat,
        walking.StandUp,
        grasping.Grasp,
        grasping.Squeeze,
        grasping.HoldUntil,
        grasping.Wait,
        placing.CarryOver,
        placing.Place,
        placing.Stack,
        strokes.Push,
        strokes.Wipe,
        strokes.PressOn,
        strokes.Stir,
        switching.SwitchHands,
        looking.LookAt,
        looking.PointAt,
        pouring.GraspBottle,
        pouring.PourLiquid,
        pouring.StopAtLevel,
        pouring.SetDown,
        handing.OfferHandle,
        handing.HoldUntilPulled,
        handing.Withdraw,
        cloth.DrawOver,
        cloth.PickCloth,
        cloth.FoldHalf,
        drawing.DrawOut,
        spreading.GoToEnd,
        spreading.TowEnd,
        spreading.DrawEnd,
        spreading.PickEnd,
        flinging.FlingOut,
        thirds.FoldThird,
        thirds.TowAside,
        bundles.PickFolded,
        bundles.LayOn,
    )
    return {kind.word: kind for kind in kinds}


def catalogue() -> list[dict[str, Any]]:
    """Every skill with its arguments, as `shiliu list skills` shows them."""
    return [kind.catalogue() for kind in registry().values()]
