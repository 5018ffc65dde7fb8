"""One run in one process: its plan, its stages, and the record of everything that was judged."""

from __future__ import annotations

import platform
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import declared_boundaries, plan
from harness.blueprints.registry import source_of
from harness.emulator.authorization import Enforcement
from harness.errors import DeploymentError, HarnessError, TargetError
from harness.named_stage import names_of, set_up_names, techniques_between_names
from harness.outcome import Outcome
from harness.population import populate
from harness.remote_run import RemoteRun, connect
from harness.remote_stage import RemoteStage
from harness.report.names import TriedName
from harness.report.recording import evidence_of, record_of
from harness.report.result import DesignSource
from harness.report.run import RunFacts
from harness.report.terminal import rerun_command
from harness.secret import Secret
from harness.stage import set_up
from harness.targets.remote import RemoteTarget
from harness.verdicts import Verdict, VerdictName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint
    from harness.named_stage import NamedStage, NameVerdict
    from harness.options import RunOptions
    from harness.report.records import AttemptRecord
    from harness.stage import Stage

_NO_CALLS: dict[str, Any] = {"verdict": 0, "users": [], "operations": {}}
_VERSIONED = ("isolation-harness", "boto3", "moto", "pytest", "allure-pytest")


@dataclass(frozen=True)
class Judged:
    """A verdict with its record, the evidence to attach, and what it cost in API calls (see report/calls.py)."""

    verdict: Verdict
    record: AttemptRecord
    evidence: dict[str, Any]
    calls: dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class ChosenName:
    """A name that a run tries in a design, by the id of how it was made."""

    blueprint: str
    name_id: str

    def __repr__(self) -> str:
        return f"{self.blueprint}-{self.name_id}"


@dataclass(frozen=True)
class JudgedName:
    """What became of a name, and every attempt between it and the one beside it."""

    verdict: NameVerdict
    tried: TriedName
    attempts: tuple[Judged, ...]


