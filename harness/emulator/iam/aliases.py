"""The alias of an account: the name by which people tell accounts apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.iam.state import already_exists, no_such_entity
from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.unconfirmed import iam as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.iam.state import IamState
    from harness.emulator.service import Call


class AliasOperations:
    """The operations on the alias of one account. It has one at most; another one takes its place (IAM User Guide).

    That no other account in the world has the alias is not checked.
    """

    def __init__(self, state: IamState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name; none of them is authorized on a resource of its own."""
        alias = accepting("AccountAlias")
        return {
            "CreateAccountAlias": Operation(self._create, alias, _everything),
            "DeleteAccountAlias": Operation(self._delete, alias, _everything),
            "ListAccountAliases": Operation(self._list, accepting("Marker MaxItems"), _everything),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        alias = call.params["AccountAlias"]
        if alias == self._state.alias:
            raise already_exists(unconfirmed.ALIAS_EXISTS.format(alias=alias))
        self._state.alias = alias
        return {}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        alias = call.params["AccountAlias"]
        if alias != self._state.alias:
            raise no_such_entity(unconfirmed.NO_ALIAS.format(alias=alias))
        self._state.alias = ""
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        del call
        return {"AccountAliases": [self._state.alias] if self._state.alias else [], "IsTruncated": False}


def _everything(_: Mapping[str, Any]) -> Guarded:
    return Guarded("*")
