"""One AWS account of an embedded cloud: its global services, and those of each Region it is used in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.dynamodb_service import DynamoDbService
from harness.emulator.iam_service import IamService
from harness.emulator.iam_state import IamState
from harness.emulator.identity_pools import IdentityPools
from harness.emulator.moto_adapter import MotoAdapter
from harness.emulator.s3_service import S3Service
from harness.emulator.sts import SecurityTokenService
from harness.emulator.user_pools import UserPools

if TYPE_CHECKING:
    from harness.emulator.authorization import Authorizer
    from harness.emulator.clock import Clock
    from harness.emulator.dynamodb_tables import TableDirectory
    from harness.emulator.faults import Fault
    from harness.emulator.iam_directory import Directories
    from harness.emulator.principals import CredentialStore


@dataclass(frozen=True, slots=True)
class Common:
    """What all accounts of one embedded cloud share."""

    clock: Clock
    faults: set[Fault]
    credentials: CredentialStore
    directories: Directories
    authorizer: Authorizer
    tables: TableDirectory


@dataclass(frozen=True, slots=True)
class RegionalServices:
    """The services of one account in one Region."""

    dynamodb: DynamoDbService
    s3: S3Service
    sts: SecurityTokenService
    user_pools: UserPools
    identity_pools: IdentityPools


class Account:
    """One account. Regions come into being when they are first asked for."""

    def __init__(self, number: str, common: Common) -> None:
        self.number = number
        self._common = common
        self._regions: dict[str, RegionalServices] = {}
        self._stores: dict[str, MotoAdapter] = {}
        self._store("us-east-1")  # at once, so that an environment no store can work in is noticed here
        self.iam_state = state = IamState(number)
        common.directories.add(state)
        authorizer = common.authorizer.within(number, "us-east-1")
        self.iam = IamService(state, common.clock, common.credentials, common.directories, authorizer)

    def region(self, name: str) -> RegionalServices:
        """Return the account's services in a Region."""
        if name not in self._regions:
            self._regions[name] = self._open(name)
        return self._regions[name]

    def owning(self, service: str, params: Any, region: str | None) -> RegionalServices | None:
        """Return the services that own what an unsigned Cognito call is about, in one Region or in any (None)."""
        for name, services in self._regions.items():
            pools = services.user_pools if service == "cognito-idp" else services.identity_pools
            if region in (None, name) and pools.owns(params):
                return services
        return None

    def forget(self) -> None:
        """Drop everything the account stored."""
        for store in self._stores.values():
            store.forget()

    def _store(self, region: str) -> MotoAdapter:
        return self._stores.setdefault(region, MotoAdapter(self.number, region))

    def _open(self, region: str) -> RegionalServices:
        common, store = self._common, self._store(region)
        authorizer = common.authorizer.within(self.number, region)
        sts = SecurityTokenService(
            clock=common.clock,
            region=region,
            account=self.number,
            store=common.credentials,
            roles=common.directories,
            faults=common.faults,
            decides=common.authorizer.decides_trust,
        )
        user_pools = UserPools(clock=common.clock, region=region, account=self.number, authorize=authorizer)
        identity_pools = IdentityPools(
            clock=common.clock,
            region=region,
            account=self.number,
            user_pools=user_pools,
            sts=sts,
            authorize=authorizer,
            faults=common.faults,
        )
        return RegionalServices(
            DynamoDbService(self.number, region, store, authorizer, common.tables, common.clock),
            S3Service(self.number, store, authorizer),
            sts,
            user_pools,
            identity_pools,
        )