@dataclass
class Run:
    """What a process does of a run. Stages are set up when the first attempt on their blueprint is judged.

    `id` and `workers` are the same for all processes of a run; workers are told by the controller
    what it has found out of a remote target.
    """

    options: RunOptions
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    workers: int = 1
    told: Mapping[str, Any] | None = field(default=None, repr=False)
    planned: list[Attempt] = field(default_factory=list)
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    _stages: dict[str, Stage | RemoteStage] = field(default_factory=dict)
    _failed_stages: dict[str, HarnessError] = field(default_factory=dict)
    _named_stages: dict[str, NamedStage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.options.remote is not None and self.options.remote.reuse:
            self.id = self.options.remote.reuse
        techniques = [each for each in self.options.techniques if each.id not in self.beyond_target]
        for blueprint in self.options.blueprints:
            self.planned += plan(blueprint, techniques, self.options.tenants, self.options.pairs)

    @cached_property
    def remote(self) -> RemoteRun | None:
        """What is remote of the run, connected to its target; None on the embedded one.

        Raises UsageError for what guards the target, and TargetError when it does not answer.
        """
        remote = self.options.remote
        if remote is None:
            return None
        connection = connect(self.options, remote)
        run = RemoteRun(self.options, remote, connection, self.id, self.workers, planned=self.planned)
        if self.told is not None:
            run.hear(self.told)
        return run

    @cached_property
    def attempts(self) -> Mapping[str, Attempt]:
        """What is planned, by its id."""
        return {attempt.id: attempt for attempt in self.planned}

    @property
    def connected(self) -> RemoteRun | None:
        """What is remote of the run, if this process has connected to it."""
        connected: RemoteRun | None = self.__dict__.get("remote")
        return connected

    @cached_property
    def beyond_target(self) -> frozenset[str]:
        """The techniques that are not attempted because no target of this kind can do what they need."""
        if self.options.remote is None:
            return frozenset()
        return frozenset(each.id for each in self.options.techniques if each.needs - RemoteTarget.capabilities)

    def judge(self, attempt: Attempt) -> Judged:
        """Carry out the attempt on the stage of its blueprint and return what came of it."""
        is_new = attempt.blueprint not in self._stages
        try:
            judging = self._stage(attempt.blueprint)
        except (DeploymentError, TargetError) as error:
            if self.remote is None:
                raise
            return self._undeployed(attempt, f"{attempt.blueprint} could not be deployed on this target: {error}")
        stage = judging.stage if isinstance(judging, RemoteStage) else judging
        before = stage.target.calls
        verdict = judging.judge(attempt)
        calls = {
            "verdict": stage.target.calls - before,
            "users": list(stage.calls_per_user if is_new else ()),
            "operations": stage.target.log.news(),
        }
        advice = judging.advice_on(verdict) if verdict.is_undeclared_leak else None
        record = record_of(verdict, stage.population, self.options, stage.deployment.run_id, advice=advice)
        return Judged(
            verdict,
            record,
            evidence_of(verdict, rerun_command(record, self.facts), stage.sessions.get(attempt.attacker)),
            calls,
        )

    def _undeployed(self, attempt: Attempt, reason: str) -> Judged:
        verdict = Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason)
        record = self.not_judged(attempt, reason)
        return Judged(verdict, record, evidence_of(verdict, rerun_command(record, self.facts)), _NO_CALLS)

    def not_judged(self, attempt: Attempt, reason: str) -> AttemptRecord:
        """Return the record of an attempt that was begun and never judged: INCONCLUSIVE, for the reason."""
        options = self.options
        # Names follow from the seed alone.
        population = populate(
            self.blueprint(attempt.blueprint), seed=options.seed, tenants=options.tenants, run_secret=Secret("")
        )
        verdict = Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason)
        return record_of(verdict, population, options, run_id="never-deployed")

    @cached_property
    def names(self) -> tuple[ChosenName, ...]:
        """The names that the run tries: those of every design in which people choose names, and which it attacks."""
        if self.options.remote is not None:
            # Dozens of tenants under awkward names, most of which AWS refuses: tried on the embedded target alone.
            return ()
        return tuple(
            ChosenName(blueprint.name, name.id)
            for blueprint in self.options.blueprints
            if techniques_between_names(blueprint, self.options.techniques)
            for name in names_of(blueprint, self.options.seed)
            if name.beside
        )

    def try_name(self, chosen: ChosenName) -> JudgedName:
        """Try the name on the stage of the names of its design and return what came of it."""
        if chosen.blueprint not in self._named_stages:
            self._named_stages[chosen.blueprint] = set_up_names(
                self.blueprint(chosen.blueprint),
                self.options.techniques,
                seed=self.options.seed,
                region=self.options.region,
                enforcement=self.options.enforcement,
                faults=self.options.faults,
                weakness=self.options.weakness,
            )
        stage = self._named_stages[chosen.blueprint]
        verdict = stage.try_name(chosen.name_id)
        tried = TriedName(
            blueprint=chosen.blueprint,
            weakness=self.options.weakness_id,
            id=chosen.name_id,
            name=verdict.name.text,
            beside=stage.text_of(verdict.name.beside),
            outcome=verdict.outcome,
            reason=verdict.reason,
            attacks=len(verdict.verdicts),
            predicted=verdict.predicted,
        )
        return JudgedName(verdict, tried, tuple(self._judged(each, stage) for each in verdict.verdicts))

    def _judged(self, verdict: Verdict, stage: NamedStage) -> Judged:
        run_id = stage.deployment.run_id
        record = record_of(verdict, stage.population, self.options, run_id, between_names=True)
        return Judged(verdict, record, evidence_of(verdict, rerun_command(record, self.facts)), {})

    @cached_property
    def facts(self) -> RunFacts:
        """Where and with what the run is made."""
        options = self.options
        return RunFacts(
            target=options.target,
            region=options.region,
            account="in process" if self.remote is None else self.remote.connection.place.account,
            alias="" if self.remote is None else self.remote.connection.alias,
            endpoint="" if self.remote is None else self.remote.connection.place.endpoint,
            not_attempted=tuple(sorted(self.beyond_target)),
            seed=options.seed,
            tenants=options.tenants,
            pairs=options.pairs.value,
            blueprints=tuple(blueprint.name for blueprint in options.blueprints),
            blueprint_files=options.blueprint_files,
            started=self.started,
            narrowed=options.narrowed,
            enforcement=None if options.enforcement is Enforcement.NORMAL else options.enforcement.value,
            faults=tuple(options.faults),
            weaknesses=(options.weaken,) if options.weaken else (),
            versions={name: version(name) for name in _VERSIONED} | {"python": platform.python_version()},
        )

    @property
    def minimum_verdicts(self) -> int:
        """How many planned attempts have to be judged: in a whole run all of them, and never fewer than asked for."""
        return max(self.options.minimum_verdicts, 0 if self.options.narrowed else len(self.planned))

    def blueprint(self, name: str) -> Blueprint:
        """Return the blueprint of this name that is attacked in the run."""
        return next(blueprint for blueprint in self.options.blueprints if blueprint.name == name)

    def declared_boundaries(self) -> tuple[tuple[str, str], ...]:
        """Return every boundary that the blueprints' contracts draw, whether the run attacks it or not."""
        return tuple(
            boundary
            for blueprint in self.options.blueprints
            for boundary in declared_boundaries(blueprint, TECHNIQUES.values())
        )

    def designs(self) -> dict[str, DesignSource]:
        """Return where each blueprint of the run is written down."""
        given = self.options.blueprint_files
        return {
            blueprint.name: DesignSource(given[blueprint.name], 1)
            if blueprint.name in given
            else DesignSource(*source_of(blueprint.name))
            for blueprint in self.options.blueprints
        }

    def close(self) -> None:
        """Give back every stage."""
        for stage in self._stages.values():
            stage.close()
        for named in self._named_stages.values():
            named.close()
        self._stages.clear()
        self._named_stages.clear()

    def _stage(self, name: str) -> Stage | RemoteStage:
        if name in self._failed_stages:
            raise self._failed_stages[name].with_traceback(None)
        if name not in self._stages:
            try:
                self._stages[name] = self._set_up(self.blueprint(name))
            except HarnessError as error:
                # Tried once, not by every attempt again: it would fail as slowly each time.
                self._failed_stages[name] = error
                raise
        return self._stages[name]

    def _set_up(self, blueprint: Blueprint) -> Stage | RemoteStage:
        # Controls behind attacks need assets too, so everything of the blueprint is planted, narrowed or not.
        planned = [attempt for attempt in self.planned if attempt.blueprint == blueprint.name]
        if self.remote is not None:
            return self.remote.stage(blueprint, planned)
        return set_up(
            blueprint,
            planned,
            tenants=self.options.tenants,
            seed=self.options.seed,
            region=self.options.region,
            enforcement=self.options.enforcement,
            faults=self.options.faults,
            weakness=self.options.weakness,
        )
