"""How users obtain tokens: the authentication flows of cognito-idp and the challenges in them (aws-semantics 4.5)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.challenges import Challenges
from harness.emulator.user_pools.directory import Password
from harness.emulator.user_pools.srp import ProofError, begin, salt_from, time_of, verifier_of
from harness.emulator.user_pools.triggers import still_there, user_attributes
from harness.emulator.user_pools.writes import check_alias, check_creation
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import User, UserPool, UserPoolDirectory
    from harness.emulator.user_pools.sessions import Sessions
    from harness.emulator.user_pools.srp import Verifier
    from harness.emulator.user_pools.triggers import Triggers

_DAY = 86_400
_NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105  the name of a challenge
_PROOF = "PASSWORD_VERIFIER"
_ATTRIBUTE_PREFIX = "userAttributes."
# The flows Cognito offers which are not implemented. A client that does not enable one is refused as on AWS.
_OTHER_FLOWS = frozenset({"CUSTOM_AUTH", "USER_AUTH"})
_REFRESH_FLOWS = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})
_SETTING_OF = {
    **dict.fromkeys(_REFRESH_FLOWS, "ALLOW_REFRESH_TOKEN_AUTH"),
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
}
_PROOF_RESPONSES = ("PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One request to sign in. `metadata` is what it gives to the functions that run after the password is proved."""

    pool: UserPool
    client: AppClient
    metadata: Mapping[str, str] | None = None


