from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from identity_services import ACCOUNT, IdentityServices, allow, cognito_trust, deny, document

from harness.emulator.faults import Fault
from harness.emulator.service import Call, NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from doors import Door

    from harness.emulator.principals import Principal


ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
POOL = "eu-west-1:00000000-0000-0000-0000-000000000001"
IDENTITY = "eu-west-1:00000000-0000-0000-0000-00000000000a"


_MAY_ASSUME = allow("sts:AssumeRole", "sts:TagSession")


def _trusting(principal: str, *actions: str, condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions or ("sts:AssumeRole",))}
    return document({**statement, "Condition": condition} if condition else statement)


class Broker:
    """An account with one IAM user, alice."""

    def __init__(self, door: Door, *faults: Fault, policies: Sequence[Mapping[str, Any]] = ()) -> None:
        self.services = IdentityServices(door, *faults)
        self.alice = self.services.new_iam_user("alice", *policies)

    def assume(self, role_arn: str, caller: ReadOnlyCredentials | None = None, **params: Any) -> Mapping[str, Any]:
        given = {"RoleArn": role_arn, "RoleSessionName": "session", **params}
        return self.services.call(caller or self.alice, "sts", "AssumeRole", **given)

    def keys(self, role_arn: str, **params: Any) -> ReadOnlyCredentials:
        issued = self.assume(role_arn, **params)["Credentials"]
        return ReadOnlyCredentials(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])

    def session(self, role_arn: str, caller: ReadOnlyCredentials | None = None, **params: Any) -> Principal:
        access_key_id = self.assume(role_arn, caller, **params)["Credentials"]["AccessKeyId"]
        return self.services.principal_of(access_key_id)

    def refusal(self, role_arn: str, caller: ReadOnlyCredentials | None = None, **params: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.assume(role_arn, caller, **params)
        return caught.value

    def handled(self, operation: str, **params: Any) -> Mapping[str, Any]:
        """Return what STS answers parameters as the query protocol writes them, which no client sends so."""
        alice = self.services.principal_of(self.alice.access_key)
        return self.services.sts.handle(Call(operation, params, alice))


def test_a_session_of_an_assumed_role_is_described_as_iam_does(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("team/reader", _trusting(ALICE), tags={"Team": "blue"})

    answer = broker.assume(arn)
    principal = broker.services.principal_of(answer["Credentials"]["AccessKeyId"])

    role_id = broker.services.iam("GetRole", RoleName="reader")["Role"]["RoleId"]
    assert role_id.startswith("AROA")
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role_id}:session",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/session",
    }
    assert set(answer["Credentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert principal.owner_arn == arn
    assert principal.context["aws:principalarn"] == (arn,)
    assert principal.context["aws:userid"] == (f"{role_id}:session",)
    assert principal.context["aws:principaltype"] == ("AssumedRole",)
    assert principal.context["aws:principaltag/team"] == ("blue",)
    assert principal.context["aws:tokenissuetime"][0].endswith("Z")
    assert "aws:federatedprovider" not in principal.context
    assert principal.session_policies is None


def test_a_caller_named_by_the_trust_policy_needs_no_policy_of_its_own(door: Door) -> None:
    broker = Broker(door)

    assert broker.assume(broker.services.add_role("r", _trusting(ALICE)))


@pytest.mark.parametrize("policies", [(), (allow("sts:AssumeRole", resource=f"arn:aws:iam::{ACCOUNT}:role/other"),)])
def test_an_account_in_the_trust_policy_only_delegates(door: Door, policies: Sequence[Mapping[str, Any]]) -> None:
    trust = _trusting(f"arn:aws:iam::{ACCOUNT}:root")
    denied, allowed = Broker(door, policies=policies), Broker(door, policies=[_MAY_ASSUME])

    error = denied.refusal(denied.services.add_role("r", trust))

    assert error.code == "AccessDenied"
    assert error.status == 403
    assert error.message == (
        f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/r"
    )
    assert allowed.assume(allowed.services.add_role("r", trust))


def test_an_identity_policy_alone_assumes_nothing_unless_the_trust_fault_is_on(door: Door) -> None:
    trust = _trusting(f"arn:aws:iam::{ACCOUNT}:user/bob")
    sound, faulty = Broker(door, policies=[_MAY_ASSUME]), Broker(door, Fault.SKIP_TRUST_POLICY)
    for broker in (sound, faulty):
        broker.services.new_iam_user("bob")

    assert sound.refusal(sound.services.add_role("r", trust)).code == "AccessDenied"
    assert faulty.assume(faulty.services.add_role("r", trust))


def test_an_explicit_deny_of_the_caller_wins_over_the_trust_policy(door: Door) -> None:
    broker = Broker(door, policies=[deny("sts:*")])

    assert broker.refusal(broker.services.add_role("r", _trusting(ALICE))).code == "AccessDenied"


def test_a_role_that_does_not_exist_reads_like_one_that_does_not_trust(door: Door) -> None:
    for broker in (Broker(door, policies=[_MAY_ASSUME]), Broker(door, Fault.SKIP_TRUST_POLICY)):
        arn = f"arn:aws:iam::{ACCOUNT}:role/gone"
        assert broker.refusal(arn).message == (
            f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        )


def test_root_may_not_assume_roles(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(f"arn:aws:iam::{ACCOUNT}:root"))

    error = broker.refusal(arn, broker.services.root)

    assert (error.code, error.message) == ("AccessDenied", "Roles may not be assumed by root accounts.")


def test_an_unsigned_call_is_refused(door: Door) -> None:
    broker = Broker(door)
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "session"}
    for operation, params in (("GetCallerIdentity", {}), ("AssumeRole", role)):
        with pytest.raises(ServiceError, match="Request is missing Authentication Token") as caught:
            broker.services.call(None, "sts", operation, **params)
        assert (caught.value.code, caught.value.status) == ("MissingAuthenticationToken", 403)


def test_the_external_id_is_a_condition_key(door: Door) -> None:
    broker = Broker(door)
    condition = {"StringEquals": {"sts:ExternalId": "the-customer"}}
    arn = broker.services.add_role("r", _trusting(ALICE, condition=condition))

    assert broker.assume(arn, ExternalId="the-customer")
    assert broker.refusal(arn, ExternalId="another").code == "AccessDenied"
    assert broker.refusal(arn).code == "AccessDenied"


def test_the_session_name_is_a_condition_key(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role(
        "r", _trusting(ALICE, condition={"StringEquals": {"sts:RoleSessionName": "tenant-a"}})
    )

    assert broker.assume(arn, RoleSessionName="tenant-a")
    assert broker.refusal(arn, RoleSessionName="tenant-b").code == "AccessDenied"


def test_session_tags_need_permission_to_tag_and_override_those_of_the_role(door: Door) -> None:
    broker = Broker(door)
    tags = [{"Key": "Org", "Value": "acme"}]
    untagged = broker.services.add_role("untagged", _trusting(ALICE))
    tagged = broker.services.add_role(
        "tagged", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"), tags={"org": "nobody"}
    )

    error = broker.refusal(untagged, Tags=tags)

    assert error.message == f"User: {ALICE} is not authorized to perform: sts:TagSession on resource: {untagged}"
    assert broker.session(tagged).context["aws:principaltag/org"] == ("nobody",)
    assert broker.session(tagged, Tags=tags).context["aws:principaltag/org"] == ("acme",)


def test_the_trust_policy_can_limit_session_tags(door: Door) -> None:
    broker = Broker(door)
    condition = {
        "StringEquals": {"aws:RequestTag/org": "acme"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["org"]},
    }
    arn = broker.services.add_role("r", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession", condition=condition))

    assert broker.assume(arn, Tags=[{"Key": "org", "Value": "acme"}])
    assert broker.refusal(arn, Tags=[{"Key": "org", "Value": "victim"}]).code == "AccessDenied"
    more = [{"Key": "org", "Value": "acme"}, {"Key": "admin", "Value": "1"}]
    assert broker.refusal(arn, Tags=more).code == "AccessDenied"


def test_a_tag_key_may_be_given_once_whatever_its_case(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"))

    tags = [{"Key": "org", "Value": "a"}, {"Key": "ORG", "Value": "b"}]

    assert "Duplicate tag keys" in broker.refusal(arn, Tags=tags).message


def test_a_chained_session_keeps_neither_tags_nor_identity_and_lasts_an_hour(door: Door) -> None:
    broker = Broker(door)
    first = broker.services.add_role("first", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"))
    second = broker.services.add_role("second", _trusting(first), MaxSessionDuration=43_200)
    caller = broker.keys(first, Tags=[{"Key": "org", "Value": "acme"}])

    chained = broker.session(second, caller)

    assert "aws:principaltag/org" not in chained.context
    error = broker.refusal(second, caller, DurationSeconds=3601)
    assert error.code == "ValidationError"
    assert error.message == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )


def test_the_duration_is_limited_by_the_role_and_by_the_model(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE), MaxSessionDuration=7200)

    expiring = broker.services.store.find(broker.assume(arn, DurationSeconds=7200)["Credentials"]["AccessKeyId"])

    assert expiring is not None
    assert expiring.expiration == pytest.approx(broker.services.clock.now() + 7200, abs=5)
    assert broker.refusal(arn, DurationSeconds=7201).message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )
    assert broker.refusal(arn, DurationSeconds=899).message == (
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 900"
    )


def test_a_session_policy_is_kept_with_the_session(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE))
    policy = json.dumps(document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))

    answer = broker.assume(arn, Policy=policy)
    principal = broker.services.principal_of(answer["Credentials"]["AccessKeyId"])

    assert principal.session_policies is not None
    assert len(principal.session_policies) == 1
    assert 0 < answer["PackedPolicySize"] < 10


