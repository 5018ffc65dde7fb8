"""A user pool and an identity pool on an embedded target, with the steps that tests of the exchange need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws import keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded_aws import EmbeddedAws, Refusal, Statement

    from harness.targets.api import AwsCredentials

PASSWORD = "Correct-Horse-1"
DEVELOPER = "login.example.org"


class CognitoAws:
    """alice and bob in one user pool, whose tokens one identity pool takes; guests and a developer provider too."""

    def __init__(self, aws: EmbeddedAws, **settings: Any) -> None:
        self.aws = aws
        self.user_pool, self.client = self.new_user_pool()
        self.provider = f"cognito-idp.us-east-1.amazonaws.com/{self.user_pool}"
        self.pool = self.new_pool(**settings)

    def new_user_pool(self) -> tuple[str, str]:
        """Return the ids of a new user pool with alice and bob, and of its app client."""
        do = self.aws.do
        pool: str = do("cognito-idp", "CreateUserPool", PoolName="users")["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        params = {"UserPoolId": pool, "ClientName": "app", "ExplicitAuthFlows": flows}
        client: str = do("cognito-idp", "CreateUserPoolClient", **params)["UserPoolClient"]["ClientId"]
        for user in ("alice", "bob"):
            named = {"UserPoolId": pool, "Username": user}
            do("cognito-idp", "AdminCreateUser", **named, MessageAction="SUPPRESS")
            do("cognito-idp", "AdminSetUserPassword", **named, Password=PASSWORD, Permanent=True)
        return pool, client

    def new_pool(self, **settings: Any) -> str:
        given = {
            "IdentityPoolName": "identities",
            "AllowUnauthenticatedIdentities": True,
            "DeveloperProviderName": DEVELOPER,
            "CognitoIdentityProviders": [{"ProviderName": self.provider, "ClientId": self.client}],
        }
        pool: str = self.aws.do("cognito-identity", "CreateIdentityPool", **{**given, **settings})["IdentityPoolId"]
        return pool

    def update(self, **settings: Any) -> None:
        described = self.aws.do("cognito-identity", "DescribeIdentityPool", IdentityPoolId=self.pool)
        self.aws.do("cognito-identity", "UpdateIdentityPool", **{**described, **settings})

    def trust(self, *actions: str, amr: str | None = "authenticated", aud: str | None = "") -> Statement:
        """Return the trust in this pool (or another, or with None in any) for identities of a kind."""
        condition: dict[str, Any] = {}
        if aud is not None:
            condition["StringEquals"] = {"cognito-identity.amazonaws.com:aud": aud or self.pool}
        if amr is not None:
            condition["ForAnyValue:StringLike"] = {"cognito-identity.amazonaws.com:amr": amr}
        statement: Statement = {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity", *actions],
        }
        return {**statement, "Condition": condition} if condition else statement

    def set_roles(self, **roles: str) -> None:
        self.aws.do("cognito-identity", "SetIdentityPoolRoles", IdentityPoolId=self.pool, Roles=roles)

    def tokens(self, user: str = "alice", client: str = "") -> Mapping[str, str]:
        answer = self.aws.call(
            None,
            "cognito-idp",
            "InitiateAuth",
            ClientId=client or self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": PASSWORD},
        )
        tokens: Mapping[str, str] = answer["AuthenticationResult"]
        return tokens

    def logins(self, user: str = "alice") -> dict[str, str]:
        return {self.provider: self.tokens(user)["IdToken"]}

    def public(self, operation: str, **params: Any) -> Any:
        return self.aws.call(None, "cognito-identity", operation, **params)

    def refused(self, operation: str, **params: Any) -> Refusal:
        return self.aws.refusal(None, "cognito-identity", operation, **params)

    def do(self, operation: str, **params: Any) -> Any:
        """Perform an operation of an administrator on the pool."""
        return self.aws.do("cognito-identity", operation, IdentityPoolId=self.pool, **params)

    def get_id(self, logins: Mapping[str, str] | None = None) -> str:
        params = {} if logins is None else {"Logins": logins}
        identity: str = self.public("GetId", IdentityPoolId=self.pool, **params)["IdentityId"]
        return identity

    def open_id_token(self, identity: str, logins: Mapping[str, str] | None = None) -> str:
        params = {} if logins is None else {"Logins": logins}
        token: str = self.public("GetOpenIdToken", IdentityId=identity, **params)["Token"]
        return token

    def developer_token(self, user: str = "carol", **params: Any) -> tuple[str, str]:
        """Return the identity and the token that the developer's backend gets for a user of its own."""
        answer = self.do("GetOpenIdTokenForDeveloperIdentity", Logins={DEVELOPER: user}, **params)
        return answer["IdentityId"], answer["Token"]

    def exchange(self, token: str, role: str, **params: Any) -> Any:
        return self.aws.call(None, "sts", "AssumeRoleWithWebIdentity", **_web_identity(token, role), **params)

    def session(self, token: str, role: str, **params: Any) -> AwsCredentials:
        return keys_of(self.exchange(token, role, **params)["Credentials"])

    def exchange_refused(self, token: str, role: str, **params: Any) -> Refusal:
        return self.aws.refusal(None, "sts", "AssumeRoleWithWebIdentity", **_web_identity(token, role), **params)


def _web_identity(token: str, role: str) -> dict[str, str]:
    return {"RoleArn": role, "RoleSessionName": "client-chosen", "WebIdentityToken": token}
