"""How users obtain and use tokens: the authentication operations of cognito-idp."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.tokens import SignIn, TokenError, TokenUse, issue_tokens, read_unverified
from harness.emulator.user_directory import attribute_list
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_directory import AppClient, User, UserPool, UserPoolDirectory

_WRONG_PASSWORD = "Incorrect username or password."  # noqa: S105  a message
_DAY = 86_400
_NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105  the name of a challenge
_ATTRIBUTE_PREFIX = "userAttributes."
# The flows Cognito offers which are not implemented. A client that does not enable one is refused as on AWS.
_OTHER_FLOWS = frozenset({"USER_SRP_AUTH", "CUSTOM_AUTH", "USER_AUTH"})
# What administrators are not known to use: a flow of the public API, and the older name of their own.
_PUBLIC_FLOWS = frozenset({"USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"})
_REFRESH_FLOWS = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})


@dataclass(frozen=True, slots=True)
class _Refreshable:
    """What a refresh token stands for."""

    client_id: str
    user: User
    sign_in: SignIn
    expires: float


@dataclass(frozen=True, slots=True)
class _Challenge:
    """A sign-in that waits for a new password."""

    client_id: str
    user: User
    expires: float


@dataclass(frozen=True, slots=True)
class _Bearer:
    """Who an access token speaks for."""

    pool: UserPool
    client: AppClient
    user: User


class SignInOperations:
    """The authentication operations over one directory, and the refresh tokens and challenges they gave out."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory) -> None:
        self._clock = clock
        self._directory = directory
        self._refreshable: dict[Secret, _Refreshable] = {}
        self._challenges: dict[Secret, _Challenge] = {}

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `on_pool` guards those that administrators sign."""
        # ClientMetadata reaches Lambda triggers only, and a pool with triggers cannot be made here.
        return {
            "InitiateAuth": Operation(
                self._initiate_auth, accepting("AuthFlow AuthParameters ClientId ClientMetadata")
            ),
            "AdminInitiateAuth": Operation(
                self._admin_initiate_auth,
                accepting("UserPoolId AuthFlow AuthParameters ClientId ClientMetadata"),
                on_pool,
            ),
            "RespondToAuthChallenge": Operation(
                self._respond, accepting("ClientId ChallengeName Session ChallengeResponses ClientMetadata")
            ),
            "GetUser": Operation(self._get_user, accepting("AccessToken")),
            "GlobalSignOut": Operation(self._global_sign_out, accepting("AccessToken")),
        }

    def _initiate_auth(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool_of_client(call.params["ClientId"])
        client = pool.client(call.params["ClientId"])
        flow = call.params["AuthFlow"]
        if flow.startswith("ADMIN_"):
            raise ServiceError("InvalidParameterException", unconfirmed.FLOW_NOT_PUBLIC)
        return self._authenticate(pool, client, call.params, unconfirmed.FLOW_NOT_ENABLED.format(flow=flow))

    def _admin_initiate_auth(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        client = pool.client(call.params["ClientId"])
        if call.params["AuthFlow"] in _PUBLIC_FLOWS:
            raise NotDerivableError(f"AuthFlow {call.params['AuthFlow']} in AdminInitiateAuth")
        return self._authenticate(pool, client, call.params, unconfirmed.ADMIN_FLOW_NOT_ENABLED)

    def _authenticate(
        self, pool: UserPool, client: AppClient, params: Mapping[str, Any], not_enabled: str
    ) -> Mapping[str, Any]:
        flow, given = params["AuthFlow"], dict(params.get("AuthParameters") or {})
        enabled = "ALLOW_REFRESH_TOKEN_AUTH" if flow in _REFRESH_FLOWS else "ALLOW_" + flow
        if enabled not in client.explicit_auth_flows:
            raise ServiceError("InvalidParameterException", not_enabled)
        if flow in _OTHER_FLOWS:
            raise NotDerivableError(f"AuthFlow {flow}")
        if flow in _REFRESH_FLOWS:
            return self._refresh(pool, client, _taken(given, "REFRESH_TOKEN")[0])
        username, password = _taken(given, "USERNAME", "PASSWORD")
        user = self._checked_user(pool, client, username, Secret(password))
        if user.status == "FORCE_CHANGE_PASSWORD":
            return self._challenge(pool, client, user)
        return self._signed_in(pool, client, user)

    def _checked_user(self, pool: UserPool, client: AppClient, username: str, password: Secret) -> User:
        user = pool.users.get(pool.user_key(username))
        if user is None:
            if client.hides_missing_users:
                raise ServiceError("NotAuthorizedException", _WRONG_PASSWORD)
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        if user.password != password:
            raise ServiceError("NotAuthorizedException", _WRONG_PASSWORD)
        if not user.enabled:
            raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)
        lifetime = pool.password_policy.temporary_validity_days * _DAY
        if user.status == "FORCE_CHANGE_PASSWORD" and self._clock.now() > user.password_set + lifetime:
            raise ServiceError("NotAuthorizedException", unconfirmed.TEMPORARY_PASSWORD_EXPIRED)
        return user

    def _challenge(self, pool: UserPool, client: AppClient, user: User) -> Mapping[str, Any]:
        session = Secret(secrets.token_urlsafe(120))
        expires = self._clock.now() + client.auth_session_minutes * 60
        self._challenges[session] = _Challenge(client.id, user, expires)
        return {
            "ChallengeName": _NEW_PASSWORD,
            "Session": session.reveal(),
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": json.dumps(
                    [_ATTRIBUTE_PREFIX + name for name in pool.missing_attributes(user.attributes)]
                ),
                "userAttributes": json.dumps(user.attributes),
            },
        }

    def _respond(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool = self._directory.pool_of_client(params["ClientId"])
        client = pool.client(params["ClientId"])
        if params["ChallengeName"] != _NEW_PASSWORD:
            raise NotDerivableError(f"ChallengeName {params['ChallengeName']}")
        responses = dict(params.get("ChallengeResponses") or {})
        new_attributes = [
            {"Name": name.removeprefix(_ATTRIBUTE_PREFIX), "Value": responses.pop(name)}
            for name in list(responses)
            if name.startswith(_ATTRIBUTE_PREFIX)
        ]
        username, password = _taken(responses, "USERNAME", "NEW_PASSWORD")
        key = Secret(params.get("Session") or "")
        challenge = self._challenges.get(key)
        if challenge is None or challenge.client_id != client.id or challenge.user is not pool.user(username):
            raise ServiceError("NotAuthorizedException", unconfirmed.CHALLENGE_SESSION_INVALID)
        if self._clock.now() > challenge.expires:
            raise ServiceError("NotAuthorizedException", unconfirmed.CHALLENGE_SESSION_EXPIRED)
        user = challenge.user
        attributes = {**user.attributes, **_written(pool, client, user, new_attributes)}
        for name in pool.missing_attributes(attributes):
            raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_REQUIRED.format(name=name))
        new_password = Secret(password)
        pool.password_policy.check(new_password)
        del self._challenges[key]
        now = self._clock.now()
        user.attributes, user.password, user.password_set = attributes, new_password, now
        user.status, user.modified = "CONFIRMED", now
        return self._signed_in(pool, client, user)

    def _signed_in(self, pool: UserPool, client: AppClient, user: User) -> Mapping[str, Any]:
        now = self._clock.now()
        sign_in = SignIn(int(now), str(uuid.uuid4()))
        user.live_sign_ins.add(sign_in.origin_jti)
        refresh_token = _new_refresh_token()
        expires = now + client.refresh_token_seconds
        self._refreshable[refresh_token] = _Refreshable(client.id, user, sign_in, expires)
        result = self._token_result(pool, client, user, sign_in)
        result["AuthenticationResult"]["RefreshToken"] = refresh_token.reveal()
        return result

    def _refresh(self, pool: UserPool, client: AppClient, token: str) -> Mapping[str, Any]:
        refreshable = self._refreshable.get(Secret(token))
        if refreshable is None or refreshable.client_id != client.id or refreshable.user.deleted:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_INVALID)
        user = refreshable.user
        if self._clock.now() > refreshable.expires:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_EXPIRED)
        if refreshable.sign_in.origin_jti in user.revoked_sign_ins:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_REVOKED)
        if not user.enabled:
            raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)
        return self._token_result(pool, client, user, refreshable.sign_in)

    def _token_result(self, pool: UserPool, client: AppClient, user: User, sign_in: SignIn) -> dict[str, Any]:
        tokens = issue_tokens(pool, client, user, sign_in, self._clock.now())
        return {
            "ChallengeParameters": {},
            "AuthenticationResult": {
                "AccessToken": tokens.access_token.reveal(),
                "ExpiresIn": tokens.expires_in,
                "TokenType": "Bearer",
                "IdToken": tokens.id_token.reveal(),
            },
        }

    def _bearer(self, token: str) -> _Bearer:
        try:
            pool = self._directory.by_issuer(read_unverified(token).claims.get("iss"))
            claims = pool.keys.verified_claims(TokenUse.ACCESS, token) if pool is not None else {}
        except TokenError:
            pool, claims = None, {}
        if pool is None:
            raise ServiceError("NotAuthorizedException", unconfirmed.ACCESS_TOKEN_INVALID)
        if claims["exp"] <= self._clock.now():
            raise ServiceError("NotAuthorizedException", unconfirmed.ACCESS_TOKEN_EXPIRED)
        user = pool.user_by_sub(claims["sub"])
        if user is None:
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        if claims["origin_jti"] in user.revoked_sign_ins or not user.enabled:
            raise ServiceError("NotAuthorizedException", "Access Token has been revoked")
        return _Bearer(pool, pool.client(claims["client_id"]), user)

    def _get_user(self, call: Call) -> Mapping[str, Any]:
        bearer = self._bearer(call.params["AccessToken"])
        shown = {name: value for name, value in bearer.user.attributes.items() if bearer.client.may_read(name)}
        return {
            "Username": bearer.user.username,
            "UserAttributes": attribute_list({"sub": bearer.user.sub, **shown}),
        }

    def _global_sign_out(self, call: Call) -> Mapping[str, Any]:
        self._bearer(call.params["AccessToken"]).user.sign_out_everywhere()
        return {}


def _taken(given: dict[str, str], *names: str) -> list[str]:
    """Return the named values; more than those is not implemented, fewer is refused as on AWS."""
    for name in names:
        if not given.get(name):
            message = unconfirmed.MISSING_AUTH_PARAMETER.format(name=name)
            raise ServiceError("InvalidParameterException", message)
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise NotDerivableError(f"authentication parameter {', '.join(unknown)}")
    return [given[name] for name in names]


def _written(pool: UserPool, client: AppClient, user: User, attributes: list[dict[str, str]]) -> dict[str, str]:
    """Return the attributes a user sets with a new password, if the client lets users write them."""
    for name in (attribute["Name"] for attribute in attributes):
        known = pool.schema.get(name)
        if known is None or not client.may_write(known):
            raise ServiceError("NotAuthorizedException", "A client attempted to write unauthorized attribute")
        if not known.mutable or name in user.attributes:
            # AWS is not known to say what becomes of a value that is already there.
            raise NotDerivableError(f"{_ATTRIBUTE_PREFIX}{name} in a challenge response, when it cannot be set anew")
    return pool.conforming(attributes)


def _new_refresh_token() -> Secret:
    """Return a token that looks like Cognito's, an encrypted JWT nobody but the service can read."""
    header = base64.urlsafe_b64encode(b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}').rstrip(b"=").decode()
    return Secret(".".join([header, *(secrets.token_urlsafe(length) for length in (256, 12, 400, 16))]))
