from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from identity_services import REGION, IdentityServices, claims_of, provider_name
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from harness.emulator.faults import Fault
from harness.emulator.identity_pools.login_tokens import LoginTokens
from harness.emulator.service import ServiceError
from harness.emulator.token_issuers import TokenIssuers
from harness.emulator.tokens import TokenError, TokenUse, read_unverified

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from doors import Door

    from harness.emulator.identity_pools.settings import IdentityPool

UNSUPPORTED = "Token is not from a supported provider of this identity pool."
UNVERIFIED = "Invalid login token. Couldn't verify signed token."


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _forged(claims: Mapping[str, Any], header: Mapping[str, Any], signature: str = "") -> str:
    return f"{_segment(header)}.{_segment(claims)}.{signature}"


class Signed:
    """One user pool with two clients, of which one is registered, and a foreign pool with a user of its own."""

    def __init__(self, door: Door) -> None:
        self.services = IdentityServices(door)
        self.pool_id, self.client_id = self._pool("alice")
        self.other_client_id = self.services.new_client(self.pool_id)
        self.foreign_pool_id, foreign_client = self._pool("mallory")
        self.provider = provider_name(self.pool_id)
        self.tokens = self.services.sign_in(self.client_id)
        self.foreign_tokens = self.services.sign_in(foreign_client, "mallory")
        created = self.services.identity(
            "CreateIdentityPool",
            IdentityPoolName="pool",
            AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[{"ProviderName": self.provider, "ClientId": self.client_id}],
        )
        self.identity_pool: IdentityPool = self.services.identity_pools._pools[created["IdentityPoolId"]]

    def _pool(self, username: str) -> tuple[str, str]:
        pool_id = self.services.new_user_pool()
        self.services.new_user(pool_id, username)
        return pool_id, self.services.new_client(pool_id)

    def verify(self, token: str, *faults: Fault, provider: str | None = None) -> Mapping[str, Any]:
        issuers = TokenIssuers()
        issuers.add(self.services.user_pools.directory)
        verifier = LoginTokens(self.services.clock, issuers, self.services.cloud.iam.oidc_provider, set(faults))
        return verifier.verify(self.identity_pool, provider or self.provider, token).claims

    def refusal(self, token: str, *faults: Fault, provider: str | None = None) -> str:
        with pytest.raises(ServiceError) as caught:
            self.verify(token, *faults, provider=provider)
        assert caught.value.code == "NotAuthorizedException"
        assert caught.value.status == 400
        return caught.value.message


@pytest.fixture(scope="module")
def signed(door: Door) -> Signed:
    return Signed(door)


def test_the_id_token_carries_the_claims_cognito_writes(signed: Signed) -> None:
    claims = claims_of(signed.tokens["IdToken"])

    assert claims["iss"] == f"https://cognito-idp.{REGION}.amazonaws.com/{signed.pool_id}"
    assert claims["aud"] == signed.client_id
    assert claims["token_use"] == "id"
    assert claims["cognito:username"] == "alice"
    assert claims["exp"] - claims["iat"] == 3600
    assert {"sub", "auth_time", "jti", "origin_jti", "event_id"} <= set(claims)
    assert not {"client_id", "cognito:groups", "cognito:roles", "cognito:preferred_role", "scope"} & set(claims)


def test_the_access_token_has_a_client_id_and_no_audience(signed: Signed) -> None:
    claims = claims_of(signed.tokens["AccessToken"])

    assert claims["client_id"] == signed.client_id
    assert claims["token_use"] == "access"
    assert claims["username"] == "alice"
    assert claims["scope"] == "aws.cognito.signin.user.admin"
    assert not {"aud", "cognito:username", "cognito:roles"} & set(claims)


