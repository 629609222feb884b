"""What `shiliu replay` is asked for, and what may not be asked for together."""

from __future__ import annotations

from dataclasses import dataclass

from ..edits.bounds import Bounds
from .command_request import CommandRequest
from .settings import Settings
from .where import SCENES, Where

INTAKE = "intake"
PLAYERS = 5  # that a report may hold: it stays below 10 MB


@dataclass(frozen=True)
class ReplaySettings:
    """The settings of one run; what each means stands in conf/replay.yaml."""

    request: CommandRequest
    settings: Settings
    data: str
    out: str
    lang: str
    where: Where
    quiet: bool
    pictures: bool
    players: int
    fail_on: str | None
    baseline: str | None
    keep_going: bool
    device: str | None
    threads: int
    workers: int
    ledger: str | None
    again: bool
    take_limit: float
    cluster: str | None
    repair: bool
    bounds: Bounds

    @classmethod
    def of(cls, request: CommandRequest) -> ReplaySettings:
        """As the command line says it.

        Raises:
            ScenarioError: with all that is wrong with it.
        """
        settings = Settings(request)
        at_most = settings["repair_at_most"]
        asked = cls(
            request,
            settings,
            data=settings["data"].word(),
            out=settings["out"].word(),
            lang=settings["lang"].word(choices=("en", "zh")),
            where=Where.of(settings, (INTAKE, *SCENES)),
            quiet=settings["quiet"].flag(),
            pictures=settings["pictures"].flag(),
            players=settings["players"].integer(low=0, high=PLAYERS),
            fail_on=settings["fail_on"].word(default="") or None,
            baseline=settings["baseline"].word(default="") or None,
            keep_going=settings["keep_going"].flag(True),
            device=settings["device"].word(default="") or None,
            threads=settings["threads"].integer(low=0),
            workers=settings["workers"].integer(low=0),
            ledger=settings["ledger"].word(default="") or None,
            again=settings["again"].flag(),
            take_limit=settings["take_limit"].quantity("time", low=1.0),
            cluster=settings["cluster"].word(default="") or None,
            repair=settings["repair"].flag(),
            bounds=Bounds(
                slowest=at_most.child("slowest").quantity("share", low=0.01, high=1.0),
                back=at_most.child("back").quantity("angle", low=0.0),
                rounds=at_most.child("rounds").integer(low=1),
            ),
        )
        intake = asked.where.check == INTAKE
        if asked.device and (asked.workers or intake):
            settings["device"].note("a device is asked of in scenes and in one process. Leave workers= and check=intake out.")
        elif asked.device and asked.repair:
            settings["device"].note("what a device would have recorded is no recording to be repaired. Leave repair= or device= out.")
        if asked.where.legs and intake:
            settings["legs"].note("check=intake plays nothing on legs. Leave one of the two out.")
        if asked.repair and intake:
            settings["repair"].note("check=intake mends nothing. Leave one of the two out.")
        elif asked.repair and asked.workers:
            settings["repair"].note("workers mend nothing. Leave one of the two out, or mend what was refused afterwards.")
        if asked.cluster and (intake or not asked.workers):
            settings["cluster"].note("a cluster is worked on by workers. Say how many, such as workers=8.")
        if asked.again and (intake or not asked.workers):
            settings["again"].note("only workers keep earlier verdicts. Say how many, such as workers=2.")
        if asked.ledger and (intake or not asked.workers):
            settings["ledger"].note("a ledger is kept by workers. Say how many, such as workers=2.")
        settings.stop()
        return asked
