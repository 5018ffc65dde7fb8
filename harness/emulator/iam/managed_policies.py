"""Managed policies: up to five versions of a document, the default one of which counts wherever it is attached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.global_keys import timestamp
from harness.emulator.iam.answers import encoded, paged, policy_shown, tag_list
from harness.emulator.iam.aws_managed_policies import aws_managed_policy_arns
from harness.emulator.iam.documents import check_managed
from harness.emulator.iam.owner_policies import tagged, untagged
from harness.emulator.iam.state import (
    Group,
    ManagedPolicy,
    PolicyVersion,
    Role,
    User,
    already_exists,
    check_quota,
    delete_conflict,
    no_such_entity,
)
from harness.emulator.operations import Operation, accepting
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import iam as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.guards import IamGuards
    from harness.emulator.iam.state import IamState, Owner
    from harness.emulator.service import Call

_VERSIONS = 5
_POLICIES = 1500


class ManagedPolicies:
    """The operations on managed policies of one account."""

    def __init__(self, state: IamState, guards: IamGuards, clock: Clock) -> None:
        self._state = state
        self._guards = guards
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        one, page, guard = accepting("PolicyArn"), accepting("Marker MaxItems"), self._guards.policy
        version = one | accepting("VersionId")
        return {
            "CreatePolicy": Operation(
                self._create,
                accepting("PolicyName Path PolicyDocument Description Tags"),
                self._guards.creates("policy"),
            ),
            "GetPolicy": Operation(self._get, one, guard),
            "DeletePolicy": Operation(self._delete, one, guard),
            "ListPolicies": Operation(
                self._list,
                page | accepting("Scope OnlyAttached PathPrefix PolicyUsageFilter"),
                self._guards.listing("policy/"),
            ),
            "CreatePolicyVersion": Operation(
                self._create_version, one | accepting("PolicyDocument SetAsDefault"), guard
            ),
            "GetPolicyVersion": Operation(self._get_version, version, guard),
            "DeletePolicyVersion": Operation(self._delete_version, version, guard),
            "ListPolicyVersions": Operation(self._list_versions, one | page, guard),
            "SetDefaultPolicyVersion": Operation(self._set_default, version, guard),
            "ListEntitiesForPolicy": Operation(
                self._list_entities, one | page | accepting("EntityFilter PolicyUsageFilter"), guard
            ),
            "TagPolicy": Operation(self._tag, one | accepting("Tags"), guard),
            "UntagPolicy": Operation(self._untag, one | accepting("TagKeys"), guard),
            "ListPolicyTags": Operation(self._list_tags, one | page, guard),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        params, now = call.params, self._clock.now()
        name, path = params["PolicyName"], params.get("Path", "/")
        if name.lower() in {policy.name.lower() for policy in self._state.policies.values()}:
            raise already_exists(f"A policy called {name} already exists. Duplicate names are not allowed.")
        check_quota(len(self._state.policies), _POLICIES, "PoliciesPerAccount")
        check_managed(params["PolicyDocument"])
        arn = f"arn:aws:iam::{self._state.account}:policy{path}{name}"
        first = PolicyVersion(params["PolicyDocument"], now)
        policy = ManagedPolicy(arn, name, path, now, now, {"v1": first}, description=params.get("Description"))
        policy.tags = tagged({}, params)
        self._state.policies[arn] = policy
        self._state.changed()
        return {"Policy": self._shown(policy, whole=True)}

    def _get(self, call: Call) -> Mapping[str, Any]:
        return {"Policy": self._shown(self._state.policy(call.params["PolicyArn"]), whole=True)}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        policy = self._own(call)
        if any(policy.arn in owner.attached or owner.boundary == policy.arn for owner in self._state.owners()):
            raise delete_conflict("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise delete_conflict(unconfirmed.POLICY_HAS_VERSIONS)
        del self._state.policies[policy.arn]
        self._state.changed()
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        scope, prefix = params.get("Scope", "All"), params.get("PathPrefix", "/")
        usage = params.get("PolicyUsageFilter")
        found = [] if scope == "AWS" else list(self._state.policies.values())
        if scope != "Local":
            found += [self._state.policy(arn) for arn in aws_managed_policy_arns()]
        shown = []
        for policy in found:
            each = self._shown(policy, whole=False)
            used = {
                "PermissionsPolicy": each["AttachmentCount"],
                "PermissionsBoundary": each["PermissionsBoundaryUsageCount"],
            }
            if policy.path.startswith(prefix) and (used[usage] if usage else True):
                shown += [each] if not params.get("OnlyAttached") or sum(used.values()) else []
        return paged("Policies", shown, params)

    def _create_version(self, call: Call) -> Mapping[str, Any]:
        policy, document = self._own(call), call.params["PolicyDocument"]
        if len(policy.versions) >= _VERSIONS:
            raise ServiceError("LimitExceeded", unconfirmed.TOO_MANY_POLICY_VERSIONS, 409)
        check_managed(document)
        policy.latest += 1
        version_id = f"v{policy.latest}"
        policy.versions[version_id] = PolicyVersion(document, self._clock.now())
        if call.params.get("SetAsDefault"):
            self._make_default(policy, version_id)
        return {"PolicyVersion": _version_shown(policy, version_id, whole=False)}

    def _get_version(self, call: Call) -> Mapping[str, Any]:
        policy = self._state.policy(call.params["PolicyArn"])
        return {"PolicyVersion": _version_shown(policy, _version(policy, call), whole=True)}

    def _delete_version(self, call: Call) -> Mapping[str, Any]:
        policy = self._own(call)
        version_id = _version(policy, call)
        if version_id == policy.default:
            raise delete_conflict("Cannot delete the default version of a policy.")
        del policy.versions[version_id]
        return {}

    def _list_versions(self, call: Call) -> Mapping[str, Any]:
        policy = self._state.policy(call.params["PolicyArn"])
        newest_first = [_version_shown(policy, version_id, whole=False) for version_id in reversed(policy.versions)]
        return paged("Versions", newest_first, call.params)

    def _set_default(self, call: Call) -> Mapping[str, Any]:
        policy = self._own(call)
        self._make_default(policy, _version(policy, call))
        return {}

    def _make_default(self, policy: ManagedPolicy, version_id: str) -> None:
        policy.default, policy.updated = version_id, self._clock.now()
        self._state.changed()

    def _list_entities(self, call: Call) -> Mapping[str, Any]:
        policy, params = self._state.policy(call.params["PolicyArn"]), call.params
        usage, kind = params.get("PolicyUsageFilter"), params.get("EntityFilter")

        def uses(owner: Owner) -> bool:
            permits = policy.arn in owner.attached and usage != "PermissionsBoundary"
            return permits or (owner.boundary == policy.arn and usage != "PermissionsPolicy")

        users = [owner for owner in self._state.owners() if uses(owner)]
        return {
            f"Policy{noun}s": [
                {f"{noun}Name": each.name, f"{noun}Id": each.id}
                for each in users
                if isinstance(each, owner_type) and kind in (None, noun)
            ]
            for noun, owner_type in (("Group", Group), ("User", User), ("Role", Role))
        } | {"IsTruncated": False}

    def _tag(self, call: Call) -> Mapping[str, Any]:
        policy = self._own(call)
        policy.tags = tagged(policy.tags, call.params)
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        policy = self._own(call)
        policy.tags = untagged(policy.tags, call.params)
        return {}

    def _list_tags(self, call: Call) -> Mapping[str, Any]:
        return paged("Tags", tag_list(self._state.policy(call.params["PolicyArn"]).tags), call.params)

    def _own(self, call: Call) -> ManagedPolicy:
        """Return a policy that the account may change, which those of AWS are not."""
        policy = self._state.policy(call.params["PolicyArn"])
        if policy.arn not in self._state.policies:
            raise ServiceError("AccessDenied", unconfirmed.AWS_POLICY_IS_FIXED.format(arn=policy.arn), 403)
        return policy

    def _shown(self, policy: ManagedPolicy, *, whole: bool) -> dict[str, Any]:
        owners = list(self._state.owners())
        attached = sum(policy.arn in owner.attached for owner in owners)
        bounding = sum(owner.boundary == policy.arn for owner in owners)
        return policy_shown(policy, attached, bounding, whole=whole)


def _version(policy: ManagedPolicy, call: Call) -> str:
    version_id: str = call.params["VersionId"]
    if version_id not in policy.versions:
        raise no_such_entity(f"Policy {policy.arn} version {version_id} does not exist or is not attachable.")
    return version_id


def _version_shown(policy: ManagedPolicy, version_id: str, *, whole: bool) -> dict[str, Any]:
    version = policy.versions[version_id]
    document = {"Document": encoded(version.document)} if whole else {}
    return {
        **document,
        "VersionId": version_id,
        "IsDefaultVersion": version_id == policy.default,
        "CreateDate": timestamp(version.created),
    }
