"""tenant-tagged: an organisation's claim becomes a principal tag, and every key and path starts with it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, ExpectedLeak, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import (
    also,
    edit_roles,
    edit_route,
    edit_table,
    edit_user_pool,
    weaken,
)
from harness.blueprints.functions import source_of
from harness.blueprints.identity_trust import TRUSTING_LAMBDA, trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    ApiSpec,
    AppClientSpec,
    AttributeSpec,
    Blueprint,
    BucketSpec,
    FunctionSpec,
    IdentityPoolSpec,
    Misconfiguration,
    Place,
    RoleSpec,
    RouteAuthorizer,
    RouteSpec,
    TableSpec,
    TenantKeys,
    UserPoolSpec,
    Weakness,
)
from harness.blueprints.tenant_tagged_claims import CLAIM_WEAKNESSES
from harness.blueprints.tenant_tagged_sessions import SESSION_WEAKNESSES

if TYPE_CHECKING:
    from harness.blueprints.spec import Document

_ORG = "${aws:PrincipalTag/org}"
_TABLE = "@{table.items.arn}"
_BUCKET = "@{bucket.files.arn}"
_READ_ACTIONS = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:ConditionCheckItem",
]
_WRITE_ACTIONS = [
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
]


def _items(sid: str, actions: list[str], keys: str) -> Document:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": _TABLE,
        # Null keeps ForAllValues from being true of a request that has no key at all (aws-semantics 1.3).
        "Condition": {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    }


_PUBLIC = _items("PublicItems", _READ_ACTIONS, "PUBLIC#*")
_OWN = (
    _items("OwnItems", [*_READ_ACTIONS, *_WRITE_ACTIONS], f"{_ORG}#*"),
    {
        "Sid": "OwnObjects",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "Resource": f"{_BUCKET}/{_ORG}/*",
    },
    {
        "Sid": "OwnListing",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": _BUCKET,
        "Condition": {"StringLike": {"s3:prefix": [f"{_ORG}/*"]}},
    },
    {
        "Sid": "OwnRoutes",
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": f"@{{api.arn}}/*/GET/{_ORG}/*",
    },
)
_MEMBERS = ("founder", "colleague")
_CONTRACT = Contract(
    personas=(
        # Signs up, and so makes the organisation; its colleague is invited by an administrator.
        Persona(
            "founder",
            SignIn.IDENTITY_POOL,
            attributes={"custom:org": "{tenant}"},
            signs_up=True,
            role="member",
        ),
        Persona("colleague", SignIn.IDENTITY_POOL, attributes={"custom:org": "{tenant}"}, role="member"),
        Persona("guest", SignIn.GUEST, role="guest"),
    ),
    grants=(
        *(
            Grant(persona, plane, effect, Reach.OWN)
            for persona in _MEMBERS
            for plane in ("dynamodb", "s3")
            for effect in (Effect.READ, Effect.WRITE)
        ),
        *(Grant(persona, "execute-api", Effect.READ, Reach.OWN) for persona in _MEMBERS),
        *(Grant(persona, "dynamodb", Effect.READ, Reach.SHARED) for persona in (*_MEMBERS, "guest")),
    ),
    expected_leaks=(
        ExpectedLeak(
            technique="identity-pool.session.guest-linked-to-login",
            reason="whoever names a guest's identity beside a login of their own makes it theirs: that is how Cognito "
            "links logins (idp-guest-takeover-by-linking), so a guest's identity must never be what data hangs on",
        ),
        ExpectedLeak(
            technique="identity-pool.session.foreign-identity-without-token",
            victim_persona="guest",
            reason="a guest's identity id is itself the credential (idp-guest-identity-id-is-bearer); guests of this "
            "design own nothing, so it gives no more than what everybody may have",
        ),
    ),
)


_weaken = partial(weaken, ("member",), "organisation")
_also = partial(also, ("member",), "organisation")


def _without_delimiter(statement: Document) -> None:
    statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] = [f"{_ORG}*"]


def _scan_under_vacuous_condition(statement: Document) -> None:
    statement["Action"].append("dynamodb:Scan")
    del statement["Condition"]["Null"]


def _every_route(statement: Document) -> None:
    statement["Resource"] = "@{api.arn}/*/GET/*"


def _labels_decide(blueprint: Blueprint) -> Blueprint:
    own = {"StringEquals": {"s3:ExistingObjectTag/org": _ORG}}
    shared = _also(allow("Shared", "s3:GetObject", f"{_BUCKET}/*", own))(blueprint)
    return _also(allow("Labels", ["s3:GetObjectTagging", "s3:PutObjectTagging"], f"{_BUCKET}/*"))(shared)


def _writable(statement: Document) -> None:
    statement["Action"] += _WRITE_ACTIONS


def _table_opens_itself(blueprint: Blueprint) -> Blueprint:
    statement = allow("MembersRead", ["dynamodb:GetItem", "dynamodb:Query"], _TABLE)
    document = policy({**statement, "Principal": {"AWS": "@{role.member.arn}"}})
    return edit_table(blueprint, "items", lambda table: replace(table, policy=document))


def _never_set(blueprint: Blueprint) -> Blueprint:
    return edit_user_pool(blueprint, lambda pool: replace(pool, attributes=(AttributeSpec("org", mutable=False),)))


def _without_tag_session(blueprint: Blueprint) -> Blueprint:
    return edit_roles(blueprint, ("member",), lambda role: replace(role, trust=trusting_own_pool()))


_WEAKNESSES = (
    *CLAIM_WEAKNESSES,
    Weakness(
        id="ddb-stringlike-prefix-collision",
        title="the partition key only has to start with the organisation, with no delimiter behind it",
        change=_weaken("OwnItems", _without_delimiter),
        leaks=("dynamodb.write.forged-key-prefix",),
        leaks_between_names=(
            "dynamodb.read.get-item",
            "dynamodb.write.put-item",
        ),
    ),
    Weakness(
        id="ddb-scan-vacuous-forallvalues",
        title="Scan under ForAllValues without a Null check: a Scan has no leading key, so the condition is true",
        change=_weaken("OwnItems", _scan_under_vacuous_condition),
        leaks=("dynamodb.read.scan", "dynamodb.read.scan-segment"),
    ),
    Weakness(
        id="ddb-resource-policy-widens",
        title="the table's own policy lets the members' role read, whatever the key: that is enough in one account",
        change=_table_opens_itself,
        leaks=(
            "dynamodb.read.get-item",
            "dynamodb.read.query",
            "dynamodb.read.query-projected",
            "dynamodb.read.transact-get-items",
            "dynamodb.read.transact-get-mixed",
        ),
    ),
    Weakness(
        id="ddb-public-partition-writable",
        title="members may write to the public partition, which everybody reads",
        change=_weaken("PublicItems", _writable),
        leaks=(
            "dynamodb.write.put-item",
            "dynamodb.write.update-item",
            "dynamodb.write.delete-item",
            "dynamodb.write.batch-write-item",
            "dynamodb.write.transact-write-items",
        ),
    ),
    Weakness(
        id="api-path-tenant-vs-token-tenant",
        title="members may call every route of the API, whichever organisation its path names",
        change=_weaken("OwnRoutes", _every_route),
        leaks=("execute-api.read.foreign-route",),
    ),
    Weakness(
        id="api-path-tenant-vs-token-tenant/other-methods",
        title="only GET is bound to the organisation in the path, and the route takes any method",
        change=_also(allow("Forms", "execute-api:Invoke", "@{api.arn}/*/POST/*")),
        leaks=("execute-api.read.other-verb",),
    ),
    Weakness(
        id="api-route-without-authorizer",
        title="the route asks for no signature",
        change=lambda blueprint: edit_route(
            blueprint, "/{org}/notes/{proxy+}", lambda route: replace(route, authorizer=RouteAuthorizer.NONE)
        ),
        leaks=("execute-api.read.unsigned-route", "execute-api.read.foreign-route"),
    ),
    Weakness(
        id="s3-object-tag-self-assign",
        title="objects with the organisation's label may be read wherever they are, and anybody may label anything",
        change=_labels_decide,
        leaks=("s3.read.relabelled-object", "s3.read.get-object-tagging"),
    ),
    Weakness(
        id="s3-policy-variable-missing-in-resource",
        title="a statement without variables was added for jobs, whose sessions of this role have no organisation",
        change=_also(allow("Jobs", "s3:GetObject", f"{_BUCKET}/*")),
        leaks=("s3.read.get-object", "s3.read.head-object", "s3.read.copy-object"),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="ListBucket is granted without a condition on s3:prefix",
        change=_weaken("OwnListing", lambda statement: statement.pop("Condition")),
        leaks=(
            "s3.read.list-objects-foreign-prefix",
            "s3.read.list-objects-unprefixed",
            "s3.read.list-objects-empty-prefix",
        ),
    ),
    *SESSION_WEAKNESSES,
)

TENANT_TAGGED = Blueprint(
    name="tenant-tagged",
    title="The organisation's claim becomes a principal tag; keys and API paths start with it, one partition is public",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/attributes-for-access-control.html",
    contract=_CONTRACT,
    places=(
        Place("dynamodb", "items", "{tenant}#notes"),
        Place("s3", "files", "{tenant}"),
        Place("execute-api", "items", "{tenant}#notes", path="/{tenant}/notes/{name}"),
    ),
    shared=(Place("dynamodb", "items", "PUBLIC#news"),),
    tenant_keys=TenantKeys.ASSIGNED,
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec(
                "web",
                identity_provider=True,
                read_attributes=("email", "name", "custom:org"),
                write_attributes=("email", "name"),
            ),
            AppClientSpec("back-office", identity_provider=False, write_attributes=("email", "name")),
        ),
        attributes=(AttributeSpec("org", mutable=True),),
        triggers={"PostConfirmation": "new-organisation"},
        sign_up=True,
    ),
    identity_pool=IdentityPoolSpec(
        authenticated_role="member", unauthenticated_role="guest", principal_tags={"org": "custom:org"}
    ),
    roles=(
        RoleSpec("member", trusting_own_pool(tags=True), {"organisation": policy(_PUBLIC, *_OWN)}),
        RoleSpec("guest", trusting_own_pool("unauthenticated"), {"public": policy(_PUBLIC)}),
        RoleSpec(
            "organisation-function",
            TRUSTING_LAMBDA,
            {
                "claims": policy(
                    {
                        "Effect": "Allow",
                        "Action": "cognito-idp:AdminUpdateUserAttributes",
                        "Resource": "@{user_pool.arn}",
                    }
                )
            },
        ),
        RoleSpec(
            "notes-function",
            TRUSTING_LAMBDA,
            {"notes": policy({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": _TABLE})},
        ),
    ),
    tables=(TableSpec("items"),),
    buckets=(BucketSpec("files"),),
    functions=(
        FunctionSpec("new-organisation", source=source_of("new_organisation"), role="organisation-function"),
        FunctionSpec(
            "notes", source=source_of("notes"), role="notes-function", environment={"TABLE": "@{table.items.name}"}
        ),
    ),
    api=ApiSpec("notes", routes=(RouteSpec("ANY", "/{org}/notes/{proxy+}", RouteAuthorizer.IAM, "notes"),)),
    weaknesses=_WEAKNESSES,
    misconfigurations=(
        Misconfiguration(
            id="idp-trust-lacks-tagsession",
            title="the members' role does not allow sts:TagSession, so no exchange with tags succeeds",
            change=_without_tag_session,
            error_code="InvalidIdentityPoolConfigurationException",
        ),
        Misconfiguration(
            id="up-immutable-attr-never-set",
            title="the organisation's attribute is immutable, so the trigger cannot write what nobody has chosen",
            change=_never_set,
            error_code="UserLambdaValidationException",
            personas=("founder",),
        ),
    ),
)
