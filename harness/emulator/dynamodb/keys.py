"""The condition keys that a DynamoDB call has for one table or index (aws-semantics 1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.condition_keys import keys_of
from harness.emulator.dynamodb.expressions import (
    ExpressionError,
    check_placeholders,
    partition_key_value,
    single_typed,
    top_level_attributes,
)
from harness.emulator.operations import resource_tags
from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.emulator.dynamodb.tables import TableAddress
    from harness.policy import Policy

_LEADING_KEYS = ("dynamodb:leadingkeys", "dynamodb:firstpartitionkeyvalues")
_EXPRESSIONS = (
    "ProjectionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ConditionExpression",
    "UpdateExpression",
)


class TableFacts(Protocol):
    """What is known of tables when a call is authorized; of one that does not exist, nothing."""

    def partition_key(self, address: TableAddress, index: str | None = None) -> str | None:
        """Return the attribute's name; None for an unknown table or index, and for a key of several attributes."""

    def tags(self, address: TableAddress) -> Mapping[str, str]:
        """Return the tags of the table."""

    def resource_policies(self, address: TableAddress, /) -> tuple[Policy, ...]:
        """Return the resource-based policies of the table."""


class ConditionKeys:
    """Collects the condition keys of one check on a table or an index, and the keys that could not be derived."""

    def __init__(self, tables: TableFacts, address: TableAddress, index: str | None = None) -> None:
        self._tables = tables
        self._address = address
        self._partition_key = tables.partition_key(address, index)
        self._resource = address.arn if index is None else address.index_arn(index)
        self.context: dict[str, tuple[str, ...]] = resource_tags(tables.tags(address))
        self._underivable: set[str] = set()

    def check(self, action: str) -> AuthorizationCheck:
        """Return the question whether the action is allowed, with the policies of the table itself."""
        # The table names the keys that no request is known to carry: the further partition keys of an index.
        underivable = self._underivable | keys_of(f"dynamodb:{action}").not_held
        return AuthorizationCheck(
            f"dynamodb:{action}",
            self._resource,
            {key: values for key, values in self.context.items() if key not in underivable},
            frozenset(underivable),
            self._tables.resource_policies(self._address),
            self._address.account,
        )

    def item_keys(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Derive the leading keys from items, or from keys of items."""
        self.leading_keys([single_typed(item).get(self._partition_key or "") for item in items])

    def query_key(self, params: Mapping[str, Any]) -> None:
        """Derive the leading key from the key condition of a query."""
        try:
            value = partition_key_value(
                params.get("KeyConditionExpression", ""),
                params.get("ExpressionAttributeNames", {}),
                single_typed(params.get("ExpressionAttributeValues", {})),
                self._partition_key or "",
            )
        except ExpressionError:
            value = None
        self.leading_keys([value])

    def leading_keys(self, values: Sequence[Any]) -> None:
        """Derive the leading keys from the attribute values that the partition key is asked to have."""
        # IAM compares strings; the string form of number and binary keys is unconfirmed (aws-semantics 1.3, 7).
        texts = [value["S"] for value in values if isinstance(value, dict) and isinstance(value.get("S"), str)]
        if self._partition_key is None or len(texts) != len(values):
            self._underivable.update(_LEADING_KEYS)
            return
        for key in _LEADING_KEYS:
            self.context[key] = tuple(texts)

    def attributes(self, items: Iterable[Mapping[str, Any]], bodies: Iterable[Mapping[str, Any]]) -> None:
        """Derive the top-level attributes that items and the expressions of request bodies name."""
        mentioned: set[str] = set()
        for item in items:
            mentioned.update(item)
        for body in bodies:
            names = body.get("ExpressionAttributeNames", {})
            mentioned.update(body.get("AttributesToGet", ()))
            try:
                check_placeholders(names, body.get("ExpressionAttributeValues", {}))
            except ExpressionError:
                raise NotDerivableError("placeholders that do not begin with # or :") from None
            try:
                mentioned |= top_level_attributes([body[name] for name in _EXPRESSIONS if body.get(name)], names)
            except ExpressionError:
                self._underivable.add("dynamodb:attributes")
        self.context["dynamodb:attributes"] = tuple(sorted(mentioned))

    def start_key(self, start_key: Mapping[str, Any] | None) -> None:
        """Take account of an ExclusiveStartKey."""
        # Whether the attributes of ExclusiveStartKey count as named in the request is unconfirmed.
        if start_key and not start_key.keys() <= set(self.context["dynamodb:attributes"]):
            self._underivable.add("dynamodb:attributes")

    def select(self, value: str) -> None:
        """Derive what is selected."""
        self._single("dynamodb:select", value)

    def return_values(self, params: Mapping[str, Any], parameter: str) -> None:
        """Derive what a write returns from the parameter that says so."""
        if parameter == "ReturnValues" and params.get("ReturnValuesOnConditionCheckFailure", "NONE") != "NONE":
            # Documented to be gated for transactions only (aws-semantics 1.2).
            self._underivable.add("dynamodb:returnvalues")
            return
        self._single("dynamodb:returnvalues", params.get(parameter, "NONE"))

    def cannot_derive(self, *keys: str) -> None:
        """Mark keys (`dynamodb:` left out) as ones this request does not let us derive."""
        self._underivable.update(f"dynamodb:{key}" for key in keys)

    def _single(self, key: str, value: str) -> None:
        if self.context.setdefault(key, (value,)) != (value,):
            # One check covers several entries with different answers; the key holds one value only.
            self._underivable.add(key)

    def consumed_capacity(self, params: Mapping[str, Any]) -> None:
        """Derive ReturnConsumedCapacity."""
        value = params.get("ReturnConsumedCapacity", "NONE")
        if value not in ("NONE", "TOTAL"):
            # The IAM value of INDEXES is unconfirmed (aws-semantics 1.2).
            self._underivable.add("dynamodb:returnconsumedcapacity")
            return
        self.context["dynamodb:returnconsumedcapacity"] = (value,)
