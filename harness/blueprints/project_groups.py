"""project-groups: a user-pool group and an IAM role for each project; who is in several projects switches roles.

The article rejects it because one role is one project: `harness/scaling.py` measures the switches and calls it takes to
list all of one's projects, and how many groups it would take to spare them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import (
    add_trust,
    also,
    edit_identity_pool,
    register_every_app_client,
    trust_the_account,
    weaken,
)
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import ACCOUNT, allow
from harness.blueprints.spec import (
    AppClientSpec,
    Blueprint,
    BucketSpec,
    GroupSpec,
    IdentityPoolSpec,
    Place,
    RoleSpec,
    TableSpec,
    TenantKeys,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Document

_ROLE = "project-{tenant}"
_BUCKET = "@{bucket.projects.arn}"
_TABLE = "@{table.tasks.arn}"
_PARTITION = "{tenant}-tasks"

_OWN_PROJECT: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ProjectObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"{_BUCKET}/{{tenant}}/*",
        },
        {
            "Sid": "ProjectListing",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": _BUCKET,
            "Condition": {"StringLike": {"s3:prefix": ["{tenant}/*"]}},
        },
        {
            "Sid": "ProjectTasks",
            "Effect": "Allow",
            "Action": [
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                "dynamodb:Query",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:ConditionCheckItem",
            ],
            "Resource": _TABLE,
            "Condition": {
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [_PARTITION]},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        },
    ],
}
_EVERY_PROJECT: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "EveryObject", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{_BUCKET}/*"},
        {"Sid": "EveryListing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": _BUCKET},
        {
            "Sid": "EveryTask",
            "Effect": "Allow",
            "Action": [
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:ConditionCheckItem",
            ],
            "Resource": _TABLE,
        },
    ],
}

_IN_PROJECTS = ("member", "switcher")
_CONTRACT = Contract(
    personas=(
        Persona("member", SignIn.IDENTITY_POOL, groups=(_ROLE,), role=_ROLE),
        # In two projects: a session is for one of them, which has to be asked for.
        Persona("switcher", SignIn.IDENTITY_POOL, groups=(_ROLE,), spans=2, role=_ROLE, custom_role=_ROLE),
        # Who is in two projects and asks for none, and who is in no project, gets no AWS credentials.
        Persona("undecided", SignIn.TOKENS, groups=(_ROLE,), spans=2),
        Persona("newcomer", SignIn.TOKENS),
        Persona("auditor", SignIn.IDENTITY_POOL, groups=("auditors",), staff=True, role="auditor"),
    ),
    grants=(
        *(
            Grant(persona, plane, effect, Reach.OWN)
            for persona in _IN_PROJECTS
            for plane in ("dynamodb", "s3")
            for effect in (Effect.READ, Effect.WRITE)
        ),
        Grant("auditor", "dynamodb", Effect.READ, Reach.ANY),
        Grant("auditor", "s3", Effect.READ, Reach.ANY),
    ),
)


_also = partial(also, (_ROLE,), "own-project")
_weaken = partial(weaken, (_ROLE,), "own-project")


def _keys_like(pattern: str) -> Change:
    condition = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [pattern]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    return _weaken("ProjectTasks", lambda statement: statement.update(Condition=condition))


def _roles_assumable(blueprint: Blueprint) -> Blueprint:
    switching = _also(allow("SwitchWithoutSigningIn", "sts:AssumeRole", "*"))
    return switching(trust_the_account(blueprint, _ROLE))


def _roles_by_external_id(blueprint: Blueprint) -> Blueprint:
    named: Document = {
        "Sid": "WhoeverKnowsTheName",
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "{tenant}"}},
    }
    return _also(allow("Integrations", "sts:AssumeRole", "*"))(add_trust(blueprint, _ROLE, named))


def _the_undecided_audit(blueprint: Blueprint) -> Blueprint:
    return edit_identity_pool(
        blueprint,
        lambda pool: replace(pool, ambiguous_role_resolution="AuthenticatedRole", authenticated_role="auditor"),
    )


_KEYED_READS = (
    "dynamodb.read.get-item",
    "dynamodb.read.query",
    "dynamodb.read.query-projected",
    "dynamodb.read.batch-get-item",
    "dynamodb.read.batch-get-mixed",
    "dynamodb.read.transact-get-items",
    "dynamodb.read.condition-check",
)
_KEYED_WRITES = (
    "dynamodb.write.put-item",
    "dynamodb.write.update-item",
    "dynamodb.write.delete-item",
    "dynamodb.write.batch-write-item",
    "dynamodb.write.batch-write-mixed",
    "dynamodb.write.transact-write-items",
)

_STATEMENTS = (
    "dynamodb.read.partiql-select",
    "dynamodb.read.partiql-select-all",
    "dynamodb.read.partiql-select-mixed",
    "dynamodb.read.partiql-batch",
    "dynamodb.read.partiql-transaction",
    "dynamodb.write.partiql-insert",
    "dynamodb.write.partiql-update",
    "dynamodb.write.partiql-delete",
)

_WEAKNESSES = (
    Weakness(
        id="idp-custom-role-arn-legit-role-switch",
        title="the roles of all projects share the table: none is bound to the keys of its own project",
        change=_weaken("ProjectTasks", lambda statement: statement.pop("Condition")),
        leaks=(*_KEYED_READS, *_KEYED_WRITES),
    ),
    Weakness(
        id="s3-group-role-loses-identity-scope",
        title="a project's role reaches every folder, so that nobody has to switch",
        change=_weaken("ProjectObjects", lambda statement: statement.update(Resource=f"{_BUCKET}/*")),
        leaks=(
            "s3.read.get-object",
            "s3.read.head-object",
            "s3.read.copy-object",
            "s3.write.put-object",
            "s3.write.copy-object-into",
            "s3.write.delete-object",
            "s3.write.delete-objects",
            "s3.write.forged-prefix-random",
        ),
    ),
    Weakness(
        id="s3-base-role-all-buckets",
        title="every role can read and list all buckets, as the article's base role can",
        change=_also(allow("AllBuckets", ["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::*", "arn:aws:s3:::*/*"])),
        leaks=(
            "s3.read.get-object",
            "s3.read.list-objects-foreign-prefix",
            "s3.read.list-objects-unprefixed",
            "s3.read.copy-object",
        ),
    ),
    Weakness(
        id="s3-bucket-policy-widens",
        title="users administer the bucket that they share, so that they can rewrite its policy",
        change=_also(allow("Administration", "s3:PutBucketPolicy", _BUCKET)),
        leaks=("s3.read.rewritten-bucket-policy",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="a project's folder ends without a slash, so the project whose name begins like it is open as well",
        change=_weaken("ProjectObjects", lambda statement: statement.update(Resource=f"{_BUCKET}/{{tenant}}*")),
        leaks=("s3.read.get-object", "s3.write.put-object", "s3.write.forged-prefix-collision"),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="listing is granted without a condition on s3:prefix",
        change=_weaken("ProjectListing", lambda statement: statement.pop("Condition")),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    Weakness(
        id="ddb-stringlike-prefix-collision",
        title="a project's keys are all that begin with its name, and other projects' names do",
        change=_keys_like("{tenant}*"),
        leaks=("dynamodb.read.get-item", "dynamodb.write.put-item", "dynamodb.write.forged-key-prefix"),
        leaks_between_names=(
            "dynamodb.read.get-item",
            "dynamodb.write.put-item",
        ),
    ),
    Weakness(
        id="ddb-delimiter-injection-tenant-id",
        title="the delimiter of the keys may stand in the name of a project as well",
        change=_keys_like("{tenant}-*"),
        leaks=("dynamodb.read.get-item", "dynamodb.write.put-item"),
        leaks_between_names=(
            "dynamodb.read.get-item",
            "dynamodb.write.put-item",
        ),
    ),
    Weakness(
        id="ddb-partition-key-type-or-encoding-forgery",
        title="keys only have to end in the project's, because some clients pad them",
        change=_keys_like(f"*{_PARTITION}"),
        leaks=("dynamodb.write.forged-key-padded",),
    ),
    Weakness(
        id="ddb-partiql-not-covered",
        title="PartiQL is allowed on the whole table, for a console in which people write statements",
        change=_also(allow("Statements", "dynamodb:PartiQL*", _TABLE)),
        leaks=_STATEMENTS,
    ),
    Weakness(
        id="ddb-partiql-not-covered/in-transactions",
        title="SELECT is allowed on the whole table where it is part of a transaction",
        change=_also(
            allow(
                "Statements",
                "dynamodb:PartiQLSelect",
                _TABLE,
                {"StringEquals": {"dynamodb:EnclosingOperation": "ExecuteTransaction"}},
            )
        ),
        leaks=("dynamodb.read.partiql-transaction",),
    ),
    Weakness(
        id="ddb-partiql-not-covered/without-null-check",
        title="SELECT is allowed under ForAllValues without a Null check: a SELECT without key has no leading key",
        change=_also(
            allow(
                "Statements",
                "dynamodb:PartiQLSelect",
                _TABLE,
                {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [_PARTITION]}},
            )
        ),
        leaks=("dynamodb.read.partiql-select-all",),
    ),
    Weakness(
        id="ddb-partiql-not-covered/any-key",
        title="SELECT is allowed under ForAnyValue: one own key carries any number of foreign ones",
        change=_also(
            allow(
                "Statements",
                "dynamodb:PartiQLSelect",
                _TABLE,
                {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": [_PARTITION]}},
            )
        ),
        leaks=("dynamodb.read.partiql-select-mixed",),
    ),
    Weakness(
        id="idp-ambiguous-role-authenticated",
        title="who is in several projects and asks for none, or in no project, gets the auditors' role",
        change=_the_undecided_audit,
        leaks=("identity-pool.session.role-without-group",),
    ),
    Weakness(
        id="sts-base-role-trust-account-root",
        title="the roles of projects trust the whole account, and may call sts:AssumeRole",
        change=_roles_assumable,
        leaks=("sts.session.assume-member-role", "sts.session.assume-role-of-another"),
    ),
    Weakness(
        id="sts-external-id-as-secret",
        title="the roles of projects trust whoever in the account gives the project's name as external id",
        change=_roles_by_external_id,
        leaks=("sts.session.external-id-guessed",),
    ),
    Weakness(
        id="x-second-app-client-or-environment",
        title="the back-office app client is registered as an identity provider too",
        change=register_every_app_client,
        leaks=("token.session.other-app-client",),
    ),
)

PROJECT_GROUPS = Blueprint(
    name="project-groups",
    title="Each project is a user-pool group with a role of its own; users of several projects switch roles",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html",
    contract=_CONTRACT,
    places=(Place("dynamodb", "tasks", _PARTITION), Place("s3", "projects", "{tenant}")),
    tenant_keys=TenantKeys.NAME,
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec("web", identity_provider=True),
            AppClientSpec("back-office", identity_provider=False),
        ),
        groups=(
            # The same precedence for all projects: no project of a user comes before another.
            GroupSpec(_ROLE, role=_ROLE, precedence=10),
            GroupSpec("auditors", role="auditor", precedence=1),
        ),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role=None, role_mapping="Token", ambiguous_role_resolution="Deny"),
    roles=(
        RoleSpec(_ROLE, trusting_own_pool(), {"own-project": _OWN_PROJECT}),
        RoleSpec("auditor", trusting_own_pool(), {"every-project": _EVERY_PROJECT}),
    ),
    tables=(TableSpec("tasks"),),
    buckets=(BucketSpec("projects"),),
    weaknesses=_WEAKNESSES,
)
