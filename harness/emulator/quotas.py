"""How many requests a second the services take, by family of operations (aws-semantics 4.6), as token buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock

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
_REFUSALS = {
    "cognito-idp": ("TooManyRequestsException", "Rate exceeded", 400),
    "cognito-identity": ("TooManyRequestsException", "Rate exceeded", 400),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "dynamodb": ("ThrottlingException", "Rate of requests exceeds the allowed throughput.", 400),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
}


@dataclass(slots=True)
class _Bucket:
    """Holds what may still be used at once: up to one second's worth."""

    left: float
    at: float


class Quotas:
    """Refuses requests beyond the rate of their family. `scale` makes all rates larger or smaller."""

    def __init__(self, clock: Clock, scale: float) -> None:
        self._clock = clock
        self._scale = scale
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def take(self, service: str, operation: str, region: str, pool: str | None) -> None:
        """Count one request. Raises ServiceError, worded as the service words it, when there are too many."""
        family = _FAMILY_OF.get((service, operation), service)
        limits: list[tuple[tuple[str, ...], int | None]] = [((service, family, region), _RATES.get(family))]
        if pool is not None and family in _PER_POOL:
            limits.append(((service, family, region, pool), _PER_POOL[family]))
        buckets = [self._bucket(key, rate) for key, rate in limits if rate is not None]
        if any(bucket.left < 1 for bucket in buckets):
            raise ServiceError(*_REFUSALS[service])
        for bucket in buckets:
            bucket.left -= 1

    def _bucket(self, key: tuple[str, ...], rate: float) -> _Bucket:
        now, most = self._clock.now(), max(rate * self._scale, 1.0)
        bucket = self._buckets.setdefault(key, _Bucket(most, now))
        bucket.left = min(most, bucket.left + max(0.0, now - bucket.at) * rate * self._scale)
        bucket.at = now
        return bucket
