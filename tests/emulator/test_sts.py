from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from identity_services import ACCOUNT, IdentityServices, cognito_trust, document

from harness.emulator.faults import Fault
from harness.emulator.principals import Principal
from harness.emulator.roles import StoredUser
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.policy import PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.policy import Policy

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
POOL = "eu-west-1:00000000-0000-0000-0000-000000000001"
IDENTITY = "eu-west-1:00000000-0000-0000-0000-00000000000a"


def _identity(*statements: Mapping[str, Any]) -> tuple[Policy, ...]:
    return (parse_policy(document(*statements), kind=PolicyKind.IDENTITY, name="test"),)


def _trusting(principal: str, *actions: str, condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions or ("sts:AssumeRole",))}
    return document({**statement, "Condition": condition} if condition else statement)


def _may_assume(resource: str = "*") -> tuple[Policy, ...]:
    return _identity({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": resource})


class Broker:
    """An account with one IAM user, alice."""

    def __init__(self, *faults: Fault, policies: tuple[Policy, ...] = ()) -> None:
        self.services = IdentityServices(*faults)
        self.services.roles.users[ALICE] = StoredUser(ALICE, "AIDAALICE", "alice", policies)
        self.alice = Principal(ALICE, ALICE, "AIDAALICE", ACCOUNT, {"aws:principalarn": (ALICE,)})

    def assume(self, role_arn: str, caller: Principal | None = None, **params: Any) -> Mapping[str, Any]:
        given = {"RoleArn": role_arn, "RoleSessionName": "session", **params}
        return self.services.sts.handle(Call("AssumeRole", given, caller or self.alice))

    def session(self, role_arn: str, caller: Principal | None = None, **params: Any) -> Principal:
        access_key_id = self.assume(role_arn, caller, **params)["Credentials"]["AccessKeyId"]
        return self.services.principal_of(access_key_id)

    def refusal(self, role_arn: str, caller: Principal | None = None, **params: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.assume(role_arn, caller, **params)
        return caught.value


def test_a_session_of_an_assumed_role_is_described_as_iam_does() -> None:
    broker = Broker()
    arn = broker.services.add_role("team/reader", _trusting(ALICE), tags={"Team": "blue"})

    answer = broker.assume(arn)
    principal = broker.services.principal_of(answer["Credentials"]["AccessKeyId"])

    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": "AROATEAM/READER:session",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/session",
    }
    assert set(answer["Credentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert answer["Credentials"]["Expiration"].endswith("Z")
    assert principal.owner_arn == arn
    assert principal.context["aws:principalarn"] == (arn,)
    assert principal.context["aws:userid"] == ("AROATEAM/READER:session",)
    assert principal.context["aws:principaltype"] == ("AssumedRole",)
    assert principal.context["aws:principaltag/team"] == ("blue",)
    assert principal.context["aws:tokenissuetime"][0].endswith("Z")
    assert "aws:federatedprovider" not in principal.context
    assert principal.session_policies is None


def test_a_caller_named_by_the_trust_policy_needs_no_policy_of_its_own() -> None:
    broker = Broker()

    assert broker.assume(broker.services.add_role("r", _trusting(ALICE)))


@pytest.mark.parametrize("policies", [(), _may_assume(f"arn:aws:iam::{ACCOUNT}:role/other")])
def test_an_account_in_the_trust_policy_only_delegates(policies: tuple[Policy, ...]) -> None:
    trust = _trusting(f"arn:aws:iam::{ACCOUNT}:root")
    denied, allowed = Broker(policies=policies), Broker(policies=_may_assume())

    error = denied.refusal(denied.services.add_role("r", trust))

    assert error.code == "AccessDenied"
    assert error.status == 403
    assert error.message == (
        f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/r"
    )
    assert allowed.assume(allowed.services.add_role("r", trust))


def test_an_identity_policy_alone_assumes_nothing_unless_the_trust_fault_is_on() -> None:
    trust = _trusting(f"arn:aws:iam::{ACCOUNT}:user/bob")
    sound, faulty = Broker(policies=_may_assume()), Broker(Fault.SKIP_TRUST_POLICY)

    assert sound.refusal(sound.services.add_role("r", trust)).code == "AccessDenied"
    assert faulty.assume(faulty.services.add_role("r", trust))


def test_an_explicit_deny_of_the_caller_wins_over_the_trust_policy() -> None:
    broker = Broker(policies=_identity({"Effect": "Deny", "Action": "sts:*", "Resource": "*"}))

    assert broker.refusal(broker.services.add_role("r", _trusting(ALICE))).code == "AccessDenied"


def test_a_role_that_does_not_exist_reads_like_one_that_does_not_trust() -> None:
    for broker in (Broker(policies=_may_assume()), Broker(Fault.SKIP_TRUST_POLICY)):
        arn = f"arn:aws:iam::{ACCOUNT}:role/gone"
        assert broker.refusal(arn).message == (
            f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        )


def test_root_may_not_assume_roles() -> None:
    broker, root = Broker(), f"arn:aws:iam::{ACCOUNT}:root"
    arn = broker.services.add_role("r", _trusting(root))

    error = broker.refusal(arn, Principal(root, root, ACCOUNT, ACCOUNT))

    assert (error.code, error.message) == ("AccessDenied", "Roles may not be assumed by root accounts.")


def test_an_unsigned_call_is_refused() -> None:
    broker = Broker()
    for operation, params in (
        ("GetCallerIdentity", {}),
        ("AssumeRole", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "session"}),
    ):
        with pytest.raises(ServiceError, match="Request is missing Authentication Token") as caught:
            broker.services.sts.handle(Call(operation, params, None))
        assert (caught.value.code, caught.value.status) == ("MissingAuthenticationToken", 403)


def test_the_external_id_is_a_condition_key() -> None:
    broker = Broker()
    condition = {"StringEquals": {"sts:ExternalId": "the-customer"}}
    arn = broker.services.add_role("r", _trusting(ALICE, condition=condition))

    assert broker.assume(arn, ExternalId="the-customer")
    assert broker.refusal(arn, ExternalId="another").code == "AccessDenied"
    assert broker.refusal(arn).code == "AccessDenied"


def test_the_session_name_is_a_condition_key() -> None:
    broker = Broker()
    arn = broker.services.add_role(
        "r", _trusting(ALICE, condition={"StringEquals": {"sts:RoleSessionName": "tenant-a"}})
    )

    assert broker.assume(arn, RoleSessionName="tenant-a")
    assert broker.refusal(arn, RoleSessionName="tenant-b").code == "AccessDenied"


def test_session_tags_need_permission_to_tag_and_override_those_of_the_role() -> None:
    broker = Broker()
    tags = [{"Key": "Org", "Value": "acme"}]
    untagged = broker.services.add_role("untagged", _trusting(ALICE))
    tagged = broker.services.add_role(
        "tagged", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"), tags={"org": "nobody"}
    )

    error = broker.refusal(untagged, Tags=tags)

    assert error.message == f"User: {ALICE} is not authorized to perform: sts:TagSession on resource: {untagged}"
    assert broker.session(tagged).context["aws:principaltag/org"] == ("nobody",)
    assert broker.session(tagged, Tags=tags).context["aws:principaltag/org"] == ("acme",)


def test_the_trust_policy_can_limit_session_tags() -> None:
    broker = Broker()
    condition = {
        "StringEquals": {"aws:RequestTag/org": "acme"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["org"]},
    }
    arn = broker.services.add_role("r", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession", condition=condition))

    assert broker.assume(arn, Tags=[{"Key": "org", "Value": "acme"}])
    assert broker.refusal(arn, Tags=[{"Key": "org", "Value": "victim"}]).code == "AccessDenied"
    more = [{"Key": "org", "Value": "acme"}, {"Key": "admin", "Value": "1"}]
    assert broker.refusal(arn, Tags=more).code == "AccessDenied"


def test_a_tag_key_may_be_given_once_whatever_its_case() -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"))

    tags = [{"Key": "org", "Value": "a"}, {"Key": "ORG", "Value": "b"}]

    assert "Duplicate tag keys" in broker.refusal(arn, Tags=tags).message


def test_a_chained_session_keeps_neither_tags_nor_identity_and_lasts_an_hour() -> None:
    broker = Broker()
    first = broker.services.add_role("first", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"))
    second = broker.services.add_role("second", _trusting(first), max_session_duration=43_200)
    caller = broker.session(first, Tags=[{"Key": "org", "Value": "acme"}])

    chained = broker.session(second, caller)

    assert "aws:principaltag/org" not in chained.context
    error = broker.refusal(second, caller, DurationSeconds=3601)
    assert error.code == "ValidationError"
    assert error.message == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )


def test_the_duration_is_limited_by_the_role_and_by_the_model() -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE), max_session_duration=7200)

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


def test_a_session_policy_is_kept_with_the_session() -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE))
    policy = json.dumps(document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}))

    answer = broker.assume(arn, Policy=policy)
    principal = broker.services.principal_of(answer["Credentials"]["AccessKeyId"])

    assert principal.session_policies is not None
    assert len(principal.session_policies) == 1
    assert 0 < answer["PackedPolicySize"] < 10