def test_an_over_long_empty_or_malformed_session_policy_is_refused(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE))
    resources = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(100)]
    long = json.dumps(document({"Effect": "Allow", "Action": "s3:*", "Resource": resources}))

    assert "less than or equal to 2048" in broker.refusal(arn, Policy=long).message
    assert "greater than or equal to 1" in broker.refusal(arn, Policy="").message
    assert broker.refusal(arn, Policy="{").code == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    "params",
    [
        {"ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter"}]},
        {"SerialNumber": "arn:aws:iam::123456789012:mfa/alice", "TokenCode": "123456"},
    ],
)
def test_parameters_that_are_not_implemented_are_refused_and_not_ignored(door: Door, params: Mapping[str, Any]) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE))

    assert isinstance(broker.refusal(arn, **params), NotDerivableError)


@pytest.mark.parametrize("operation", ["AssumeRoleWithSAML", "DecodeAuthorizationMessage", "NoSuchOperation"])
def test_operations_that_are_not_implemented_are_refused(door: Door, operation: str) -> None:
    broker = Broker(door)

    with pytest.raises(NotDerivableError, match=f"sts:{operation}"):
        broker.handled(operation)


def test_parameters_may_have_the_form_of_the_query_protocol(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"))
    query: dict[str, Any] = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": arn,
        "RoleSessionName": "session",
        "DurationSeconds": "900",
        "Tags.member.1.Key": "org",
        "Tags.member.1.Value": "acme",
    }

    issued = broker.handled("AssumeRole", **query)["Credentials"]
    assert broker.services.principal_of(issued["AccessKeyId"]).context["aws:principaltag/org"] == ("acme",)


