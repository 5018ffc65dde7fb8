"""A run on a remote target, as one process takes part in it."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.attacks.catalogue import TECHNIQUES
from harness.calibration.calibration import Calibration
from harness.calibration.measuring import measure
from harness.calibration.needs import rules_of
from harness.deployment import Resource
from harness.kept_deployments import KeptDeployments
from harness.marks import IAM_PATH, NAME_PREFIX, Marks
from harness.persistence import performed
from harness.provisioning.destruction import destroy_from
from harness.provisioning.ledger import Ledger, LedgerFacts, ledgers
from harness.remote_stage import RemoteStage, Settling
from harness.stage import DeploymentPlace, set_up, set_up_on
from harness.targets.limits import RunLimits
from harness.targets.localstack import connect_to_localstack
from harness.targets.operator import Operator, make_operator
from harness.targets.pace import Pace
from harness.targets.sandbox import connect_to_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint
    from harness.options import RemoteOptions, RunOptions
    from harness.provisioning.destruction import Left
    from harness.stage import EmbeddedStage
    from harness.targets.connection import Connection
    from harness.targets.remote import RemoteTarget

# Of AWS's request rates: others work in the account too.
SHARE_OF_RATES = 0.8
# More processes only wait for each other: what bounds a run is the rate of requests of the account.
MOST_WORKERS = 4


def connect(options: RunOptions, remote: RemoteOptions) -> Connection:
    """Return the connection to the run's target, once all that guards it holds.

    Raises UsageError for what the person has to change, and TargetError when the target does not answer.
    """
    if options.target == "sandbox":
        return connect_to_sandbox(
            remote.allowed, options.region, endpoint_url=remote.endpoint_url, only_looking=remote.dry_run
        )
    return connect_to_localstack(remote.endpoint_url, options.region)


@dataclass
class RemoteRun:
    """Where this process's stages are made.

    `workers` are the processes that share the account's request rates. `operator` is who provisions where it is not
    whoever has connected. `calls_besides` counts what is called for no design: before the first and after the last.
    """

    options: RunOptions
    remote: RemoteOptions
    connection: Connection
    run_id: str
    workers: int = 1
    planned: Sequence[Attempt] = ()
    operator: Operator | None = None
    calibration: Calibration = field(default_factory=lambda: Calibration(""))
    calls_besides: Counter[str] = field(default_factory=Counter)

    def check_reuse(self) -> None:
        """Raise UsageError where something is to be taken up that is not there, or was made for something else."""
        if self.remote.reuse:
            for name in dict.fromkeys(attempt.blueprint for attempt in self.planned):
                KeptDeployments.of(self.options).take_up(self.run_id, name, self.options, self.connection.place)

    def prepare(self) -> None:
        """Make what all processes share, an operator where there is only the root user, and measure the target."""
        if self.connection.is_root:
            self._make_operator()
        techniques = [TECHNIQUES[name] for name in dict.fromkeys(each.technique.id for each in self.planned)]
        rules = {rule for blueprint in self.options.blueprints for rule in rules_of(blueprint, techniques)}
        self.calibration = measure(self.target, rules, marks=self._marks, ledger_of=self._ledger)
        self.calls_besides.update(self.target.log.news())

    def _make_operator(self) -> None:
        root = self._target(self.connection)
        name = f"{NAME_PREFIX}{self.run_id}-operator"
        self._ledger("operator", "").about_to_make(Resource("iam-user", name))
        arn = f"arn:aws:iam::{self.connection.place.account}:user{IAM_PATH}{name}"
        keys = make_operator(lambda request: performed(root, request), name, IAM_PATH, self._marks.tags)
        self.operator = Operator(keys, arn)
        self.calls_besides.update(root.log.news())
        root.close()
        Settling(self.remote.settle).wait()

    def news_of_calls(self) -> dict[str, int]:
        """Return the calls that belong to no design and that were not told yet, by operation."""
        news = dict(self.calls_besides)
        self.calls_besides.clear()
        return news

    def told_workers(self) -> dict[str, Any]:
        """Return what workers are told of the controller's work; it stays between the processes of the run."""
        operator = None if self.operator is None else self.operator.told()
        return {"operator": operator, "calibration": self.calibration.as_json()}

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take in, as a worker, what `told_workers` says."""
        self.operator = None if told["operator"] is None else Operator.from_told(told["operator"])
        self.calibration = Calibration.from_json(told["calibration"])

    @cached_property
    def target(self) -> RemoteTarget:
        """The target as the operator uses it."""
        operator = self.operator
        if operator is None:
            return self._target(self.connection)
        return self._target(replace(self.connection, operator=lambda: operator.credentials, operator_arn=operator.arn))

    def stage(self, blueprint: Blueprint, planned: Iterable[Attempt]) -> RemoteStage:
        """Return the stage of a blueprint with its twin.

        Raises DeploymentError when it cannot be deployed, UsageError when it was to be taken up and is not there.
        """
        options, planned = self.options, list(planned)
        kept_deployments = KeptDeployments.of(options)
        # Ten characters, because names of buckets are short.
        stage_id = self.run_id + secrets.token_hex(1)
        settling = Settling(self.remote.settle)

        def deployed() -> None:
            settling.restart()
            settling.wait()

        if self.remote.reuse:
            kept = kept_deployments.take_up(self.run_id, blueprint.name, options, self.connection.place)
            place = DeploymentPlace(kept.run_id, kept=kept)
        else:
            ledger = self._ledger(stage_id, blueprint.name)
            place = DeploymentPlace(stage_id, self._marks, ledger, deployed=deployed)
        stage = set_up_on(
            self.target,
            blueprint,
            planned,
            tenants=options.tenants,
            seed=options.seed,
            weakness=options.weakness,
            place=place,
            calibration=self.calibration,
        )
        if self.remote.keep:
            kept_deployments.keep(self.run_id, stage.deployment, options, self.connection.place)
        return RemoteStage(stage, twin_of(options, blueprint, planned), settling, self.calibration)

    def destroy(self) -> list[Left]:
        """Destroy everything that the processes of the run have made, and return what could not be deleted.

        Limits do not hold for this: what was made must go.
        """
        target = self._target(self.connection)
        left: list[Left] = []
        with target.unlimited():
            for path in ledgers(Path(self.options.reports), self.run_id):
                still_there = destroy_from(path, target)
                left += still_there
                if not still_there:
                    path.unlink()
        if not left:
            KeptDeployments.of(self.options).forget(self.run_id)
        self.calls_besides.update(target.log.news())
        target.close()
        return left

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self.run_id, boundary=self.remote.boundary)

    def _ledger(self, stage: str, blueprint: str) -> Ledger:
        place = self.connection.place
        facts = LedgerFacts(self.run_id, stage, blueprint, place.name, place.account, place.region, self._marks.expires)
        return Ledger.begin(Path(self.options.reports), facts)

    def _target(self, connection: Connection) -> RemoteTarget:
        paced = self.options.target == "sandbox"
        return connection.target(
            pace=Pace(SHARE_OF_RATES / self.workers) if paced else None,
            limits=RunLimits(self.remote.max_requests, self.remote.max_minutes),
            settling_seconds=self.remote.settle,
        )

    def close(self) -> None:
        """Give back the connections of this process."""
        if "target" in self.__dict__:
            self.target.close()


def twin_of(options: RunOptions, blueprint: Blueprint, planned: Iterable[Attempt]) -> EmbeddedStage:
    """Return the stage on an embedded target that has what a run deploys of a blueprint."""
    return set_up(
        blueprint,
        planned,
        tenants=options.tenants,
        seed=options.seed,
        region=options.region,
        weakness=options.weakness,
    )


def workers_for() -> int:
    """Return how many processes `-n auto` means on a remote target."""
    return min(MOST_WORKERS, os.cpu_count() or 1)