def test_an_over_long_empty_or_malformed_session_policy_is_refused() -> None:
    broker = Broker()
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
def test_parameters_that_are_not_implemented_are_refused_and_not_ignored(params: Mapping[str, Any]) -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE))

    assert isinstance(broker.refusal(arn, **params), NotDerivableError)


@pytest.mark.parametrize("operation", ["AssumeRoleWithSAML", "DecodeAuthorizationMessage", "NoSuchOperation"])
def test_operations_that_are_not_implemented_are_refused(operation: str) -> None:
    broker = Broker()

    with pytest.raises(NotDerivableError, match=f"sts:{operation}"):
        broker.services.sts.handle(Call(operation, {}, broker.alice))


def test_parameters_may_have_the_form_of_the_query_protocol() -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE, "sts:AssumeRole", "sts:TagSession"))
    query: dict[str, Any] = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "DurationSeconds": "900",
        "Tags.member.1.Key": "org",
        "Tags.member.1.Value": "acme",
    }

    assert broker.session(arn, **query).context["aws:principaltag/org"] == ("acme",)


@pytest.mark.parametrize(
    "query", [{"Tags": "x", "Tags.member.1.Key": "y"}, {"Tags.member.x.Key": "y"}, {"Tags.member": "x"}]
)
def test_parameters_that_do_not_fit_together_are_refused(query: dict[str, Any]) -> None:
    broker = Broker()

    assert broker.refusal(broker.services.add_role("r", _trusting(ALICE)), **query).code == "MalformedInput"