def test_both_tokens_verify_against_the_published_keys_with_different_kids(signed: Signed) -> None:
    published = signed.services.user_pools.jwks(signed.pool_id)
    keys = KeySet([RSAKey.import_key(key) for key in published["keys"]])

    for kind in ("IdToken", "AccessToken"):
        jwt.decode(signed.tokens[kind], keys, algorithms=["RS256"])
    kids = {read_unverified(signed.tokens[kind]).header["kid"] for kind in ("IdToken", "AccessToken")}
    assert kids == {key["kid"] for key in published["keys"]}
    assert len(kids) == 2
    assert all(key["alg"] == "RS256" and "d" not in key for key in published["keys"])


def test_a_sound_id_token_is_accepted(signed: Signed) -> None:
    assert signed.verify(signed.tokens["IdToken"])["cognito:username"] == "alice"


def _alg_none(signed: Signed) -> str:
    return _forged(claims_of(signed.tokens["IdToken"]), {"alg": "none"})


def _edited_claims(signed: Signed) -> str:
    header, _, signature = signed.tokens["IdToken"].split(".")
    return f"{header}.{_segment({**claims_of(signed.tokens['IdToken']), 'custom:org': 'victim'})}.{signature}"


def _hmac_with_the_public_key(signed: Signed) -> str:
    key = signed.services.user_pools.directory.pools[signed.pool_id].keys.key(TokenUse.ID)
    secret = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    header = {"alg": "HS256", "kid": key.kid}
    return jwt.encode(header, dict(claims_of(signed.tokens["IdToken"])), secret, algorithms=["HS256"])


def _own_key_same_kid(signed: Signed) -> str:
    kid = read_unverified(signed.tokens["IdToken"]).header["kid"]
    own = RSAKey.generate_key(2048, {"kid": kid})
    return jwt.encode({"alg": "RS256", "kid": kid}, dict(claims_of(signed.tokens["IdToken"])), own)


def _key_in_the_header(signed: Signed) -> str:
    own = RSAKey.generate_key(2048, {"kid": "mine"})
    header = {"alg": "RS256", "kid": "mine", "jwk": own.as_dict(private=False)}
    return jwt.encode(header, dict(claims_of(signed.tokens["IdToken"])), own)


def _signed_with_the_access_key(signed: Signed) -> str:
    keys = signed.services.user_pools.directory.pools[signed.pool_id].keys
    return keys.sign(TokenUse.ACCESS, claims_of(signed.tokens["IdToken"])).reveal()


@pytest.mark.parametrize(
    "forge",
    [
        _alg_none,
        _edited_claims,
        _hmac_with_the_public_key,
        _own_key_same_kid,
        _key_in_the_header,
        _signed_with_the_access_key,
    ],
)
def test_a_forged_signature_passes_only_under_the_signature_fault(
    signed: Signed, forge: Callable[[Signed], str]
) -> None:
    token = forge(signed)

    assert signed.refusal(token) == UNVERIFIED
    assert signed.refusal(token, Fault.SKIP_TOKEN_EXPIRY, Fault.SKIP_TOKEN_ISSUER, Fault.SKIP_TOKEN_AUDIENCE) == (
        UNVERIFIED
    )
    assert signed.verify(token, Fault.SKIP_TOKEN_SIGNATURE)["cognito:username"] == "alice"


def test_under_the_signature_fault_the_other_checks_still_hold(signed: Signed) -> None:
    claims, header = claims_of(signed.tokens["IdToken"]), {"alg": "none"}

    expired = signed.refusal(_forged({**claims, "exp": 1_000}, header), Fault.SKIP_TOKEN_SIGNATURE)
    issuer = signed.refusal(_forged({**claims, "iss": "https://x"}, header), Fault.SKIP_TOKEN_SIGNATURE)
    audience = signed.refusal(_forged({**claims, "aud": "x"}, header), Fault.SKIP_TOKEN_SIGNATURE)

    assert expired.startswith("Invalid login token. Token expired: ")
    assert expired.endswith(" >= 1000")
    assert issuer == "Invalid login token. Issuer doesn't match providerName"
    assert audience == UNSUPPORTED


