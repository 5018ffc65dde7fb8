"""Destroying what was recorded: all of it, whatever is gone already, in whatever order it lets itself be deleted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.deployment import Deployment, Resource
from harness.errors import DeploymentError, UsageError
from harness.marks import RUN_TAG, Marks
from harness.provisioning.kinds.kind import GONE, Found
from harness.provisioning.kinds.registry import KINDS
from harness.provisioning.ledger import Ledger, read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from harness.targets.target import Target

# What another deletion, or a moment, may put right: something is in use, not empty, or still changing.
_LATER = frozenset(
    {
        "BucketNotEmpty",
        "ConcurrentModificationException",
        "ConflictException",
        "DeleteConflict",
        "LimitExceededException",
        "OperationAborted",
        "ResourceConflictException",
        "ResourceInUseException",
        "TooManyRequestsException",
    }
)
_REFUSED = frozenset({"AccessDenied", "AccessDeniedException"})
# API Gateway deletes a REST API every thirty seconds (API Gateway quotas page).
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 31.0, 31.0)


@dataclass(frozen=True, slots=True)
class Left:
    """Something that could not be deleted, and why."""

    resource: Resource
    reason: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.resource.kind} {self.resource.name}: {self.reason}"


def destroy(
    deployment: Deployment,
    target: Target,
    pauses: Sequence[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Left]:
    """Delete everything recorded, and return what could not be deleted (empty when all is gone).

    What is gone already counts as deleted. What is in the way of something else is tried again, at once while that
    helps, then after each of the `pauses` in seconds.
    """
    account = _Account(target, deployment.marks.run_id)

    def delete(resource: Resource) -> None:
        account.delete(resource)
        if deployment.ledger is not None:
            deployment.ledger.gone(resource)
        deployment.resources.remove(resource)

    return in_rounds(reversed(deployment.resources.copy()), delete, pauses, sleep)


def destroy_from(
    ledger: Path, target: Target, pauses: Sequence[float] = PAUSES, sleep: Callable[[float], None] = time.sleep
) -> list[Left]:
    """Delete everything that stands in a ledger and is not said to be gone, like `destroy`.

    Raises UsageError for a file that is no ledger, and for one of another account or Region than the target's.
    """
    recorded = read_ledger(ledger)
    facts = recorded.facts
    if facts is None:
        return []
    if (facts.account, facts.region) != (target.account, target.region):
        raise UsageError(
            f"{ledger} is of account {facts.account} in {facts.region}, and the target is {target.account} in "
            f"{target.region}"
        )
    deployment = Deployment(
        facts.blueprint,
        facts.run_id,
        facts.region,
        facts.account,
        marks=Marks(facts.run_id, facts.expires),
        resources=recorded.left,
        ledger=Ledger(ledger),
    )
    return destroy(deployment, target, pauses, sleep)


def in_rounds(
    resources: Iterable[Resource],
    delete: Callable[[Resource], None],
    pauses: Sequence[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Left]:
    """Delete the resources one after the other, again and again while that helps, and return what is left."""
    waiting = iter(pauses)
    there = list(resources)
    while True:
        left = []
        for resource in there:
            try:
                delete(resource)
            except DeploymentError as error:
                left.append(Left(resource, str(error), error.code))
        if not left or len(left) == len(there):
            pause = next(waiting, None)
            if pause is None or not any(each.code in _LATER for each in left):
                return left
            sleep(pause)
        there = [each.resource for each in left]


def delete_found(target: Target, kind: str, identifier: str) -> None:
    """Delete what is there under an id; nothing there counts as deleted. Raises DeploymentError."""
    try:
        KINDS[kind].delete(target, identifier)
    except DeploymentError as error:
        if not _is_gone(target, kind, identifier, error):
            raise


def _is_gone(target: Target, kind: str, identifier: str, error: DeploymentError) -> bool:
    """Tell whether a call failed because there is nothing (any more) of this id.

    Those who may use only what bears a tag are refused then: what is gone bears none.
    """
    if error.code in GONE:
        return True
    return error.code in _REFUSED and all(found.id != identifier for found in KINDS[kind].listed(target))


class _Account:
    """The account that a run has made things in. What it holds is listed once for each kind."""

    def __init__(self, target: Target, run_id: str) -> None:
        self._target = target
        self._run_id = run_id
        self._listed: dict[str, list[Found]] = {}

    def delete(self, resource: Resource) -> None:
        """Delete a resource, all there are of its name where the service allows several. Raises DeploymentError."""
        kind = KINDS[resource.kind]
        if resource.id:
            delete_found(self._target, kind.name, resource.id)
        for found in self._namesakes(resource):
            self._check_ours(found)
            delete_found(self._target, kind.name, found.id)

    def _namesakes(self, resource: Resource) -> Iterator[Found]:
        """Yield what bears the name and was not deleted by its id: of a creation whose answer never came, or came late.

        Names are unique for most kinds; of the others a creation that was repeated may have made two.
        """
        kind = KINDS[resource.kind]
        if kind.id_of_name is not None:
            if not resource.id:
                yield Found(kind.name, resource.name, kind.id_of_name(self._target, resource.name))
            return
        if kind.name not in self._listed:
            self._listed[kind.name] = list(kind.listed(self._target))
        for found in self._listed[kind.name]:
            if found.name == resource.name and found.id != resource.id:
                yield found

    def _check_ours(self, found: Found) -> None:
        """Return when what was found by its name bears the tag of the run, or is gone. Raises DeploymentError."""
        try:
            run = KINDS[found.kind].tags_of(self._target, found).get(RUN_TAG)
        except DeploymentError as error:
            if _is_gone(self._target, found.kind, found.id, error):
                return
            raise
        if run != self._run_id:
            raise DeploymentError(f"what bears this name is not tagged {RUN_TAG}={self._run_id}: somebody else made it")
