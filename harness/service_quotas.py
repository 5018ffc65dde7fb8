"""How many requests a second AWS's services take, by family of operations (aws-semantics 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cognito-idp": {
        "UserAuthentication": (
            "AdminInitiateAuth",
            "AdminRespondToAuthChallenge",
            "InitiateAuth",
            "RespondToAuthChallenge",
        ),
        "UserCreation": ("AdminConfirmSignUp", "AdminCreateUser", "ConfirmSignUp", "SignUp"),
        "UserRead": ("AdminGetUser", "GetUser"),
        "UserToken": ("RevokeToken",),
        "UserUpdate": (
            "AdminDeleteUser",
            "AdminDisableUser",
            "AdminEnableUser",
            "AdminSetUserPassword",
            "AdminUpdateUserAttributes",
            "AdminUserGlobalSignOut",
            "ChangePassword",
            "DeleteUser",
            "GlobalSignOut",
            "UpdateUserAttributes",
        ),
        "UserResourceUpdate": ("AdminAddUserToGroup", "AdminRemoveUserFromGroup"),
        "UserPoolUpdate": ("CreateUserPool", "DeleteUserPool", "UpdateUserPool"),
        "UserPoolClientUpdate": ("CreateUserPoolClient", "DeleteUserPoolClient", "UpdateUserPoolClient"),
        "UserPoolResourceUpdate": ("CreateGroup", "DeleteGroup", "UpdateGroup"),
    },
    "cognito-identity": {
        "GetId": ("GetId",),
        "GetOpenIdToken": ("GetOpenIdToken",),
        "GetCredentialsForIdentity": ("GetCredentialsForIdentity",),
        "GetOpenIdTokenForDeveloperIdentity": ("GetOpenIdTokenForDeveloperIdentity",),
    },
}
_FAMILY_OF = {
    (service, operation): family
    for service, families in _FAMILIES.items()
    for family, operations in families.items()
    for operation in operations
}
# Requests per second. Those of Cognito are documented defaults; a service of which AWS tells no rate stands here with
# one of ours, under its own name.
_RATES = {
    "UserAuthentication": 120,
    "UserCreation": 50,
    "UserRead": 120,
    "UserToken": 120,
    "UserUpdate": 25,
    "UserResourceUpdate": 25,
    "UserPoolUpdate": 15,
    "UserPoolClientUpdate": 15,
    "UserPoolResourceUpdate": 15,
    "GetId": 25,
    "GetOpenIdToken": 200,
    "GetCredentialsForIdentity": 200,
    "GetOpenIdTokenForDeveloperIdentity": 200,
    "iam": 20,
    "sts": 500,
    "dynamodb": 1000,
    "s3": 3500,
}
_PER_POOL = {"UserPoolClientUpdate": 5, "UserPoolResourceUpdate": 5}


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit that requests share: what tells them from others, and how many there may be in a second."""

    key: tuple[str, ...]
    rate: float


def family_of(service: str, operation: str) -> str:
    """Return the family of operations that share a rate; that of the service itself where there is no narrower one."""
    return _FAMILY_OF.get((service, operation), service)


def quotas_of(service: str, operation: str, region: str, pool: str | None) -> tuple[Quota, ...]:
    """Return the limits that a request counts to; `pool` is the user pool it names, as far as that is known."""
    family = family_of(service, operation)
    rate = _RATES.get(family)
    quotas = () if rate is None else (Quota((service, family, region), rate),)
    if pool is None or family not in _PER_POOL:
        return quotas
    return (*quotas, Quota((service, family, region, pool), _PER_POOL[family]))
