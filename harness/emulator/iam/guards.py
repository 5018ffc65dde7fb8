"""What each IAM call is authorized on: the ARN of what it touches, and the condition keys IAM defines for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Guarded, request_tags, resource_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.iam.state import IamState

    Guard = Callable[[Mapping[str, Any]], Guarded]


class IamGuards:
    """Guards of the operations of one account's IAM. What does not exist is authorized on under the path `/`."""

    def __init__(self, state: IamState) -> None:
        self._state = state
        self._prefix = f"arn:aws:iam::{state.account}:"

    def creates(self, kind: str) -> Guard:
        """Return the guard of the creation of a role, user, group or policy, on the ARN it is going to have.

        Tags that it is made with take the leave to tag as well (IAM page "Tags for IAM resources").
        """
        member = f"{kind.capitalize()}Name"

        def guard(params: Mapping[str, Any]) -> Guarded:
            arn = f"{self._prefix}{kind}{params.get('Path') or '/'}{params[member]}"
            context = {**request_tags(tag_dict(params)), **_boundary(params.get("PermissionsBoundary"))}
            return Guarded(arn, context, (f"Tag{kind.capitalize()}",) if params.get("Tags") else ())

        return guard

    def owner(self, kind: str) -> Guard:
        """Return the guard of an operation on a stored role, user or group."""
        member = f"{kind.capitalize()}Name"

        def guard(params: Mapping[str, Any]) -> Guarded:
            stored: Any = getattr(self._state, f"{kind}s").get(params[member])
            arn = stored.arn if stored is not None else f"{self._prefix}{kind}/{params[member]}"
            tags = stored.tags if stored is not None else {}
            boundary = params.get("PermissionsBoundary") or (stored.boundary if stored is not None else None)
            policy = {"iam:policyarn": (params["PolicyArn"],)} if "PolicyArn" in params else {}
            return Guarded(arn, {**_tag_keys(tags, params), **_boundary(boundary), **policy})

        return guard

    def policy(self, params: Mapping[str, Any]) -> Guarded:
        """Guard an operation on a managed policy."""
        stored = self._state.policies.get(params["PolicyArn"])
        return Guarded(params["PolicyArn"], _tag_keys(stored.tags if stored is not None else {}, params))

    def provider(self, params: Mapping[str, Any]) -> Guarded:
        """Guard an operation on a stored OIDC provider."""
        arn = params["OpenIDConnectProviderArn"]
        stored = self._state.providers.get(arn)
        return Guarded(arn, _tag_keys(stored.tags if stored is not None else {}, params))

    def creates_provider(self, params: Mapping[str, Any]) -> Guarded:
        """Guard the creation of an OIDC provider."""
        url = params["Url"].removeprefix("https://")
        tagging = ("TagOpenIDConnectProvider",) if params.get("Tags") else ()
        return Guarded(f"{self._prefix}oidc-provider/{url}", request_tags(tag_dict(params)), tagging)

    def listing(self, resource: str) -> Guard:
        """Return the guard of a list of all roles, users and so on."""
        return lambda _params: Guarded(f"{self._prefix}{resource}")


def tag_dict(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the Tags of a request as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}


def _tag_keys(stored: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    held = resource_tags(stored)
    also = {f"iam:{key.removeprefix('aws:')}": value for key, value in held.items()}
    untagged = {"aws:tagkeys": tuple(params["TagKeys"])} if params.get("TagKeys") else {}
    return {**held, **also, **request_tags(tag_dict(params)), **untagged}


def _boundary(arn: str | None) -> dict[str, tuple[str, ...]]:
    return {"iam:permissionsboundary": (arn,)} if arn else {}
