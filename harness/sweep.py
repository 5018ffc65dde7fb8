"""Finding what killed runs have left in an account, and deleting it once it is surely ours and has expired.

Something is ours when its name begins as ours do, it bears both of our tags in the form in which we write them, and in
IAM it stands under our path. Whatever has only some of that looks like ours, is listed with what it lacks, and stays.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.deployment import Resource
from harness.errors import DeploymentError
from harness.marks import EXPIRES_TAG, IAM_PATH, NAME_PREFIX, RUN_TAG, is_run_id, read_expiry
from harness.provisioning.destruction import PAUSES, delete_found, in_rounds
from harness.provisioning.kinds.kind import GONE
from harness.provisioning.kinds.registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from harness.provisioning.destruction import Left
    from harness.provisioning.kinds.kind import Found, ResourceKind
    from harness.targets.target import Target

# The id of a deployment, which begins with that of its run; in the names of buckets it stands behind the account.
_NAME = re.compile(rf"{NAME_PREFIX}(?:\d{{12}}-)?(?P<id>[a-z0-9]{{8,24}})-.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trace:
    """Something in the account that is ours or looks like it, with what its tags say (empty where it has none).

    `reason` says why it stays, and is empty when it may be deleted.
    """

    kind: str
    name: str
    id: str
    run: str = ""
    expires: str = ""
    ours: bool = False
    expired: bool = False
    reason: str = ""

    @property
    def may_go(self) -> bool:
        """Tell whether it may be deleted."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, and the kinds of things that could not be looked through, each with the reason."""

    traces: tuple[Trace, ...]
    not_seen: Mapping[str, str]


def search(target: Target, now: datetime, run: str = "") -> Search:
    """Return everything in the account that is ours or looks like it; with `run`, of one run alone what is of it.

    What is ours may go once it has expired, and at once when its run is named.
    """
    traces: list[Trace] = []
    not_seen: dict[str, str] = {}
    for kind in KINDS.values():
        try:
            found = list(kind.listed(target))
        except DeploymentError as error:
            not_seen[kind.name] = str(error)
            continue
        traces += [trace for each in found if _looks_like_ours(each) for trace in _judged(target, kind, each, now, run)]
    return Search(tuple(traces), not_seen)


def delete_all(
    target: Target,
    traces: Sequence[Trace],
    pauses: Sequence[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Left]:
    """Delete what may go of the traces, and return what could not be deleted."""
    going = [Resource(trace.kind, trace.name, trace.id) for trace in traces if trace.may_go]
    return in_rounds(going, lambda each: delete_found(target, each.kind, each.id), pauses, sleep)


def _looks_like_ours(found: Found) -> bool:
    tagged = bool(found.tags) and not {RUN_TAG, EXPIRES_TAG}.isdisjoint(found.tags or ())
    return found.name.startswith(NAME_PREFIX) or found.path == IAM_PATH or tagged


def _judged(target: Target, kind: ResourceKind, found: Found, now: datetime, run: str) -> Iterator[Trace]:
    try:
        tags = kind.tags_of(target, found)
    except DeploymentError as error:
        if error.code in GONE:
            return
        yield Trace(kind.name, found.name, found.id, reason=f"its tags cannot be read: {error}")
        return
    tagged_run, expires = tags.get(RUN_TAG, ""), tags.get(EXPIRES_TAG, "")
    if run and tagged_run != run:
        return
    at = read_expiry(expires)
    lacks = tuple(_lacks(target, found, tags))
    expired = at is not None and at <= now
    reason = "; ".join(lacks)
    if not reason and not expired and not run:
        reason = "has not expired"
    yield Trace(kind.name, found.name, found.id, tagged_run, expires, not lacks, expired, reason)


def _lacks(target: Target, found: Found, tags: Mapping[str, str]) -> Iterator[str]:
    """Yield what keeps something from being known as ours."""
    named = _NAME.fullmatch(found.name)
    if named is None:
        yield f"its name is not {NAME_PREFIX}RUN-..."
    elif RUN_TAG in tags and not named["id"].startswith(tags[RUN_TAG]):
        yield f"its name is not that of the run in its tag {RUN_TAG}"
    if found.path and found.path != IAM_PATH:
        yield f"its path is {found.path}, not {IAM_PATH}"
    for tag, is_well_formed in ((RUN_TAG, is_run_id), (EXPIRES_TAG, lambda text: read_expiry(text) is not None)):
        if tag not in tags:
            yield f"it has no tag {tag}"
        elif not is_well_formed(tags[tag]):
            yield f"its tag {tag} is not written as ours are"
    if found.kind == "iam-user" and target.operator_arn.endswith(f":user{found.path}{found.name}"):
        yield "it is who sweeps"
