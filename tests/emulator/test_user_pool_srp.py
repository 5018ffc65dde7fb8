"""USER_SRP_AUTH: an unchanged client proves its password, and nobody does without it (aws-semantics 4.5)."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cognito import PASSWORD, Cognito, claims_of, not_derivable, refused
from pycognito import Cognito as PycognitoUser
from pycognito.aws_srp import AWSSRP, N_HEX
from pycognito.exceptions import ForceChangePasswordException

from harness.emulator.user_pools.srp import ProofError, salt_from, time_of, verifier_of
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

WRONG = "Incorrect username or password."


class Prover:
    """pycognito's client, whole or step by step."""

    def __init__(self, cognito: Cognito, username: str = "alice", password: str = PASSWORD, **more: Any) -> None:
        self.client, self.client_id, self.username = cognito.client, cognito.client_id, username
        self.srp = AWSSRP(username, password, cognito.pool_id, cognito.client_id, client=cognito.client, **more)

    def sign_in(self) -> Mapping[str, str]:
        tokens: Mapping[str, str] = self.srp.authenticate_user()["AuthenticationResult"]
        return tokens

    def challenge(self, **changed: str) -> Mapping[str, str]:
        answer = self.client.initiate_auth(
            ClientId=self.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters={**self.srp.get_auth_params(), **changed}
        )
        assert answer["ChallengeName"] == "PASSWORD_VERIFIER"
        parameters: Mapping[str, str] = answer["ChallengeParameters"]
        return parameters

    def proof(self, challenge: Mapping[str, str]) -> dict[str, str]:
        proof: dict[str, str] = self.srp.process_challenge(challenge, {"USERNAME": self.username})
        return proof

    def respond(self, responses: Mapping[str, str], **more: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.client.respond_to_auth_challenge(
            ClientId=self.client_id, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=responses, **more
        )
        return answer


@pytest.fixture
def cognito(door: Door) -> Cognito:
    made = Cognito(door)
    made.create_user(email="alice@example.com", email_verified="true")
    return made


def test_pycognito_signs_in_unchanged_verifies_the_tokens_and_refreshes_them(cognito: Cognito) -> None:
    user = PycognitoUser(cognito.pool_id, cognito.client_id, username="alice", access_key="a", secret_key="b")
    user.client = cognito.client
    user.pool_jwk = cognito.pools.jwks(cognito.pool_id)

    user.authenticate(PASSWORD)
    first = user.access_token
    user.renew_access_token()

    assert user.id_claims["cognito:username"] == "alice"
    assert user.access_claims["token_use"] == "access"
    assert user.access_token != first


def test_pycognito_changes_a_temporary_password_after_the_proof(cognito: Cognito) -> None:
    cognito.admin("admin_set_user_password", Username="alice", Password="Temporary-1", Permanent=False)
    prover = Prover(cognito, password="Temporary-1")

    with pytest.raises(ForceChangePasswordException):
        prover.sign_in()
    tokens = prover.srp.set_new_password_challenge(PASSWORD)["AuthenticationResult"]

    assert claims_of(tokens["IdToken"])["cognito:username"] == "alice"
    assert Prover(cognito).sign_in()


def test_pycognito_signs_in_through_a_client_with_a_secret(cognito: Cognito) -> None:
    made = cognito.admin(
        "create_user_pool_client", ClientName="s", GenerateSecret=True, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )["UserPoolClient"]
    cognito.client_id = made["ClientId"]

    assert Prover(cognito, client_secret=made["ClientSecret"]).sign_in()
    with refused(
        "NotAuthorizedException",
        f"Client {cognito.client_id} is configured with secret but SECRET_HASH was not received",
    ):
        Prover(cognito).sign_in()
    with refused("NotAuthorizedException", f"SecretHash does not match for the client: {cognito.client_id}"):
        Prover(cognito, client_secret="another").sign_in()


def test_an_alias_signs_in_under_the_name_the_challenge_gives(door: Door) -> None:
    cognito = Cognito(door, UsernameAttributes=["email"])
    cognito.create_user("alice@example.com")

    challenge = Prover(cognito, "alice@example.com").challenge()
    tokens = Prover(cognito, "alice@example.com").sign_in()

    assert challenge["USER_ID_FOR_SRP"] == claims_of(tokens["IdToken"])["sub"]


def test_a_wrong_password_is_no_proof(cognito: Cognito) -> None:
    with refused("NotAuthorizedException", WRONG):
        Prover(cognito, password="Wrong-Horse-1").sign_in()


def _tampered(proof: dict[str, str], **changed: str) -> dict[str, str]:
    return {**proof, **changed}


@pytest.mark.parametrize("tampering", ["signature", "not base64", "block of another exchange", "another user", "time"])
def test_a_proof_holds_for_its_exchange_its_user_and_its_time_only(cognito: Cognito, tampering: str) -> None:
    cognito.create_user("mallory")
    prover = Prover(cognito)
    proof = prover.proof(prover.challenge())
    changes = {
        "signature": {"PASSWORD_CLAIM_SIGNATURE": base64.b64encode(bytes(32)).decode()},
        "not base64": {"PASSWORD_CLAIM_SIGNATURE": "***"},
        "block of another exchange": {"PASSWORD_CLAIM_SECRET_BLOCK": prover.challenge()["SECRET_BLOCK"]},
        "another user": {"USERNAME": "mallory"},
        "time": {"TIMESTAMP": proof["TIMESTAMP"][:-4] + "2001"},
    }

    with refused("NotAuthorizedException"):
        prover.respond({**proof, **changes[tampering]})


def test_a_proof_is_good_once(cognito: Cognito) -> None:
    prover = Prover(cognito)
    proof = prover.proof(prover.challenge())
    prover.respond(proof)

    with refused("NotAuthorizedException", WRONG):
        prover.respond(proof)


def test_a_proof_is_good_for_the_client_it_was_begun_with(cognito: Cognito) -> None:
    prover = Prover(cognito)
    proof = prover.proof(prover.challenge())
    prover.client_id = cognito.new_client()

    with refused("NotAuthorizedException", WRONG):
        prover.respond(proof)


def test_a_proof_waits_only_as_long_as_the_client_lets_it(cognito: Cognito) -> None:
    prover = Prover(cognito)
    proof = prover.proof(prover.challenge())

    with cognito.clock.shifted(181), refused("NotAuthorizedException", WRONG):
        prover.respond(proof)


def test_a_password_set_meanwhile_makes_the_old_proof_worthless(cognito: Cognito) -> None:
    prover = Prover(cognito)
    proof = prover.proof(prover.challenge())
    cognito.admin("admin_set_user_password", Username="alice", Password="Other-Horse-1", Permanent=True)

    with refused("NotAuthorizedException", WRONG):
        prover.respond(proof)


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_a_public_value_that_fixes_the_key_is_refused(cognito: Cognito, multiple: int) -> None:
    with refused("InvalidParameterException"):
        Prover(cognito).challenge(SRP_A=f"{int(N_HEX, 16) * multiple:x}")


def test_a_public_value_that_is_no_number_is_refused(cognito: Cognito) -> None:
    with refused("InvalidParameterException"):
        Prover(cognito).challenge(SRP_A="-1")


def test_a_missing_user_looks_like_any_other_when_the_client_hides_it(cognito: Cognito) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        Prover(cognito, "nobody").challenge()
    cognito.client_id = cognito.new_client(PreventUserExistenceErrors="ENABLED")

    one, two = (Prover(cognito, "nobody").challenge() for _ in range(2))
    existing = Prover(cognito).challenge()

    assert one["SALT"] == two["SALT"] != existing["SALT"]
    assert set(one) == set(existing)
    assert len(one["SALT"]) == len(existing["SALT"])
    with refused("NotAuthorizedException", WRONG):
        Prover(cognito, "nobody").sign_in()


def test_srp_must_be_enabled_for_the_client(cognito: Cognito) -> None:
    cognito.client_id = cognito.new_client(ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])

    with refused("InvalidParameterException", "USER_SRP_AUTH flow not enabled for this client"):
        Prover(cognito).sign_in()


