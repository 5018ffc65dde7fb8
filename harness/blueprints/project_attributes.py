"""project-attributes: one claim for each project, mapped to a principal tag, and one policy that names every project.

The article rejects it because that policy has a limit: `harness/scaling.py` measures how many projects fit.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import add_bucket_statements, also, edit_app_client, trust_the_account, weaken
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import allow
from harness.blueprints.spec import (
    AppClientSpec,
    AttributeSpec,
    Blueprint,
    BucketSpec,
    IdentityPoolSpec,
    Place,
    RoleSpec,
    TenantKeys,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Document

_STORE = "project-{tenant}"
_BUCKET = "@{bucket.project-{tenant}.arn}"
# The names of attributes have 20 characters at most, so the prefix is short.
_ATTRIBUTE = "p_{tenant}"
_CLAIM = f"custom:{_ATTRIBUTE}"
_IN_THE_PROJECT: Document = {"StringEquals": {f"aws:PrincipalTag/{_ATTRIBUTE}": "true"}}
_OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]

_POLICY: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Project",
            "ForEach": "tenant",
            "Effect": "Allow",
            "Action": [*_OBJECT_ACTIONS, "s3:ListBucket"],
            "Resource": [_BUCKET, f"{_BUCKET}/*"],
            "Condition": _IN_THE_PROJECT,
        },
        {
            "Sid": "Handbook",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["@{bucket.handbook.arn}", "@{bucket.handbook.arn}/*"],
        },
    ],
}

_IN_PROJECTS = ("member", "consultant")
_CONTRACT = Contract(
    personas=(
        Persona("member", SignIn.IDENTITY_POOL, attributes={_CLAIM: "true"}, role="member"),
        # In two projects, which one session reaches.
        Persona("consultant", SignIn.IDENTITY_POOL, attributes={_CLAIM: "true"}, spans=2, role="member"),
        # In no project: a session without any tag.
        Persona("newcomer", SignIn.IDENTITY_POOL, role="member"),
    ),
    grants=(
        *(
            Grant(persona, "s3", effect, Reach.OWN)
            for persona in _IN_PROJECTS
            for effect in (Effect.READ, Effect.WRITE)
        ),
        *(Grant(persona, "s3", Effect.READ, Reach.SHARED) for persona in (*_IN_PROJECTS, "newcomer")),
    ),
)


_also = partial(also, ("member",), "projects")
_weaken = partial(weaken, ("member",), "projects", "Project")


def _may_write(name: str, attributes: tuple[str, ...] | None) -> Change:
    return lambda blueprint: edit_app_client(
        blueprint, name, lambda client: replace(client, write_attributes=attributes)
    )


def _colleagues_may_read(blueprint: Blueprint) -> Blueprint:
    statement: Document = {
        "Sid": "Colleagues",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "s3:GetObject",
        "Resource": f"{_BUCKET}/*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "@{account}"}},
    }
    return add_bucket_statements(blueprint, _STORE, statement)


def _role_assumable(blueprint: Blueprint) -> Blueprint:
    return _also(allow("OwnRole", "sts:AssumeRole", "@{role.member.arn}"))(trust_the_account(blueprint, "member"))


_READS = ("s3.read.get-object", "s3.read.head-object", "s3.read.copy-object")
_WRITES = ("s3.write.put-object", "s3.write.copy-object-into", "s3.write.delete-object", "s3.write.delete-objects")
_LISTINGS = ("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed")
_REWRITE = "user-pool.session.rewrite-tenant-claim"
_WRITABLE = ("email", "name")

_WEAKNESSES = (
    Weakness(
        id="up-tenant-attr-client-writable",
        title="the attributes of projects are among those that users may write through the app client",
        change=_may_write("web", (*_WRITABLE, _CLAIM)),
        leaks=(_REWRITE,),
    ),
    Weakness(
        id="up-empty-writeattributes-default",
        title="the app client does not say what users may write, so they may write everything mutable",
        change=_may_write("web", None),
        leaks=(_REWRITE,),
    ),
    Weakness(
        id="x-second-app-client-or-environment",
        title="an older app client of the same pool lets users write everything mutable",
        change=_may_write("back-office", None),
        leaks=("user-pool.session.rewrite-claim-elsewhere",),
    ),
    Weakness(
        id="idp-missing-claim-fail-open",
        title="a session without a project's tag passes the condition on it",
        change=_weaken(
            lambda statement: statement.update(
                Condition={"StringEqualsIfExists": {f"aws:PrincipalTag/{_ATTRIBUTE}": "true"}}
            )
        ),
        leaks=(*_READS, *_WRITES, *_LISTINGS),
    ),
    Weakness(
        id="s3-bucket-name-suffix-match",
        title="the statement of a project names its bucket by a pattern that the buckets of all projects match",
        change=_weaken(
            lambda statement: statement.update(Resource=["arn:aws:s3:::*-project-*", "arn:aws:s3:::*-project-*/*"])
        ),
        leaks=(*_READS, *_WRITES, *_LISTINGS),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="s3-base-role-all-buckets",
        title="the role can read all buckets, as the article's base role can",
        change=_also(allow("AllBuckets", "s3:GetObject", "arn:aws:s3:::*/*")),
        leaks=_READS,
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="every bucket can be listed, so that the application can show what projects there are",
        change=_also(allow("AllListings", "s3:ListBucket", "arn:aws:s3:::*")),
        leaks=_LISTINGS,
    ),
    Weakness(
        id="x-resource-policy-union",
        title="the role is sound, and the bucket policy of each project lets the whole account read",
        change=_colleagues_may_read,
        leaks=_READS,
    ),
    Weakness(
        id="sts-session-policy-allows-chaining",
        title="users may assume their own role directly, outside the identity pool",
        change=_role_assumable,
        leaks=("sts.session.assume-member-role",),
    ),
)

PROJECT_ATTRIBUTES = Blueprint(
    name="project-attributes",
    title="A claim for each project becomes a principal tag; one policy has a statement for every project",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/using-afac-with-cognito-identity-pools.html",
    contract=_CONTRACT,
    places=(Place("s3", _STORE, ""),),
    shared=(Place("s3", "handbook", "welcome"),),
    tenant_keys=TenantKeys.NAME,
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec(
                "web",
                identity_provider=True,
                read_attributes=("email", "email_verified", "name", _CLAIM),
                write_attributes=_WRITABLE,
            ),
            AppClientSpec("back-office", identity_provider=False, write_attributes=_WRITABLE),
        ),
        attributes=(AttributeSpec(_ATTRIBUTE),),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role="member", principal_tags={_ATTRIBUTE: _CLAIM}),
    roles=(RoleSpec("member", trusting_own_pool(tags=True), {"projects": _POLICY}),),
    buckets=(BucketSpec(_STORE), BucketSpec("handbook")),
    weaknesses=_WEAKNESSES,
)
