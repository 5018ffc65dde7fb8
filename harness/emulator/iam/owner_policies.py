"""What roles, users and groups carry alike: inline policies, attached policies, a permissions boundary, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from harness.emulator.iam.answers import encoded, paged, tag_list
from harness.emulator.iam.documents import check_inline
from harness.emulator.iam.guards import tag_dict
from harness.emulator.iam.state import check_quota, no_such_entity
from harness.emulator.operations import Operation, accepting
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import iam as unconfirmed
from harness.emulator.unconfirmed.sts import TAG_KEYS_REPEATED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.iam.guards import IamGuards
    from harness.emulator.iam.state import IamState, Owner
    from harness.emulator.service import Call

_ATTACHED = 10
_TAGS = 50


class OwnerPolicies:
    """The operations that exist for each kind of owner under its own name, such as PutRolePolicy and PutUserPolicy."""

    def __init__(self, state: IamState, guards: IamGuards, kind: str) -> None:
        self._state = state
        self._guard = guards.owner(kind)
        self._kind = kind
        self._noun = kind.capitalize()

    def operations(self) -> dict[str, Operation]:
        """Return the operations of this kind of owner by name; groups have neither boundary nor tags."""
        name, noun, guard = f"{self._noun}Name", self._noun, self._guard
        operations = {
            f"Put{noun}Policy": Operation(self._put, accepting(name, "PolicyName PolicyDocument"), guard),
            f"Get{noun}Policy": Operation(self._get, accepting(name, "PolicyName"), guard),
            f"Delete{noun}Policy": Operation(self._delete, accepting(name, "PolicyName"), guard),
            f"List{noun}Policies": Operation(self._list, accepting(name, "Marker MaxItems"), guard),
            f"Attach{noun}Policy": Operation(self._attach, accepting(name, "PolicyArn"), guard),
            f"Detach{noun}Policy": Operation(self._detach, accepting(name, "PolicyArn"), guard),
            f"ListAttached{noun}Policies": Operation(
                self._list_attached, accepting(name, "PathPrefix Marker MaxItems"), guard
            ),
        }
        if self._kind == "group":
            return operations
        return {
            **operations,
            f"Put{noun}PermissionsBoundary": Operation(
                self._put_boundary, accepting(name, "PermissionsBoundary"), guard
            ),
            f"Delete{noun}PermissionsBoundary": Operation(self._delete_boundary, accepting(name), guard),
            f"Tag{noun}": Operation(self._tag, accepting(name, "Tags"), guard),
            f"Untag{noun}": Operation(self._untag, accepting(name, "TagKeys"), guard),
            f"List{noun}Tags": Operation(self._list_tags, accepting(name, "Marker MaxItems"), guard),
        }

    def _owner(self, call: Call) -> Owner:
        found: Owner = getattr(self._state, self._kind)(call.params[f"{self._noun}Name"])
        return found

    def _put(self, call: Call) -> Mapping[str, Any]:
        owner, name, document = self._owner(call), call.params["PolicyName"], call.params["PolicyDocument"]
        check_inline(document, name, owner)
        owner.inline[name] = document
        self._state.changed()
        return {}

    def _get(self, call: Call) -> Mapping[str, Any]:
        owner, name = self._owner(call), call.params["PolicyName"]
        document = self._inline(owner, name)
        return {f"{self._noun}Name": owner.name, "PolicyName": name, "PolicyDocument": encoded(document)}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        owner, name = self._owner(call), call.params["PolicyName"]
        self._inline(owner, name)
        del owner.inline[name]
        self._state.changed()
        return {}

    def _inline(self, owner: Owner, name: str) -> str:
        if name not in owner.inline:
            raise no_such_entity(f"The {self._kind} policy with name {name} cannot be found.")
        return owner.inline[name]

    def _list(self, call: Call) -> Mapping[str, Any]:
        return paged("PolicyNames", sorted(self._owner(call).inline), call.params)

    def _attach(self, call: Call) -> Mapping[str, Any]:
        owner, arn = self._owner(call), call.params["PolicyArn"]
        check_attachable(self._state, arn)
        if arn not in owner.attached:
            check_quota(len(owner.attached), _ATTACHED, f"PoliciesPer{self._noun}")
            owner.attached.append(arn)
            self._state.changed()
        return {}

    def _detach(self, call: Call) -> Mapping[str, Any]:
        owner, arn = self._owner(call), call.params["PolicyArn"]
        if arn not in owner.attached:
            raise no_such_entity(f"Policy {arn} was not found.")
        owner.attached.remove(arn)
        self._state.changed()
        return {}

    def _list_attached(self, call: Call) -> Mapping[str, Any]:
        policies = [self._state.policy(arn) for arn in sorted(self._owner(call).attached)]
        prefix = call.params.get("PathPrefix", "/")
        shown = [{"PolicyName": each.name, "PolicyArn": each.arn} for each in policies if each.path.startswith(prefix)]
        return paged("AttachedPolicies", shown, call.params)

    def _put_boundary(self, call: Call) -> Mapping[str, Any]:
        owner, arn = self._owner(call), call.params["PermissionsBoundary"]
        check_attachable(self._state, arn)
        owner.boundary = arn
        self._state.changed()
        return {}

    def _delete_boundary(self, call: Call) -> Mapping[str, Any]:
        owner = self._owner(call)
        if owner.boundary is None:
            raise no_such_entity(unconfirmed.NO_BOUNDARY.format(kind=self._kind, name=owner.name))
        owner.boundary = None
        self._state.changed()
        return {}

    def _tag(self, call: Call) -> Mapping[str, Any]:
        owner = self._owner(call)
        owner.tags = tagged(owner.tags, call.params)
        self._state.changed()
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        owner = self._owner(call)
        owner.tags = untagged(owner.tags, call.params)
        self._state.changed()
        return {}

    def _list_tags(self, call: Call) -> Mapping[str, Any]:
        return paged("Tags", tag_list(self._owner(call).tags), call.params)


class Carried(TypedDict):
    """What a role or a user may be made with."""

    tags: dict[str, str]
    boundary: str | None


def carried_from_the_start(state: IamState, params: Mapping[str, Any]) -> Carried:
    """Return the tags and the permissions boundary with which a request makes a role or a user.

    Raises ServiceError as `check_attachable` and `tagged` do.
    """
    boundary = params.get("PermissionsBoundary")
    if boundary is not None:
        check_attachable(state, boundary)
    return {"tags": tagged({}, params), "boundary": boundary}


def check_attachable(state: IamState, arn: str) -> None:
    """Return when the account may attach the policy; raises ServiceError NoSuchEntity."""
    if state.find_policy(arn) is None:
        raise no_such_entity(f"Policy {arn} does not exist or is not attachable.")


def tagged(before: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, str]:
    """Return tags with those of the request put in; keys are the same in any letter case.

    Raises ServiceError InvalidInput for a key given twice, LimitExceeded for more than 50 tags.
    """
    asked = tag_dict(params)
    if len({key.lower() for key in asked}) < len(params.get("Tags") or ()):
        raise ServiceError("InvalidInput", TAG_KEYS_REPEATED)
    replaced = {key.lower() for key in asked}
    after = {**{key: value for key, value in before.items() if key.lower() not in replaced}, **asked}
    if len(after) > _TAGS:
        raise ServiceError("LimitExceeded", unconfirmed.TOO_MANY_TAGS, 409)
    return after


def untagged(before: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, str]:
    """Return tags without those whose keys the request names."""
    gone = {key.lower() for key in params["TagKeys"]}
    return {key: value for key, value in before.items() if key.lower() not in gone}