def test_get_caller_identity_answers_for_users_and_sessions() -> None:
    broker = Broker()
    session = broker.session(broker.services.add_role("team/r", _trusting(ALICE)))

    ask = broker.services.sts.handle

    assert ask(Call("GetCallerIdentity", {}, broker.alice)) == {
        "UserId": "AIDAALICE",
        "Account": ACCOUNT,
        "Arn": ALICE,
    }
    assert ask(Call("GetCallerIdentity", {}, session))["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"


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
def test_the_trust_policy_decides_for_identity_pools(trust: Mapping[str, Any], amr: str, trusted: bool) -> None:  # noqa: FBT001  a table of cases
    services = IdentityServices()
    arn = services.add_role("r", trust)

    if trusted:
        issued = services.sts.assume_with_cognito(arn, IDENTITY, POOL, (amr,), None)
        assert issued.principal.context["cognito-identity.amazonaws.com:sub"] == (IDENTITY,)
        assert issued.principal.context["cognito-identity.amazonaws.com:aud"] == (POOL,)
        assert issued.principal.context["cognito-identity.amazonaws.com:amr"] == (amr,)
        assert issued.principal.context["aws:federatedprovider"] == ("cognito-identity.amazonaws.com",)
        assert issued.principal.context["aws:userid"] == ("AROAR:CognitoIdentityCredentials",)
        return
    with pytest.raises(ServiceError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        services.sts.assume_with_cognito(arn, IDENTITY, POOL, (amr,), None)
    services.faults.add(Fault.SKIP_TRUST_POLICY)
    assert services.sts.assume_with_cognito(arn, IDENTITY, POOL, (amr,), None)


def test_a_guest_policy_that_depends_on_the_network_is_refused_as_unknown() -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE, condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))

    assert isinstance(broker.refusal(arn), NotDerivableError)


def test_no_secret_shows_in_what_is_kept() -> None:
    broker = Broker()
    arn = broker.services.add_role("r", _trusting(ALICE))

    credentials = broker.assume(arn)["Credentials"]
    kept = repr(broker.services.store.find(credentials["AccessKeyId"]))

    assert credentials["SecretAccessKey"] not in kept
    assert credentials["SessionToken"] not in kept
