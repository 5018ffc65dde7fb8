"""What a caller of STS may ask of a session: policies, tags, a source identity, a duration (aws-semantics 5.1, 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import sts as unconfirmed
from harness.policy import MalformedPolicyDocument, PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.principals import Principal
    from harness.emulator.roles import RoleDirectory, StoredRole
    from harness.policy import Policy

_CHAINED_DURATION = 3600
_MANAGED_POLICIES = 10
_TAGS = 50
_TAG_KEY = 128
_TAG_VALUE = 256
_POLICY_ARN = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}|aws):policy/.+")


@dataclass(frozen=True, slots=True)
class SessionTags:
    """The tags a session gets: those the request sets, and those its caller's session hands down."""

    requested: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    inherited: Mapping[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, str]:
        """Every tag of the new session."""
        return {**self.inherited, **self.requested}

    @property
    def handed_down(self) -> dict[str, str]:
        """The tags that sessions assumed from the new session keep."""
        keys = {key.lower() for key in self.transitive}
        return {**self.inherited, **{key: value for key, value in self.requested.items() if key.lower() in keys}}

    def request_keys(self) -> dict[str, tuple[str, ...]]:
        """Return the condition keys of the tags in the request."""
        if not self.requested:
            return {}
        keys = {f"aws:requesttag/{key.lower()}": (value,) for key, value in self.requested.items()}
        transitive = {"sts:transitivetagkeys": tuple(self.transitive)} if self.transitive else {}
        return {**keys, "aws:tagkeys": tuple(self.requested), **transitive}


@dataclass(frozen=True, slots=True)
class SessionPolicies:
    """The session policies of a request, None without any, and the percentage they and the tags take up."""

    policies: tuple[Policy, ...] | None
    packed_size: int | None


def session_tags(params: Mapping[str, Any], inherited: Mapping[str, str]) -> SessionTags:
    """Return the tags of a request, once nothing is wrong with them; raises ServiceError."""
    asked = params.get("Tags") or ()
    requested = {tag["Key"]: tag["Value"] for tag in asked}
    check_tags(requested, len(asked))
    lower = {key.lower() for key in requested}
    if lower & {key.lower() for key in inherited}:
        raise ServiceError("InvalidParameterValue", unconfirmed.TRANSITIVE_TAG_OVERRIDDEN)
    transitive = tuple(params.get("TransitiveTagKeys") or ())
    if not {key.lower() for key in transitive} <= lower:
        raise ServiceError("ValidationError", unconfirmed.TRANSITIVE_TAG_MISSING)
    return SessionTags(requested, transitive, inherited)


def check_tags(tags: Mapping[str, str], given: int) -> None:
    """Return when tags, given in so many entries, keep to the limits of STS; raises ServiceError."""
    if len({key.lower() for key in tags}) < given:
        raise ServiceError("InvalidParameterValue", unconfirmed.TAG_KEYS_REPEATED)
    if len(tags) > _TAGS or any(not key or len(key) > _TAG_KEY for key in tags):
        raise ServiceError("ValidationError", unconfirmed.TAG_KEY_TOO_LONG)
    if any(len(value) > _TAG_VALUE for value in tags.values()):
        raise ServiceError("ValidationError", unconfirmed.TAG_VALUE_TOO_LONG)


def session_policies(
    params: Mapping[str, Any], tags: SessionTags, account: str, directory: RoleDirectory
) -> SessionPolicies:
    """Return the session policies of a request for a session in an account.

    Raises ServiceError for a bad or over-long policy, for a managed one that is not there, and when policies and tags
    together are too large (the packed size is an approximation, see `unconfirmed.packed_policy_size`).
    """
    document = params.get("Policy")
    arns = [entry.get("arn", "") for entry in params.get("PolicyArns") or ()]
    found: list[Policy] = []
    if document is not None:
        if len(document) > unconfirmed.SESSION_POLICY_LIMIT:
            raise ServiceError("ValidationError", unconfirmed.SESSION_POLICY_TOO_LONG)
        found.append(_parsed(document))
    if len(arns) > _MANAGED_POLICIES:
        raise ServiceError("ValidationError", unconfirmed.TOO_MANY_SESSION_POLICIES)
    found += [_managed(arn, account, directory) for arn in arns]
    packed = unconfirmed.packed_policy_size(document or "", arns, tags.all)
    if packed > 100:  # noqa: PLR2004  per cent
        only_tags = not found
        text = unconfirmed.PACKED_TAGS_TOO_LARGE if only_tags else unconfirmed.PACKED_POLICY_TOO_LARGE
        raise ServiceError("PackedPolicyTooLarge", text.format(percent=packed))
    return SessionPolicies(tuple(found) if found else None, packed or None)


def source_identity(params: Mapping[str, Any], caller: Principal) -> str | None:
    """Return the source identity of a new session: once set it stays. Raises ServiceError when it would change."""
    before = caller.context.get("aws:sourceidentity", (None,))[0]
    asked: str | None = params.get("SourceIdentity")
    if before is not None and asked not in (None, before):
        raise ServiceError("AccessDenied", unconfirmed.SOURCE_IDENTITY_IS_SET, 403)
    return before or asked


def check_duration(duration: int, role: StoredRole, *, chained: bool) -> None:
    """Return when a session of the role may last so many seconds; raises ServiceError ValidationError."""
    if chained and duration > _CHAINED_DURATION:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    if duration > role.max_session_duration:
        raise ServiceError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )


def _parsed(document: str) -> Policy:
    try:
        return parse_policy(document, kind=PolicyKind.SESSION, name="session policy")
    except MalformedPolicyDocument as error:
        raise ServiceError("MalformedPolicyDocument", error.reason) from None


def _managed(arn: str, account: str, directory: RoleDirectory) -> Policy:
    form = _POLICY_ARN.fullmatch(arn)
    policy = directory.session_policy(arn) if form and form["account"] in ("aws", account) else None
    if policy is None:
        raise ServiceError("ValidationError", unconfirmed.SESSION_POLICY_ARN_INVALID.format(arn=arn))
    return policy