class SignInOperations:
    """The authentication operations over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory, sessions: Sessions, triggers: Triggers) -> None:
        self._clock = clock
        self._directory = directory
        self._sessions = sessions
        self._triggers = triggers
        self._challenges = Challenges(clock)

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `on_pool` guards those that administrators sign."""
        initiate = accepting("AuthFlow AuthParameters ClientId ClientMetadata")
        respond = accepting("ClientId ChallengeName Session ChallengeResponses ClientMetadata")
        refresh = accepting("RefreshToken ClientId ClientSecret ClientMetadata")
        administered = accepting("UserPoolId")
        return {
            "InitiateAuth": Operation(self._initiate_auth, initiate),
            "AdminInitiateAuth": Operation(self._admin_initiate_auth, initiate | administered, on_pool),
            "RespondToAuthChallenge": Operation(self._respond, respond),
            "AdminRespondToAuthChallenge": Operation(self._respond, respond | administered, on_pool),
            "GetTokensFromRefreshToken": Operation(self._get_tokens, refresh),
        }

    def _initiate_auth(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool_of_client(call.params["ClientId"])
        flow = call.params["AuthFlow"]
        if flow.startswith("ADMIN_"):
            raise ServiceError("InvalidParameterException", unconfirmed.FLOW_NOT_PUBLIC)
        attempt = _Attempt(pool, pool.client(call.params["ClientId"]))
        return self._authenticate(attempt, call.params, unconfirmed.FLOW_NOT_ENABLED.format(flow=flow))

    def _admin_initiate_auth(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        if call.params["AuthFlow"] == "USER_PASSWORD_AUTH":
            raise NotDerivableError("AuthFlow USER_PASSWORD_AUTH in AdminInitiateAuth")
        attempt = _Attempt(pool, pool.client(call.params["ClientId"]))
        return self._authenticate(attempt, call.params, unconfirmed.ADMIN_FLOW_NOT_ENABLED)

    def _authenticate(self, attempt: _Attempt, params: Mapping[str, Any], not_enabled: str) -> Mapping[str, Any]:
        flow, given = params["AuthFlow"], dict(params.get("AuthParameters") or {})
        if _SETTING_OF.get(flow, "ALLOW_" + flow) not in attempt.client.explicit_auth_flows:
            raise ServiceError("InvalidParameterException", not_enabled)
        if flow in _OTHER_FLOWS:
            raise NotDerivableError(f"AuthFlow {flow}")
        if flow in _REFRESH_FLOWS:
            return self._refresh(attempt, given)
        # ClientMetadata of this request reaches the pre authentication trigger only (service model, InitiateAuth).
        metadata = params.get("ClientMetadata")
        if flow == "USER_SRP_AUTH":
            return self._ask_for_proof(attempt, given, metadata)
        username, password = _taken(given, "USERNAME", "PASSWORD", optional=("SECRET_HASH",))
        attempt.client.check_secret_hash(given.get("SECRET_HASH"), username)
        user = self._user_signing_in(attempt, username, metadata)
        if user is None or user.password is None or not user.password.matches(password):
            raise _wrong_password()
        return self._proved(attempt, user)

    def _refresh(self, attempt: _Attempt, given: dict[str, str]) -> Mapping[str, Any]:
        (token,) = _taken(given, "REFRESH_TOKEN", optional=("SECRET_HASH",))
        owner = self._sessions.owner(token)
        if owner is None:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_INVALID)
        attempt.client.check_secret_hash(given.get("SECRET_HASH"), owner.username)
        return _authenticated(self._sessions.refresh(attempt.pool, attempt.client, token, None))

    def _get_tokens(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool = self._directory.pool_of_client(params["ClientId"])
        client = pool.client(params["ClientId"])
        client.check_secret(params.get("ClientSecret"), "NotAuthorizedException")
        needed = client.rotation_grace is None and unconfirmed.REFRESH_OPERATION_NEEDS_REFRESH_FLOW
        if needed and "ALLOW_REFRESH_TOKEN_AUTH" not in client.explicit_auth_flows:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_INVALID)
        result = self._sessions.refresh(pool, client, params["RefreshToken"], params.get("ClientMetadata"))
        return {"AuthenticationResult": result}

    def _user_signing_in(self, attempt: _Attempt, username: str, metadata: Mapping[str, str] | None) -> User | None:
        """Return the user, once the pre authentication trigger lets it try; None for a name that nobody has."""
        pool, client = attempt.pool, attempt.client
        user = pool.find_user(username)
        if user is None and not client.hides_missing_users:
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        request: dict[str, Any] = {"userAttributes": {} if user is None else user_attributes(user)}
        if metadata:
            request["validationData"] = dict(metadata)
        if client.hides_missing_users:
            request["userNotFound"] = user is None
        name = username if user is None else user.username
        self._triggers.call(pool, "PreAuthentication", "PreAuthentication_Authentication", client.id, name, request)
        if user is not None and user.status == "RESET_REQUIRED":
            raise ServiceError("PasswordResetRequiredException", unconfirmed.PASSWORD_RESET_REQUIRED)
        return None if user is None or user.deleted else user

    def _ask_for_proof(
        self, attempt: _Attempt, given: dict[str, str], metadata: Mapping[str, str] | None
    ) -> Mapping[str, Any]:
        username, client_public = _taken(given, "USERNAME", "SRP_A", optional=("SECRET_HASH",))
        attempt.client.check_secret_hash(given.get("SECRET_HASH"), username)
        user = self._user_signing_in(attempt, username, metadata)
        verifier = _verifier(attempt.pool, username, user)
        try:
            exchange = begin(verifier, client_public)
        except ProofError:
            raise ServiceError("InvalidParameterException", unconfirmed.SRP_A_INVALID) from None
        return {
            "ChallengeName": _PROOF,
            "ChallengeParameters": {
                "USERNAME": verifier.username,
                "USER_ID_FOR_SRP": verifier.username,
                "SALT": f"{verifier.salt:x}",
                "SRP_B": f"{exchange.server_public:x}",
                "SECRET_BLOCK": self._challenges.await_proof(attempt.client, user, exchange),
            },
        }

    def _respond(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        administered = params.get("UserPoolId")
        pool = (
            self._directory.pool(administered)
            if administered is not None
            else self._directory.pool_of_client(params["ClientId"])
        )
        attempt = _Attempt(pool, pool.client(params["ClientId"]), params.get("ClientMetadata"))
        responses = dict(params.get("ChallengeResponses") or {})
        if params["ChallengeName"] == _PROOF:
            return self._check_proof(attempt, responses, params.get("Session"))
        if params["ChallengeName"] == _NEW_PASSWORD:
            return self._set_new_password(attempt, responses, params.get("Session") or "")
        raise NotDerivableError(f"ChallengeName {params['ChallengeName']}")

    def _check_proof(self, attempt: _Attempt, responses: dict[str, str], session: str | None) -> Mapping[str, Any]:
        if session is not None:
            raise NotDerivableError(f"Session in the answer to {_PROOF}, which comes without one")
        username, block, signature, timestamp = _taken(
            responses, "USERNAME", *_PROOF_RESPONSES, optional=("SECRET_HASH",)
        )
        attempt.client.check_secret_hash(responses.get("SECRET_HASH"), username)
        awaited = self._challenges.take_proof(attempt.client, block)
        user, exchange = awaited.user, awaited.exchange
        try:
            # As with signatures, the client's clock is held against the wall clock.
            if abs(time.time() - time_of(timestamp)) > unconfirmed.PROOF_CLOCK_SKEW:
                raise ServiceError("NotAuthorizedException", unconfirmed.PROOF_TIMESTAMP_REFUSED)
            exchange.check(base64.b64decode(signature, validate=True), timestamp)
        except (ProofError, binascii.Error):
            raise _wrong_password() from None
        is_named = attempt.pool.find_user(username) is user
        if user is None or not is_named or user.password is None or user.password.salt != exchange.verifier.salt:
            raise _wrong_password()
        return self._proved(attempt, user)

    def _proved(self, attempt: _Attempt, user: User) -> Mapping[str, Any]:
        """Return the answer to a user who has shown to know the password."""
        if not user.enabled:
            raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)
        if user.status == "UNCONFIRMED":
            raise ServiceError("UserNotConfirmedException", unconfirmed.USER_NOT_CONFIRMED)
        if user.status != "FORCE_CHANGE_PASSWORD":
            return self._signed_in(attempt, user, "Authentication")
        lifetime = attempt.pool.settings.password_policy.temporary_validity_days * _DAY
        if user.password is None or self._clock.now() > user.password.set_at + lifetime:
            raise ServiceError("NotAuthorizedException", unconfirmed.TEMPORARY_PASSWORD_EXPIRED)
        required = [_ATTRIBUTE_PREFIX + name for name in attempt.pool.missing_attributes(user.attributes)]
        return {
            "ChallengeName": _NEW_PASSWORD,
            "Session": self._challenges.await_password(attempt.client, user),
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": json.dumps(required),
                "userAttributes": json.dumps(user.attributes),
            },
        }

    def _set_new_password(self, attempt: _Attempt, responses: dict[str, str], session: str) -> Mapping[str, Any]:
        pool, client = attempt.pool, attempt.client
        new_attributes = [
            {"Name": name.removeprefix(_ATTRIBUTE_PREFIX), "Value": responses.pop(name)}
            for name in list(responses)
            if name.startswith(_ATTRIBUTE_PREFIX)
        ]
        # After a proof, clients are known to send its responses along; Cognito takes no notice of them.
        username, password = _taken(responses, "USERNAME", "NEW_PASSWORD", optional=("SECRET_HASH", *_PROOF_RESPONSES))
        client.check_secret_hash(responses.get("SECRET_HASH"), username)
        user = self._challenges.password_awaited(client, session, pool.find_user(username))
        if not user.enabled:
            raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)
        attributes = {**user.attributes, **_written(pool, client, user, new_attributes)}
        for name in pool.missing_attributes(attributes):
            raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_REQUIRED.format(name=name))
        pool.settings.password_policy.check(Secret(password))
        self._challenges.answered(session)
        now = self._clock.now()
        user.attributes, user.password = attributes, Password(Secret(password), now)
        user.status, user.modified = "CONFIRMED", now
        return self._signed_in(attempt, user, "NewPasswordChallenge")

    def _signed_in(self, attempt: _Attempt, user: User, source: str) -> Mapping[str, Any]:
        if source == "Authentication" or unconfirmed.POST_AUTHENTICATION_RUNS_AFTER_A_NEW_PASSWORD:
            self._tell_of_authentication(attempt, user)
        return _authenticated(self._sessions.begin(attempt.pool, attempt.client, user, source, attempt.metadata))

    def _tell_of_authentication(self, attempt: _Attempt, user: User) -> None:
        request: dict[str, Any] = {"userAttributes": user_attributes(user), "newDeviceUsed": False}
        if attempt.metadata:
            request["clientMetadata"] = dict(attempt.metadata)
        source = "PostAuthentication_Authentication"
        self._triggers.call(attempt.pool, "PostAuthentication", source, attempt.client.id, user.username, request)
        still_there(user)


