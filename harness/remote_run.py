"""A run on a remote target, as one process takes part in it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from harness.persistence import performed
from harness.remote_stage import RemoteStage, Settling
from harness.stage import set_up, set_up_on
from harness.targets.limits import RunLimits
from harness.targets.localstack import connect_to_localstack
from harness.targets.operator import make_operator
from harness.targets.pace import Pace
from harness.targets.sandbox import connect_to_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint
    from harness.options import RemoteOptions, RunOptions
    from harness.targets.connection import Connection
    from harness.targets.remote import RemoteTarget

# Of AWS's request rates: others work in the account too.
_SHARE_OF_RATES = 0.8
_IAM_PATH = "/isolation-harness/"
# More processes only wait for each other: what bounds a run is the rate of requests of the account.
MOST_WORKERS = 4


def connect(options: RunOptions, remote: RemoteOptions) -> Connection:
    """Return the connection to the run's target, once all that guards it holds.

    Raises UsageError for what the person has to change, and TargetError when the target does not answer.
    """
    if options.target == "sandbox":
        return connect_to_sandbox(remote.allowed, options.region, endpoint_url=remote.endpoint_url)
    return connect_to_localstack(remote.endpoint_url, options.region)


@dataclass
class RemoteRun:
    """Where this process's stages are made. `workers` are the processes that share the account's request rates."""

    options: RunOptions
    remote: RemoteOptions
    connection: Connection
    run_id: str
    workers: int = 1

    @cached_property
    def target(self) -> RemoteTarget:
        """The target as the operator of this process uses it; an operator is made where there is only the root user."""
        if not self.connection.is_root:
            return self._target(self.connection)
        root = self._target(self.connection)
        name = f"isolation-{self.run_id}-operator-{secrets.token_hex(2)}"
        keys = make_operator(lambda request: performed(root, request), name, _IAM_PATH)
        root.close()
        Settling(self.remote.settle).wait()
        arn = f"arn:aws:iam::{self.connection.place.account}:user{_IAM_PATH}{name}"
        return self._target(replace(self.connection, operator=lambda: keys, operator_arn=arn))

    def _target(self, connection: Connection) -> RemoteTarget:
        paced = self.options.target == "sandbox"
        return connection.target(
            pace=Pace(_SHARE_OF_RATES / self.workers) if paced else None,
            limits=RunLimits(self.remote.max_requests, self.remote.max_minutes),
            settling_seconds=self.remote.settle,
        )

    def stage(self, blueprint: Blueprint, planned: Iterable[Attempt]) -> RemoteStage:
        """Return the stage of a blueprint with its twin. Raises DeploymentError when it cannot be deployed."""
        planned = list(planned)
        options = self.options
        settling = Settling(self.remote.settle)

        def deployed() -> None:
            nonlocal settling
            settling = Settling(self.remote.settle)
            settling.wait()

        stage = set_up_on(
            self.target,
            blueprint,
            planned,
            tenants=options.tenants,
            seed=options.seed,
            weakness=options.weakness,
            deployed=deployed,
        )
        twin = set_up(
            blueprint,
            planned,
            tenants=options.tenants,
            seed=options.seed,
            region=options.region,
            weakness=options.weakness,
        )
        return RemoteStage(stage, twin, settling)

    def close(self) -> None:
        """Give back the connections of this process."""
        if "target" in self.__dict__:
            self.target.close()


def workers_for(asked: int | None = None) -> int:
    """Return how many processes `-n auto` means on a remote target."""
    return min(MOST_WORKERS, asked or os.cpu_count() or 1)