@pytest.mark.parametrize(
    "query", [{"Tags": "x", "Tags.member.1.Key": "y"}, {"Tags.member.x.Key": "y"}, {"Tags.member": "x"}]
)
def test_parameters_that_do_not_fit_together_are_refused(door: Door, query: dict[str, Any]) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE))

    with pytest.raises(ServiceError) as caught:
        broker.handled("AssumeRole", RoleArn=arn, RoleSessionName="session", **query)
    assert caught.value.code == "MalformedInput"


def test_get_caller_identity_answers_for_users_and_sessions(door: Door) -> None:
    broker = Broker(door)
    session = broker.keys(broker.services.add_role("team/r", _trusting(ALICE)))
    user_id = broker.services.iam("GetUser", UserName="alice")["User"]["UserId"]

    user = broker.services.call(broker.alice, "sts", "GetCallerIdentity")
    assert user == {"UserId": user_id, "Account": ACCOUNT, "Arn": ALICE}
    assert (
        broker.services.call(session, "sts", "GetCallerIdentity")["Arn"]
        == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"
    )


@pytest.mark.parametrize(
    ("trust", "amr", "trusted"),
    [
        (cognito_trust(POOL), "authenticated", True),
        (cognito_trust(POOL), "unauthenticated", False),
        (cognito_trust("eu-west-1:another"), "authenticated", False),
        (cognito_trust(None), "authenticated", True),
        (_trusting(f"arn:aws:iam::{ACCOUNT}:root"), "authenticated", False),
    ],
)
def test_the_trust_policy_decides_for_identity_pools(
    door: Door,
    trust: Mapping[str, Any],
    amr: str,
    trusted: bool,  # noqa: FBT001  a table of cases
) -> None:
    services = IdentityServices(door)
    arn = services.add_role("r", trust)

    if trusted:
        issued = services.sts.assume_with_cognito(arn, IDENTITY, POOL, (amr,), None)
        assert issued.principal.context["cognito-identity.amazonaws.com:sub"] == (IDENTITY,)
        assert issued.principal.context["cognito-identity.amazonaws.com:aud"] == (POOL,)
        assert issued.principal.context["cognito-identity.amazonaws.com:amr"] == (amr,)
        assert issued.principal.context["aws:federatedprovider"] == ("cognito-identity.amazonaws.com",)
        role_id = services.iam("GetRole", RoleName="r")["Role"]["RoleId"]
        assert issued.principal.context["aws:userid"] == (f"{role_id}:CognitoIdentityCredentials",)
        return
    with pytest.raises(ServiceError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        services.sts.assume_with_cognito(arn, IDENTITY, POOL, (amr,), None)
    services.faults.add(Fault.SKIP_TRUST_POLICY)
    assert services.sts.assume_with_cognito(arn, IDENTITY, POOL, (amr,), None)


def test_a_guest_policy_that_depends_on_the_network_is_refused_as_unknown(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE, condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))

    assert isinstance(broker.refusal(arn), NotDerivableError)


def test_no_secret_shows_in_what_is_kept(door: Door) -> None:
    broker = Broker(door)
    arn = broker.services.add_role("r", _trusting(ALICE))

    credentials = broker.assume(arn)["Credentials"]
    kept = repr(broker.services.store.find(credentials["AccessKeyId"]))

    assert credentials["SecretAccessKey"] not in kept
    assert credentials["SessionToken"] not in kept