def _authenticated(result: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


def _wrong_password() -> ServiceError:
    return ServiceError("NotAuthorizedException", unconfirmed.WRONG_PASSWORD)


def _verifier(pool: UserPool, username: str, user: User | None) -> Verifier:
    """Return the verifier of the user's password, or one that looks like it and that no password fits."""
    if user is not None and user.password is not None:
        return verifier_of(pool.id, user.username, user.password.value, user.password.salt)
    seed = hmac.digest(pool.pepper, pool.user_key(username).encode(), "sha256")
    made_up = str(uuid.UUID(bytes=seed[:16], version=4)) if pool.username_attributes else pool.user_key(username)
    return verifier_of(pool.id, made_up, Secret(secrets.token_hex()), salt_from(seed))


def _taken(given: Mapping[str, str], *names: str, optional: tuple[str, ...] = ()) -> list[str]:
    """Return the named values; more than those is not implemented, fewer is refused as on AWS."""
    for name in names:
        if not given.get(name):
            message = unconfirmed.MISSING_AUTH_PARAMETER.format(name=name)
            raise ServiceError("InvalidParameterException", message)
    unknown = sorted(set(given) - {*names, *optional})
    if unknown:
        raise NotDerivableError(f"authentication parameter {', '.join(unknown)}")
    return [given[name] for name in names]


def _written(pool: UserPool, client: AppClient, user: User, attributes: list[dict[str, str]]) -> dict[str, str]:
    """Return the attributes a user sets with a new password, if the client lets users write them."""
    written = check_creation(pool, client, attributes)
    for name, value in written.items():
        check_alias(pool, user, name, value, is_verified=False)
        if not pool.schema[name].mutable or name in user.attributes:
            # AWS is not known to say what becomes of a value that is already there.
            raise NotDerivableError(f"{_ATTRIBUTE_PREFIX}{name} in a challenge response, when it cannot be set anew")
    return written
