"""What a request asks of IAM, before anybody has decided: an action on a resource, with its condition keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.policy import Policy


@dataclass(frozen=True, slots=True)
class AuthorizationCheck:
    """One question to the policy engine; an API call is allowed when all of its questions are answered with allow.

    `context` holds the service's condition keys (lower-case names). `underivable` names the keys that the service
    defines for this action but that this request does not let us derive: a policy that needs one is refused as
    unknown, never evaluated as if the key were absent (design.md, "Targets"). `resource_policies` are the policies of
    the resource itself, and `resource_account` is its owner where that is not the account the call is sent to.
    """

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    underivable: frozenset[str] = frozenset()
    resource_policies: tuple[Policy, ...] = ()
    resource_account: str | None = None