def test_an_expired_token_passes_only_under_the_expiry_fault(signed: Signed) -> None:
    token = signed.tokens["IdToken"]
    expires = claims_of(token)["exp"]

    with signed.services.clock.shifted(3601):
        message = signed.refusal(token)
        assert signed.verify(token, Fault.SKIP_TOKEN_EXPIRY)["exp"] == expires

    assert message.startswith("Invalid login token. Token expired: ")
    assert message.endswith(f" >= {expires}")
    assert signed.verify(token)["exp"] == expires


def test_a_foreign_pools_token_passes_only_under_the_issuer_fault(signed: Signed) -> None:
    token, foreign = signed.foreign_tokens["IdToken"], provider_name(signed.foreign_pool_id)

    assert signed.refusal(token) == "Invalid login token. Issuer doesn't match providerName"
    assert signed.refusal(token, provider=foreign) == UNSUPPORTED
    for provider in (signed.provider, foreign):
        claims = signed.verify(token, Fault.SKIP_TOKEN_ISSUER, provider=provider)
        assert claims["cognito:username"] == "mallory"


def test_the_issuer_fault_still_asks_for_a_signature_of_the_named_issuer(signed: Signed) -> None:
    claims = {**claims_of(signed.tokens["IdToken"]), "iss": "https://issuer.example"}

    assert signed.refusal(_forged(claims, {"alg": "none"}), Fault.SKIP_TOKEN_ISSUER) == UNVERIFIED
    foreign = signed.foreign_tokens["IdToken"].rpartition(".")[0] + "."
    assert signed.refusal(foreign, Fault.SKIP_TOKEN_ISSUER) == UNVERIFIED


def test_a_token_for_another_client_passes_only_under_the_audience_fault(signed: Signed) -> None:
    token = signed.services.sign_in(signed.other_client_id)["IdToken"]

    assert signed.refusal(token) == UNSUPPORTED
    assert signed.refusal(token, Fault.SKIP_TOKEN_ISSUER) == UNSUPPORTED
    assert signed.verify(token, Fault.SKIP_TOKEN_AUDIENCE)["aud"] == signed.other_client_id


def test_an_access_token_passes_only_under_the_audience_fault(signed: Signed) -> None:
    token = signed.tokens["AccessToken"]

    assert signed.refusal(token) == "Invalid login token. Missing a required claim: aud"
    assert signed.verify(token, Fault.SKIP_TOKEN_AUDIENCE)["token_use"] == "access"
    unsigned = token.rpartition(".")[0] + "."
    assert signed.refusal(unsigned, Fault.SKIP_TOKEN_AUDIENCE) == UNVERIFIED


def test_a_provider_that_is_not_registered_is_refused_by_name(signed: Signed) -> None:
    assert signed.refusal(signed.tokens["IdToken"], provider="accounts.google.com") == UNSUPPORTED


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.W10.", "\xe9.\xe9.\xe9", f"e30.{_segment(1)}.", "e30.e30"]
)
def test_what_is_no_jwt_is_refused_under_every_fault(signed: Signed, token: str) -> None:
    assert signed.refusal(token) == signed.refusal(token, *Fault)
    assert "Invalid login token." in signed.refusal(token)


def test_json_nested_too_deeply_is_no_jwt() -> None:
    nested = base64.urlsafe_b64encode(b"[" * 30_000).decode()

    with pytest.raises(TokenError):
        read_unverified(f"{nested}.{nested}.")


@pytest.mark.parametrize("claim", ["sub", "iss", "exp"])
def test_a_token_without_a_required_claim_is_refused(signed: Signed, claim: str) -> None:
    claims = {name: value for name, value in claims_of(signed.tokens["IdToken"]).items() if name != claim}
    token = _forged(claims, {"alg": "none"})

    assert signed.refusal(token) == f"Invalid login token. Missing a required claim: {claim}"


def test_no_refusal_quotes_the_token(signed: Signed) -> None:
    token = _edited_claims(signed)

    with pytest.raises(ServiceError) as caught:
        signed.verify(token)

    assert token.split(".")[1] not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
