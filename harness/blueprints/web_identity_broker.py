"""web-identity-broker: a bucket per project, and the application itself narrows the role that it assumes.

The article that describes the design rejects it, and rightly so: whoever may make the call may leave the session policy
out. The blueprint declares that leak; everything else about the design holds.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, ExpectedLeak, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import (
    add_statement,
    edit_session_policies,
    trust_the_account,
)
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.spec import (
    AppClientSpec,
    Blueprint,
    BucketSpec,
    IdentityPoolSpec,
    Place,
    RoleSpec,
    TenantKeys,
    UserPoolSpec,
    Weakness,
)
from harness.blueprints.web_identity_trusts import TRUST_WEAKNESSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Document

_BUCKET = "@{bucket.project-{tenant}.arn}"
_OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
_EVERY_BUCKET: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "EveryProject",
            "Effect": "Allow",
            "Action": [*_OBJECT_ACTIONS, "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"],
        },
    ],
}
# What the application passes: the buckets of the projects that the user belongs to.
_OWN_BUCKETS: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {"ForEach": "tenant", "Effect": "Allow", "Action": _OBJECT_ACTIONS, "Resource": f"{_BUCKET}/*"},
        {"ForEach": "tenant", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": _BUCKET},
    ],
}
_PERSONAS = (
    Persona("member", SignIn.WEB_IDENTITY, role="base", session_policy=_OWN_BUCKETS),
    Persona("consultant", SignIn.WEB_IDENTITY, role="base", session_policy=_OWN_BUCKETS, spans=2),
)
_REASONS = {
    "sts.session.web-identity-without-session-policy": "the call is the client's own and takes no signature, so nobody "
    "makes it pass the session policy (sts-web-identity-without-session-policy); article 003 rejects the design for it",
    "sts.session.web-identity-wider-policy": "the session policy is the client's own text, and the role behind it "
    "reaches every project (sts-web-identity-wider-policy)",
}
_CONTRACT = Contract(
    personas=_PERSONAS,
    grants=tuple(
        Grant(persona.name, "s3", effect, Reach.OWN) for persona in _PERSONAS for effect in (Effect.READ, Effect.WRITE)
    ),
    expected_leaks=tuple(
        ExpectedLeak(technique, reason, persona.name) for technique, reason in _REASONS.items() for persona in _PERSONAS
    ),
)


def _passing(edit: Callable[[Document], None]) -> Change:
    def edited(policy: Document) -> Document:
        edit(policy)
        return policy

    return lambda blueprint: edit_session_policies(blueprint, edited)


def _names_that_begin_alike(policy: Document) -> None:
    for statement in policy["Statement"]:
        statement["Resource"] = statement["Resource"].replace(_BUCKET, f"{_BUCKET}*")


def _list_every_bucket(policy: Document) -> None:
    policy["Statement"].append({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::*"})


def _read_every_bucket(policy: Document) -> None:
    policy["Statement"].append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"})


def _bucket_policies_name_the_session(blueprint: Blueprint) -> Blueprint:
    # Every session of the role has the same name, and what names a session no session policy narrows.
    policy: Document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Users",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:sts::@{account}:assumed-role/@{role.base.name}/isolation-harness"},
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": f"{_BUCKET}/*",
            }
        ],
    }
    return replace(blueprint, buckets=tuple(replace(bucket, policy=policy) for bucket in blueprint.buckets))


def _chaining(blueprint: Blueprint) -> Blueprint:
    onwards: Document = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}

    def allow_chaining(policy: Document) -> Document:
        policy["Statement"].append(deepcopy(onwards))
        return policy

    able = add_statement(trust_the_account(blueprint, "base"), ("base",), "every-bucket", {"Sid": "AnyRole", **onwards})
    return edit_session_policies(able, allow_chaining)


_WEAKNESSES = (
    Weakness(
        id="sts-session-policy-omitted-branch",
        title="the application passes no session policy at all",
        change=lambda blueprint: edit_session_policies(blueprint, lambda _: None),
        leaks=(
            "s3.read.get-object",
            "s3.read.head-object",
            "s3.read.copy-object",
            "s3.read.list-objects-foreign-prefix",
            "s3.write.put-object",
            "s3.write.copy-object-into",
            "s3.write.delete-object",
            "s3.write.delete-objects",
        ),
    ),
    Weakness(
        id="s3-bucket-name-suffix-match",
        title="the session policy ends in the project's name and a wildcard, so longer names match as well",
        change=_passing(_names_that_begin_alike),
        leaks=("s3.read.get-object", "s3.read.list-objects-foreign-prefix", "s3.write.put-object"),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="the session policy lets users list every bucket",
        change=_passing(_list_every_bucket),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    Weakness(
        id="s3-base-role-all-buckets",
        title="the session policy lets users read from every bucket, as the role behind it does",
        change=_passing(_read_every_bucket),
        leaks=("s3.read.get-object", "s3.read.head-object", "s3.read.copy-object"),
    ),
    Weakness(
        id="s3-bucket-policy-widens",
        title="the bucket policies name the session, which is called the same for everybody",
        change=_bucket_policies_name_the_session,
        leaks=("s3.read.get-object", "s3.write.put-object"),
    ),
    Weakness(
        id="sts-session-policy-allows-chaining",
        title="the session policy lets users assume the role again, without a session policy",
        change=_chaining,
        leaks=("sts.session.assume-member-role",),
    ),
    *TRUST_WEAKNESSES,
)

WEB_IDENTITY_BROKER = Blueprint(
    name="web-identity-broker",
    title="A bucket per project, a role that reaches all, and the client passes the session policy that confines it",
    source="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html",
    contract=_CONTRACT,
    places=(Place("s3", "project-{tenant}", ""),),
    tenant_keys=TenantKeys.NAME,
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec("web", identity_provider=True),
            AppClientSpec("back-office", identity_provider=False),
        ),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role=None, classic_flow=True),
    roles=(RoleSpec("base", trusting_own_pool(), {"every-bucket": _EVERY_BUCKET}),),
    buckets=(BucketSpec("project-{tenant}"),),
    weaknesses=_WEAKNESSES,
)
