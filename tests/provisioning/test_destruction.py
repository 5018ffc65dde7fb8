from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stamina
from accounts import (
    ANYTHING,
    DESIGNS,
    RUN,
    TABLE,
    BrokenOffError,
    DyingTarget,
    document,
    inventory,
    make_one_of_each,
    people,
)

from harness.deployment import Deployment, operate
from harness.errors import DeploymentError, UsageError
from harness.marks import EXPIRES_TAG, IAM_PATH, RUN_TAG, Marks
from harness.provisioning.deploy import deploy
from harness.provisioning.destruction import destroy, destroy_from
from harness.provisioning.kinds.registry import KINDS
from harness.provisioning.ledger import Ledger, LedgerFacts, ledgers, read_ledger
from harness.provisioning.making import make
from harness.targets.api import ApiResponse
from harness.targets.embedded import EmbeddedTarget
from harness.targets.transient import disturbance_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.blueprints.spec import Blueprint
    from harness.targets.api import ApiRequest
    from harness.targets.transient import Disturbance

_MARKS = Marks(RUN, "2026-11-21T23:00:00Z")


@pytest.fixture(scope="module")
def target() -> Iterator[EmbeddedTarget]:
    target = EmbeddedTarget()
    yield target
    target.close()


@pytest.fixture
def deployment(target: EmbeddedTarget) -> Deployment:
    return Deployment("by-hand", RUN, target.region, target.account, marks=_MARKS)


def _ledger(target: EmbeddedTarget, reports: Path) -> Ledger:
    facts = LedgerFacts(RUN, "stage", "by-hand", target.name, target.account, target.region, _MARKS.expires)
    return Ledger.begin(reports, facts)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)
def test_everything_made_bears_the_marks_and_goes_again(target: EmbeddedTarget, design: Blueprint) -> None:
    before = inventory(target)
    deployment = deploy(design, target, RUN, people(design), marks=_MARKS)
    made = {key: tags for key, tags in inventory(target).items() if key not in before}
    assert {(resource.kind, resource.name, resource.id) for resource in deployment.resources} == set(made)
    assert all(name.startswith(("isolation-abc12345-", f"isolation-{target.account}-abc12345-")) for _, name, _ in made)
    assert all(tags == {RUN_TAG: RUN, EXPIRES_TAG: _MARKS.expires} for tags in made.values())
    for kind in ("role", "iam-user", "policy"):
        ours = [found for found in KINDS[kind].listed(target) if ("isolation-abc12345-") in found.name]
        assert all(found.path == IAM_PATH for found in ours)
    assert destroy(deployment, target, pauses=()) == []
    assert destroy(deployment, target, pauses=()) == []
    assert inventory(target) == before


def test_the_designs_of_these_tests_make_everything_that_can_be_made(target: EmbeddedTarget) -> None:
    kinds: set[str] = set()
    for design in DESIGNS:
        deployment = deploy(design, target, RUN, people(design), marks=_MARKS)
        kinds |= {resource.kind for resource in deployment.resources}
        destroy(deployment, target, pauses=())
    assert kinds == set(KINDS)


