"""One AWS account of an embedded cloud: its global services, and those of each Region it is used in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.emulator.apis.gateway import ApiGateway
from harness.emulator.apis.http_apis import HttpApis
from harness.emulator.apis.rest_apis import RestApis
from harness.emulator.dynamodb.moto_adapter import MotoAdapter
from harness.emulator.dynamodb.service import DynamoDbService
from harness.emulator.functions.service import LambdaService
from harness.emulator.iam.service import IamService
from harness.emulator.iam.state import IamState
from harness.emulator.identity_pools.service import IdentityPools
from harness.emulator.s3.service import S3Service
from harness.emulator.sts.service import SecurityTokenService
from harness.emulator.user_pools.service import UserPools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.apis.apis import Apis
    from harness.emulator.authorization import Authorizer, ScopedAuthorizer
    from harness.emulator.clock import Clock
    from harness.emulator.dynamodb.tables import TableDirectory
    from harness.emulator.faults import Fault
    from harness.emulator.functions.functions import Functions
    from harness.emulator.iam.directory import Directories
    from harness.emulator.principals import CredentialStore, Principal
    from harness.emulator.s3.buckets import Buckets
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.token_issuers import TokenIssuers
    from harness.emulator.wire import Reply


class RestEndpoint(Protocol):
    """A service of the REST-JSON protocol: it finds out itself which operation a request means."""

    def answer(self, request: SignedRequest, principal: Principal) -> Reply:
        """Return the answer to a signed request, or raise the ServiceError that AWS would answer."""


@dataclass(frozen=True, slots=True)
class Common:
    """What all accounts of one embedded cloud share."""

    clock: Clock
    faults: set[Fault]
    credentials: CredentialStore
    directories: Directories
    authorizer: Authorizer
    tables: TableDirectory
    functions: Functions
    door: Callable[[], str]
    apis: Apis
    issuers: TokenIssuers
    buckets: Buckets


@dataclass(frozen=True, slots=True)
class RegionalServices:
    """The services of one account in one Region."""

    dynamodb: DynamoDbService
    s3: S3Service
    sts: SecurityTokenService
    user_pools: UserPools
    identity_pools: IdentityPools
    rest: Mapping[str, RestEndpoint]


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
            issuers=common.issuers,
            authorize=authorizer,
        )
        user_pools = UserPools(
            clock=common.clock,
            region=region,
            account=self.number,
            authorize=authorizer,
            functions=common.functions,
        )
        common.issuers.add(user_pools.directory)
        identity_pools = IdentityPools(
            clock=common.clock,
            region=region,
            account=self.number,
            issuers=common.issuers,
            oidc_provider=common.directories.oidc_provider,
            sts=sts,
            authorize=authorizer,
            faults=common.faults,
        )
        return RegionalServices(
            DynamoDbService(self.number, region, store, authorizer, common.tables, common.directories, common.clock),
            S3Service(self.number, region, common.buckets, common.directories, authorizer, common.clock),
            sts,
            user_pools,
            identity_pools,
            {
                "lambda": LambdaService(
                    account=self.number,
                    region=region,
                    clock=common.clock,
                    functions=common.functions,
                    roles=common.directories,
                    sts=sts,
                    authorizer=authorizer,
                    door=common.door,
                ),
                "apigateway": self._api_gateway(region, authorizer),
            },
        )

    def _api_gateway(self, region: str, authorizer: ScopedAuthorizer) -> ApiGateway:
        common = self._common
        rest_apis = RestApis(
            account=self.number, region=region, clock=common.clock, apis=common.apis, authorizer=authorizer
        )
        http_apis = HttpApis(
            account=self.number,
            region=region,
            clock=common.clock,
            apis=common.apis,
            issuers=common.issuers,
            authorizer=authorizer,
        )
        return ApiGateway(rest_apis, http_apis)