def test_an_unconfirmed_user_is_told_so_only_after_the_proof(door: Door) -> None:
    cognito = Cognito(door)
    cognito.sign_up()

    with refused("UserNotConfirmedException", "User is not confirmed."):
        Prover(cognito).sign_in()
    with refused("NotAuthorizedException", WRONG):
        Prover(cognito, password="Wrong-Horse-1").sign_in()


def test_a_session_with_the_proof_is_refused_as_unknown(cognito: Cognito) -> None:
    prover = Prover(cognito)
    proof = prover.proof(prover.challenge())

    with not_derivable():
        prover.respond(proof, Session="s" * 20)


def test_the_verifier_follows_pool_user_password_and_salt() -> None:
    base = ("eu-west-1_abc", "alice", Secret("p"), 7)
    changed = [
        ("eu-west-1_abd", "alice", Secret("p"), 7),
        ("eu-west-1_abc", "bob", Secret("p"), 7),
        ("eu-west-1_abc", "alice", Secret("q"), 7),
        ("eu-west-1_abc", "alice", Secret("p"), 8),
    ]

    assert verifier_of(*base) == verifier_of(*base)
    assert len({verifier_of(*each).value for each in (base, *changed)}) == 5
    assert str(verifier_of(*base).value) not in repr(verifier_of(*base))


def test_timestamps_are_read_as_clients_write_them() -> None:
    written = AWSSRP.get_cognito_formatted_timestamp(datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC))

    assert written == "Tue Feb 3 04:05:06 UTC 2026"
    assert time_of(written) == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()
    for wrong in ("", "2026-02-03T04:05:06Z", "Tue Xxx 3 04:05:06 UTC 2026", "Tue Feb 31 04:05:06 UTC 2026"):
        with pytest.raises(ProofError):
            time_of(wrong)


def test_a_made_up_salt_belongs_to_its_name() -> None:
    seeds = [hmac.digest(b"pepper", name, "sha256") for name in (b"a", b"b")]

    assert salt_from(seeds[0]) == salt_from(seeds[0]) != salt_from(seeds[1])
