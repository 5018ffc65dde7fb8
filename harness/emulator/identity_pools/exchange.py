"""The public side of identity pools: an identity for logins, and credentials or a token for an identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.faults import Fault
from harness.emulator.identity_pools.guest_session import guest_session_policies
from harness.emulator.identity_pools.identities import logins_do_not_match
from harness.emulator.identity_pools.roles import bad_configuration, role_for_guest, role_for_logins, role_without_login
from harness.emulator.operations import Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.token_issuers import COGNITO_ISSUER, COGNITO_PROVIDER, TAGS_CLAIM

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.identity_pools.identities import Identities, Identity
    from harness.emulator.identity_pools.login_tokens import Login, LoginTokens
    from harness.emulator.identity_pools.settings import IdentityPool
    from harness.emulator.service import Call
    from harness.emulator.sts.service import SecurityTokenService
    from harness.emulator.token_issuers import IdentityTokens
    from harness.secret import Secret

_TOKEN_SECONDS = 600


class IdentityExchange:
    """GetId, GetCredentialsForIdentity and GetOpenIdToken (aws-semantics 3.1 to 3.6). None of them is signed."""

    def __init__(
        self,
        clock: Clock,
        account: str,
        pool: Callable[[str], IdentityPool],
        identities: Identities,
        tokens: LoginTokens,
        sts: SecurityTokenService,
        identity_tokens: IdentityTokens,
        faults: Collection[Fault],
    ) -> None:
        self._clock = clock
        self._account = account
        self._pool = pool
        self._identities = identities
        self._tokens = tokens
        self._sts = sts
        self._identity_tokens = identity_tokens
        self._faults = faults

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        return {
            "GetId": Operation(self._get_id, accepting("IdentityPoolId AccountId Logins")),
            "GetCredentialsForIdentity": Operation(self._get_credentials, accepting("IdentityId Logins CustomRoleArn")),
            "GetOpenIdToken": Operation(self._get_open_id_token, accepting("IdentityId Logins")),
        }

    def logins(self, pool: IdentityPool, given: Mapping[str, str]) -> list[Login]:
        """Return the logins of a request once every token in it is verified; raises ServiceError."""
        if COGNITO_PROVIDER in given:
            raise ServiceError("NotAuthorizedException", "Invalid login token. Can't pass in a Cognito token.")
        return [self._tokens.verify(pool, provider, token) for provider, token in given.items()]

    def open_id_token(
        self, pool: IdentityPool, identity: Identity, methods: tuple[str, ...], tags: Mapping[str, str], seconds: int
    ) -> Secret:
        """Return a token of the service for an identity, with session tags for STS."""
        now = int(self._clock.now())
        claims: dict[str, Any] = {
            "iss": COGNITO_ISSUER,
            "aud": pool.id,
            "sub": identity.id,
            "amr": list(methods),
            "iat": now,
            "exp": now + seconds,
        }
        if tags:
            claims[TAGS_CLAIM] = {"principal_tags": {key: [value] for key, value in tags.items()}}
        return self._identity_tokens.sign(claims)

    def _get_id(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call.params["IdentityPoolId"])
        if call.params.get("AccountId") not in (None, self._account):
            raise NotDerivableError("AccountId of another account in GetId")
        logins = self.logins(pool, call.params.get("Logins") or {})
        if logins:
            return {"IdentityId": self._identities.for_logins(pool, logins).id}
        if not pool.allows_guests:
            raise _no_guests()
        return {"IdentityId": self._identities.new(pool).id}

    def _get_credentials(self, call: Call) -> Mapping[str, Any]:
        given, custom_role = call.params.get("Logins") or {}, call.params.get("CustomRoleArn")
        identity = self._identities.named(call.params["IdentityId"])
        pool = self._pool(identity.pool_id)
        if COGNITO_PROVIDER in given:
            return self._with_developer_token(pool, identity, given, custom_role)
        logins = self.logins(pool, given)
        policies = None
        if logins:
            identity = self._identities.opened(pool, identity, logins)
            role_arn = role_for_logins(pool, logins, custom_role, self._faults)
        elif identity.logins or identity.disabled:
            self._identities.check_guest(identity)
            role_arn = role_without_login(pool, custom_role, self._faults)
        else:
            self._check_guests(pool)
            role_arn, policies = role_for_guest(pool, custom_role, self._faults), guest_session_policies()
        try:
            tags = _tags(pool, logins)
            issued = self._sts.assume_with_cognito(
                role_arn, identity.id, pool.id, _methods(identity, logins), policies, tags
            )
        except NotDerivableError:
            raise
        except ServiceError as error:
            raise bad_configuration() from error
        return _credentials(identity, issued)

    def _with_developer_token(
        self, pool: IdentityPool, identity: Identity, given: Mapping[str, str], custom_role: str | None
    ) -> Mapping[str, Any]:
        if len(given) > 1:
            raise NotDerivableError("a developer's token beside other Logins")
        token = self._tokens.verify_developer_token(pool, given[COGNITO_PROVIDER])
        if (token.identity_id != identity.id or identity.disabled) and (
            Fault.SKIP_IDENTITY_OWNERSHIP not in self._faults
        ):
            raise logins_do_not_match()
        role_arn = role_without_login(pool, custom_role, self._faults)
        amr = ("authenticated", *token.methods)
        try:
            issued = self._sts.assume_with_cognito(role_arn, identity.id, pool.id, amr, None, token.tags)
        except NotDerivableError:
            raise
        except ServiceError as error:
            raise bad_configuration() from error
        return _credentials(identity, issued)

    def _get_open_id_token(self, call: Call) -> Mapping[str, Any]:
        identity = self._identities.named(call.params["IdentityId"])
        pool = self._pool(identity.pool_id)
        if pool.classic_flow is False:
            raise _no_classic_flow("is not enabled")
        if pool.mappings:
            raise _no_classic_flow("is not supported with RoleMappings")
        logins = self.logins(pool, call.params.get("Logins") or {})
        if logins:
            identity = self._identities.opened(pool, identity, logins)
        elif identity.logins or identity.disabled:
            self._identities.check_guest(identity)
        else:
            self._check_guests(pool)
        methods = _methods(identity, logins)
        token = self.open_id_token(pool, identity, methods, _tags(pool, logins), _TOKEN_SECONDS)
        return {"IdentityId": identity.id, "Token": token.reveal()}

    def _check_guests(self, pool: IdentityPool) -> None:
        if not pool.allows_guests:
            raise _no_guests()


def _methods(identity: Identity, logins: Collection[Login]) -> tuple[str, ...]:
    if logins:
        return ("authenticated", *(method for login in logins for method in login.methods))
    return ("authenticated", *identity.logins) if identity.logins else ("unauthenticated",)


def _tags(pool: IdentityPool, logins: Collection[Login]) -> dict[str, str]:
    mapped = [login for login in logins if login.provider in pool.tag_maps]
    if len(mapped) > 1:
        raise NotDerivableError("the session tags of several Logins that have a tag map")
    return pool.tag_maps[mapped[0].provider].tags_for(mapped[0].claims) if mapped else {}


def _credentials(identity: Identity, issued: Any) -> Mapping[str, Any]:
    token = issued.session_token
    return {
        "IdentityId": identity.id,
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "SecretKey": issued.secret_access_key.reveal(),
            "SessionToken": token.reveal() if token is not None else None,
            "Expiration": issued.expiration,
        },
    }


def _no_guests() -> ServiceError:
    return ServiceError("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")


def _no_classic_flow(reason: str) -> ServiceError:
    message = f"Basic (classic) flow {reason}, please use enhanced flow."
    return ServiceError("InvalidParameterException", message)
