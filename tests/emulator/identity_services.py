"""The emulator's identity services without gateway and IAM: what their tests stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.clock import Clock
from harness.emulator.identity_pools.service import IdentityPools
from harness.emulator.principals import CredentialStore, Principal
from harness.emulator.roles import StoredRole, StoredUser
from harness.emulator.service import Call, ServiceError
from harness.emulator.sts.service import SecurityTokenService
from harness.emulator.token_issuers import TokenIssuers
from harness.emulator.tokens import read_unverified
from harness.emulator.user_pools.service import UserPools
from harness.policy import PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.faults import Fault
    from harness.emulator.iam.state import OidcProvider
    from harness.policy import Policy

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PASSWORD = "Correct-Horse-1"


class Roles:
    """A role directory that is a dictionary."""

    def __init__(self) -> None:
        self.roles: dict[str, StoredRole] = {}
        self.users: dict[str, StoredUser] = {}
        self.policies: dict[str, Policy] = {}
        self.providers: dict[str, OidcProvider] = {}

    def role(self, arn: str) -> StoredRole | None:
        return self.roles.get(arn)

    def user(self, arn: str) -> StoredUser | None:
        return self.users.get(arn)

    def session_policy(self, arn: str) -> Policy | None:
        return self.policies.get(arn)

    def oidc_provider(self, arn: str) -> OidcProvider | None:
        return self.providers.get(arn)


class Authorizations:
    """An authorizer that allows everything but the actions it was told to deny, and remembers what it was asked."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.asked: list[tuple[str, str, Mapping[str, tuple[str, ...]]]] = []

    def __call__(
        self,
        principal: Principal | None,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.asked.append((action, resource, context or {}))
        if action in self.denied:
            who = principal.arn if principal is not None else "anonymous"
            raise ServiceError("AccessDeniedException", f"User: {who} is not authorized to perform: {action}")


class IdentityServices:
    """User pools, identity pools and STS put together, with the steps that most tests need."""

    def __init__(self, *faults: Fault) -> None:
        self.clock = Clock()
        self.store = CredentialStore(self.clock)
        self.roles = Roles()
        self.faults = set(faults)
        self.authorize = Authorizations()
        self.admin = Principal(
            f"arn:aws:iam::{ACCOUNT}:user/admin", f"arn:aws:iam::{ACCOUNT}:user/admin", "AIDA", ACCOUNT
        )
        self.user_pools = UserPools(self.clock, REGION, ACCOUNT, self.authorize)
        issuers = TokenIssuers()
        issuers.add(self.user_pools.directory)
        self.sts = SecurityTokenService(
            clock=self.clock,
            region=REGION,
            account=ACCOUNT,
            store=self.store,
            roles=self.roles,
            faults=self.faults,
            issuers=issuers,
        )
        self.identity_pools = IdentityPools(
            clock=self.clock,
            region=REGION,
            account=ACCOUNT,
            issuers=issuers,
            oidc_provider=self.roles.oidc_provider,
            sts=self.sts,
            authorize=self.authorize,
            faults=self.faults,
        )

    def idp(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.user_pools.handle(Call(operation, params, self.admin))

    def public_idp(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.user_pools.handle(Call(operation, params, None))

    def identity(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.identity_pools.handle(Call(operation, params, self.admin))

    def public_identity(self, operation: str, **params: Any) -> Mapping[str, Any]:
        return self.identity_pools.handle(Call(operation, params, None))

    def new_user_pool(self, **params: Any) -> str:
        pool_id: str = self.idp("CreateUserPool", PoolName="pool", **params)["UserPool"]["Id"]
        return pool_id

    def new_identity_pool(self, **settings: Any) -> str:
        pool_id: str = self.identity("CreateIdentityPool", **settings)["IdentityPoolId"]
        return pool_id

    def new_client(self, pool_id: str, **params: Any) -> str:
        flows = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
        client = self.idp("CreateUserPoolClient", **{"UserPoolId": pool_id, "ClientName": "app", **flows, **params})
        client_id: str = client["UserPoolClient"]["ClientId"]
        return client_id

    def new_user(self, pool_id: str, username: str = "alice", **attributes: str) -> None:
        listed = [{"Name": name.replace("__", ":"), "Value": value} for name, value in attributes.items()]
        self.idp(
            "AdminCreateUser",
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=listed,
        )
        self.idp("AdminSetUserPassword", UserPoolId=pool_id, Username=username, Password=PASSWORD, Permanent=True)

    def new_group(self, pool_id: str, name: str, username: str = "alice", **params: Any) -> None:
        self.idp("CreateGroup", UserPoolId=pool_id, GroupName=name, **params)
        self.idp("AdminAddUserToGroup", UserPoolId=pool_id, GroupName=name, Username=username)

    def sign_in(self, client_id: str, username: str = "alice", password: str = PASSWORD) -> Mapping[str, Any]:
        answer = self.public_idp(
            "InitiateAuth",
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        tokens: Mapping[str, Any] = answer["AuthenticationResult"]
        return tokens

    def add_role(self, name: str, trust: Mapping[str, Any], **fields: Any) -> str:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        policy = parse_policy(trust, kind=PolicyKind.TRUST, name=f"{name}/trust")
        self.roles.roles[arn] = StoredRole(arn, f"AROA{name.upper()}", name.rpartition("/")[2], policy, **fields)
        return arn

    def principal_of(self, access_key_id: str) -> Principal:
        issued = self.store.find(access_key_id)
        assert issued is not None
        return issued.principal


def provider_name(pool_id: str) -> str:
    return f"cognito-idp.{REGION}.amazonaws.com/{pool_id}"


def claims_of(token: str) -> Mapping[str, Any]:
    return read_unverified(token).claims


def cognito_trust(pool_id: str | None, amr: str = "authenticated", *more_actions: str) -> dict[str, Any]:
    """Return the trust policy of a role for an identity pool; without a pool id the condition on `aud` is missing."""
    condition: dict[str, Any] = {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr}}
    if pool_id is not None:
        condition["StringEquals"] = {"cognito-identity.amazonaws.com:aud": pool_id}
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity", *more_actions],
            "Condition": condition,
        }
    )


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
