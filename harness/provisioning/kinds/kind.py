"""What is known of every kind of thing that the harness makes: how it is made with our marks, listed and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.marks import Marks
    from harness.targets.target import Target

# How the services say that something is not there (or not any more).
GONE = frozenset(
    {"NoSuchBucket", "NoSuchEntity", "NoSuchKey", "NoSuchUpload", "NoSuchVersion", "NotFoundException"}
    | {"BackupNotFoundException", "ResourceNotFoundException", "TableNotFoundException"}
)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is in the account: its kind, its name, and the id by which calls name it.

    `path` is that of IAM, empty for other services. `tags` is None where the list that it was found in shows none.
    """

    kind: str
    name: str
    id: str
    path: str = ""
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """One kind of thing.

    `marked` gives the parameters of its `creation` that hold the name, the tags and the path, in a Region.
    `listed` yields everything of the kind that is in the account, and `tags` returns those of an id. `delete` removes
    it with everything in it. Where the service makes up ids, `made_id` finds the new one in the answer of the creation;
    elsewhere `id_of_name` tells it beforehand.
    """

    name: str
    service: str
    creation: str
    marked: Callable[[str, Marks, str], dict[str, Any]]
    listed: Callable[[Target], Iterator[Found]]
    tags: Callable[[Target, str], Mapping[str, str]]
    delete: Callable[[Target, str], None]
    id_of_name: Callable[[Target, str], str] | None = None
    made_id: Callable[[Mapping[str, Any]], str] = lambda _: ""

    def id_of(self, target: Target, name: str, answer: Mapping[str, Any]) -> str:
        """Return the id of what was made under a name, for the answer of its creation."""
        return self.id_of_name(target, name) if self.id_of_name is not None else self.made_id(answer)

    def tags_of(self, target: Target, found: Found) -> Mapping[str, str]:
        """Return the tags of what was found; asks for them where the list did not show them. Raises DeploymentError."""
        return found.tags if found.tags is not None else self.tags(target, found.id)


def by_name(_: Target, name: str) -> str:
    """Return the id of something that calls name by its name."""
    return name


def arn(target: Target, service: str, resource: str) -> str:
    """Return the ARN of something of the account in the target's Region."""
    return f"arn:aws:{service}:{target.region}:{target.account}:{resource}"


def as_dict(tags: Any) -> dict[str, str]:
    """Return tags that an API lists as pairs by their keys."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def removed(target: Target, service: str, operation: str, **params: Any) -> None:
    """Perform a call that removes something; what is not there (any more) counts as removed. Raises DeploymentError."""
    try:
        operate(target, service, operation, **params)
    except DeploymentError as error:
        if error.code not in GONE:
            raise
