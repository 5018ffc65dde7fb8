"""Which table a request means, and what is known of the tables of every account: keys, tags and resource policies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.dynamodb.policies import ResourcePolicies
    from harness.emulator.dynamodb.store import MotoDynamoDb
    from harness.policy import Policy

_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}", re.ASCII)
_ARN = re.compile(r"arn:aws:dynamodb:([a-z0-9-]+):(\d{12}):table/([a-zA-Z0-9_.-]{3,255})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TableAddress:
    """A table by its owner, Region and name; there need not be one."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The ARN of the table."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.name}"

    def index_arn(self, index: str) -> str:
        """Return the ARN of an index; raises NotDerivableError for what is no name of one."""
        if not _NAME.fullmatch(index):
            raise NotDerivableError("an index name of other than 3 to 255 letters, digits, '_', '.' and '-'")
        return f"{self.arn}/index/{index}"


@lru_cache(maxsize=1024)
def read_table(given: str, account: str, region: str) -> TableAddress:
    """Return the table that TableName names, for a call sent to this account and Region: by its name or by its ARN.

    Raises NotDerivableError for everything else, because what cannot be told apart must not be authorized.
    """
    if _NAME.fullmatch(given):
        return TableAddress(account, region, given)
    return read_table_arn(given, region)


def read_table_arn(given: str, region: str) -> TableAddress:
    """Return the table with this ARN. Raises NotDerivableError for the ARN of anything else or of another Region."""
    arn = _ARN.fullmatch(given)
    if arn is None:
        raise NotDerivableError("a table named by anything but its name or its ARN")
    if arn[1] != region:
        raise NotDerivableError("the ARN of a table in another Region than the one that is called")
    return TableAddress(arn[2], arn[1], arn[3])


@dataclass(frozen=True, slots=True)
class RegionalTables:
    """The tables of one account in one Region: where they are stored, and the policies attached to them."""

    store: MotoDynamoDb
    policies: ResourcePolicies


class TableDirectory:
    """The tables of all accounts and Regions of one embedded cloud."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, str], RegionalTables] = {}

    def add(self, account: str, region: str, tables: RegionalTables) -> None:
        """Take in the tables of an account in a Region."""
        self._by_place[account, region] = tables

    def find(self, address: TableAddress) -> RegionalTables | None:
        """Return the tables among which the address is, or None where the account is not in use."""
        return self._by_place.get((address.account, address.region))

    def exists(self, address: TableAddress) -> bool:
        """Tell whether there is a table at the address."""
        tables = self.find(address)
        return tables is not None and tables.store.has_table(address.name)

    def partition_key(self, address: TableAddress, index: str | None = None) -> str | None:
        """Return the attribute's name; None for an unknown table or index, and for a key of several attributes."""
        tables = self.find(address)
        schema = None if tables is None else tables.store.schema(address.name, index)
        return schema.partition_keys[0] if schema is not None and len(schema.partition_keys) == 1 else None

    def tags(self, address: TableAddress) -> Mapping[str, str]:
        """Return the tags of the table; none where there is no table."""
        tables = self.find(address)
        return {} if tables is None else tables.store.tags(address.name)

    def resource_policies(self, address: TableAddress) -> tuple[Policy, ...]:
        """Return the resource-based policy of the table, if it has one."""
        tables = self.find(address)
        return () if tables is None else tables.policies.of(address)