def test_roles_and_users_without_a_boundary_get_the_one_of_the_run(target: EmbeddedTarget) -> None:
    boundary = operate(target, "iam", "CreatePolicy", PolicyName="boundary", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    marks = Marks(RUN, _MARKS.expires, boundary)
    own = f"arn:aws:iam::{target.account}:policy{IAM_PATH}isolation-{RUN}-member-boundary"
    for design in (DESIGNS[0], DESIGNS[2]):
        deployment = deploy(design, target, RUN, people(design), marks=marks)
        for resource in deployment.resources:
            if resource.kind in ("role", "iam-user"):
                noun = "Role" if resource.kind == "role" else "User"
                shown = operate(target, "iam", f"Get{noun}", **{f"{noun}Name": resource.name})[noun]
                assert shown["PermissionsBoundary"]["PermissionsBoundaryArn"] in (boundary, own)
        assert destroy(deployment, target, pauses=()) == []


@pytest.mark.parametrize("performed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, len(KINDS) + 1))
def test_a_run_that_dies_while_it_makes_something_leaves_it_in_its_ledger(
    target: EmbeddedTarget, deployment: Deployment, tmp_path: Path, number: int, *, performed: bool
) -> None:
    before = inventory(target)
    deployment.ledger = _ledger(target, tmp_path)
    with pytest.raises(BrokenOffError):
        make_one_of_each(DyingTarget(target, number, performed), deployment)
    assert len(inventory(target)) == len(before) + number - (not performed)
    (ledger,) = ledgers(tmp_path, RUN)
    assert destroy_from(ledger, target, pauses=()) == []
    assert inventory(target) == before
    assert read_ledger(ledger).left == []


def test_what_a_repeated_creation_made_twice_is_destroyed_twice(target: EmbeddedTarget, deployment: Deployment) -> None:
    before = inventory(target)
    make_one_of_each(target, deployment)
    for kind in ("user-pool", "http-api", "rest-api", "identity-pool"):
        known = KINDS[kind]
        params = known.marked(deployment.name_of(kind), _MARKS, target.region)
        more: dict[str, Any] = {"ProtocolType": "HTTP"} if kind == "http-api" else {}
        more |= {"AllowUnauthenticatedIdentities": False} if kind == "identity-pool" else {}
        operate(target, known.service, known.creation, **params, **more)
    assert destroy(deployment, target, pauses=()) == []
    assert inventory(target) == before


def test_a_namesake_that_somebody_else_made_stays(target: EmbeddedTarget, deployment: Deployment) -> None:
    theirs = {"UserPoolTags": {RUN_TAG: "another0", EXPIRES_TAG: _MARKS.expires}}
    pool = operate(target, "cognito-idp", "CreateUserPool", PoolName="isolation-abc12345-theirs", **theirs)["UserPool"]
    operate(target, "dynamodb", "CreateTable", TableName="isolation-abc12345-theirs", **TABLE)
    before = inventory(target)
    for kind in ("user-pool", "table"):
        deployment.record(kind, "isolation-abc12345-theirs")
    left = destroy(deployment, target, pauses=())
    assert [each.resource.kind for each in left] == ["table", "user-pool"]
    assert all("somebody else made it" in str(each) for each in left)
    assert inventory(target) == before
    operate(target, "cognito-idp", "DeleteUserPool", UserPoolId=pool["Id"])
    KINDS["table"].delete(target, "isolation-abc12345-theirs")


def test_what_attacks_have_left_goes_too(target: EmbeddedTarget, deployment: Deployment) -> None:
    before = inventory(target)
    make_one_of_each(target, deployment)
    name, arn = deployment.name_of, f"arn:aws:iam::{target.account}:policy{IAM_PATH}{deployment.name_of('policy')}"
    role, user, bucket = {"RoleName": name("role")}, {"UserName": name("iam-user")}, {"Bucket": name("bucket")}
    foreign = {"UserName": "somebody"}
    operate(target, "iam", "CreateGroup", GroupName="admins")
    operate(target, "iam", "CreateUser", **foreign)
    for operation, params in (
        ("PutRolePolicy", {**role, "PolicyName": "more", "PolicyDocument": ANYTHING}),
        ("AttachRolePolicy", {**role, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("AttachRolePolicy", {**role, "PolicyArn": arn}),
        ("PutUserPolicy", {**user, "PolicyName": "more", "PolicyDocument": ANYTHING}),
        ("AttachUserPolicy", {**user, "PolicyArn": arn}),
        ("AttachUserPolicy", {**foreign, "PolicyArn": arn}),
        ("AttachGroupPolicy", {"GroupName": "admins", "PolicyArn": arn}),
        ("AddUserToGroup", {**user, "GroupName": "admins"}),
        ("CreateAccessKey", user),
        ("CreateAccessKey", user),
        ("CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": ANYTHING, "SetAsDefault": True}),
        ("CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": ANYTHING}),
    ):
        operate(target, "iam", operation, **params)
    operate(target, "s3", "PutBucketVersioning", **bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        operate(target, "s3", "PutObject", **bucket, Key="k", Body=b"")
    operate(target, "s3", "DeleteObject", **bucket, Key="k")
    operate(target, "s3", "CreateMultipartUpload", **bucket, Key="up")
    named = f"arn:aws:s3:::{name('bucket')}"
    closed = document(Effect="Deny", Principal="*", Action="s3:ListBucket*", Resource=named)
    operate(target, "s3", "PutBucketPolicy", **bucket, Policy=closed)
    pool = next(each.id for each in deployment.resources if each.kind == "user-pool")
    operate(target, "cognito-idp", "UpdateUserPool", UserPoolId=pool, DeletionProtection="ACTIVE")
    assert destroy(deployment, target, pauses=()) == []
    operate(target, "iam", "DeleteUser", **foreign)
    operate(target, "iam", "DeleteGroup", GroupName="admins")
    assert inventory(target) == before


def test_thousands_of_versions_are_deleted_page_by_page(target: EmbeddedTarget, deployment: Deployment) -> None:
    make(target, deployment, "bucket", deployment.name_of("full"))
    bucket = {"Bucket": deployment.name_of("full")}
    operate(target, "s3", "PutBucketVersioning", **bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(1001):
        operate(target, "s3", "PutObject", **bucket, Key=f"k{number % 3}", Body=b"")
    assert destroy(deployment, target, pauses=()) == []


def test_what_stands_in_the_way_of_another_is_tried_again(target: EmbeddedTarget, deployment: Deployment) -> None:
    before = inventory(target)
    # The role is the older one and so destroyed last, and while it is there nobody can delete its boundary.
    arn = f"arn:aws:iam::{target.account}:policy{IAM_PATH}{deployment.name_of('policy')}"
    operate(target, "iam", "CreatePolicy", PolicyName=deployment.name_of("policy"), Path=IAM_PATH,
            PolicyDocument=ANYTHING, Tags=_MARKS.tag_list)  # fmt: skip
    make(target, deployment, "iam-user", deployment.name_of("user"), PermissionsBoundary=arn)
    deployment.record("policy", deployment.name_of("policy"))
    assert destroy(deployment, target, pauses=()) == []
    assert inventory(target) == before


def test_what_cannot_be_deleted_is_named_with_the_reason(target: EmbeddedTarget, deployment: Deployment) -> None:
    make(target, deployment, "policy", deployment.name_of("policy"), PolicyDocument=ANYTHING)
    arn = deployment.resources[0].id
    operate(target, "iam", "CreateUser", UserName="bounded", PermissionsBoundary=arn)
    slept: list[float] = []
    (left,) = destroy(deployment, target, pauses=(1.0, 2.0), sleep=slept.append)
    assert (left.resource.kind, left.code, slept) == ("policy", "DeleteConflict", [1.0, 2.0])
    assert str(left).startswith("policy isolation-abc12345-policy: iam:DeletePolicy on the embedded target failed with")
    operate(target, "iam", "DeleteUser", UserName="bounded")
    assert destroy(deployment, target, pauses=()) == []


def test_a_creation_that_was_refused_is_not_looked_for(target: EmbeddedTarget, deployment: Deployment) -> None:
    with pytest.raises(DeploymentError, match="MalformedPolicyDocument"):
        make(target, deployment, "policy", deployment.name_of("policy"), PolicyDocument="{}")
    assert deployment.resources == []


def test_a_ledger_of_another_account_is_not_used(target: EmbeddedTarget, tmp_path: Path) -> None:
    facts = LedgerFacts(RUN, "stage", "d", "embedded", "123456789012", target.region, _MARKS.expires)
    with pytest.raises(UsageError, match="is of account 123456789012"):
        destroy_from(Ledger.begin(tmp_path, facts).path, target)


class _LosingAnswersTarget(EmbeddedTarget):
    """Makes roles without a word, and is too busy afterwards to say that they are there."""

    asked = 0

    def disturbance_of(self, answer: ApiResponse) -> Disturbance | None:
        return disturbance_of(answer)

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        if request.operation != "CreateRole":
            return super().send_as_operator(request)
        self.asked += 1
        if self.asked > 1:
            return ApiResponse(400, {}, "", "Throttling", "Rate exceeded")
        super().send_as_operator(request)
        return ApiResponse(0, {}, "", "ConnectionClosedError")


def test_what_a_lost_answer_may_have_made_is_recorded_whatever_the_next_is_refused_for() -> None:
    target = _LosingAnswersTarget()
    made = Deployment("by-hand", RUN, target.region, target.account, marks=_MARKS)
    trust = document(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    with stamina.set_testing(True, attempts=3), pytest.raises(DeploymentError, match="Throttling"):
        make(target, made, "role", made.name_of("role"), AssumeRolePolicyDocument=trust)
    assert [resource.name for resource in made.resources] == [made.name_of("role")]
    assert destroy(made, target, ()) == []
    assert not [key for key in inventory(target) if key[0] == "role"]
    target.close()
