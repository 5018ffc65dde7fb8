"""order-book: everybody sees which orders are open and may leave an offer, and reads only orders of its own.

The condition keys dynamodb:Attributes, Select and ReturnValues limit what is seen and written of what is not one's own.
An index for owners is held against the caller like the table; in the index of what is open, all stand together.
"""

from __future__ import annotations

from functools import partial

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import also, weaken
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    AppClientSpec,
    Blueprint,
    Document,
    GroupSpec,
    IdentityPoolSpec,
    IndexSpec,
    Place,
    RoleSpec,
    TableSpec,
    UserPoolSpec,
    Weakness,
)

_SUB = "${cognito-identity.amazonaws.com:sub}"
_TABLE = "@{table.orders.arn}"
_BY_OWNER, _BY_STATUS = f"{_TABLE}/index/by-owner", f"{_TABLE}/index/by-status"
_READ_ACTIONS = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"]
# Null keeps ForAllValues from being true of a request that has no key, or names no attribute, at all.
_OWN_KEYS = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [_SUB]}, "Null": {"dynamodb:LeadingKeys": "false"}}


def _own_keys_and(*attributes: str) -> Document:
    return {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [_SUB], "dynamodb:Attributes": list(attributes)},
        "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
    }


def _only(*attributes: str) -> Document:
    return {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": list(attributes)},
        "Null": {"dynamodb:Attributes": "false"},
    }


_MEMBER = policy(
    allow("OwnOrders", _READ_ACTIONS, [_TABLE, _BY_OWNER], _OWN_KEYS),
    allow("OwnContent", "dynamodb:UpdateItem", _TABLE, _own_keys_and("PK", "SK", "canary")),
    allow(
        "OpenOrders",
        "dynamodb:Query",
        _BY_STATUS,
        {**_only("PK", "SK", "status"), "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}},
    ),
    allow(
        "Offers",
        "dynamodb:UpdateItem",
        _TABLE,
        {
            **_only("PK", "SK", "offer"),
            "StringEquals": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
        },
    ),
)
_SUPPORT = policy(
    allow("EveryOrder", [*_READ_ACTIONS, "dynamodb:Scan"], [_TABLE, f"{_TABLE}/index/*"]),
)

_also = partial(also, ("member",), "orders")
_weaken = partial(weaken, ("member",), "orders")


def _without(operator: str, key: str, statement: Document) -> None:
    del statement["Condition"][operator][key]
    if not statement["Condition"][operator]:
        del statement["Condition"][operator]


def _any_attribute(statement: Document) -> None:
    _without("ForAllValues:StringEquals", "dynamodb:Attributes", statement)


_WEAKNESSES = (
    Weakness(
        id="ddb-gsi-resource-without-condition",
        title="the indexes are granted in a statement of their own, without any condition",
        change=_also(
            allow(
                "Indexes",
                ["dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect"],
                f"{_TABLE}/index/*",
            )
        ),
        leaks=(
            "dynamodb.read.query-index",
            "dynamodb.read.query-common-index",
            "dynamodb.read.scan-index",
            "dynamodb.read.partiql-index",
        ),
    ),
    Weakness(
        id="ddb-gsi-leading-key-differs",
        title="the index of open orders has another key than the table, so its condition was dropped",
        change=_weaken("OpenOrders", lambda statement: statement.pop("Condition")),
        leaks=("dynamodb.read.query-common-index",),
    ),
    Weakness(
        id="ddb-attributes-without-select",
        title="queries of open orders may name only some attributes, and get them all by naming none",
        change=_weaken("OpenOrders", lambda statement: statement["Condition"].pop("StringEquals")),
        leaks=("dynamodb.read.query-common-index",),
    ),
    Weakness(
        id="ddb-lsi-and-projection-leak",
        title="what the index holds may be queried as a whole, in the belief that it holds little",
        change=_also(
            allow(
                "WholeIndex",
                "dynamodb:Query",
                _BY_STATUS,
                {"StringEquals": {"dynamodb:Select": "ALL_PROJECTED_ATTRIBUTES"}},
            )
        ),
        leaks=("dynamodb.read.query-common-index",),
    ),
    Weakness(
        id="ddb-gsi-key-forgery-on-write",
        title="owners may write every attribute of their orders, the key of the index too",
        change=_weaken("OwnContent", _any_attribute),
        leaks=("dynamodb.write.forged-index-key",),
    ),
    Weakness(
        id="ddb-tenant-attribute-forged-in-item",
        title="the attribute that says whose an order is counts as one that clients fill in",
        change=_weaken("OwnContent", lambda statement: _may_name(statement, "owner")),
        leaks=("dynamodb.write.forged-index-key",),
    ),
    Weakness(
        id="ddb-put-overwrites-hidden-attributes",
        title="owners may put their orders anew, which takes away what only the backend may write",
        change=_also(
            allow("NewContent", "dynamodb:PutItem", _TABLE, _own_keys_and("PK", "SK", "canary")),
        ),
        leaks=("dynamodb.write.forged-attributes",),
    ),
    Weakness(
        id="ddb-returnvalues-exfiltration",
        title="whoever leaves an offer may have the whole order returned for it",
        change=_weaken("Offers", lambda statement: statement["Condition"].pop("StringEquals")),
        leaks=("dynamodb.read.return-values",),
    ),
    Weakness(
        id="ddb-condition-expression-oracle",
        title="an offer may depend on the content of the order, so that it answers questions about it",
        change=_weaken("Offers", lambda statement: _may_name(statement, "canary")),
        leaks=("dynamodb.read.update-condition",),
    ),
    Weakness(
        id="ddb-table-arn-wildcard",
        title="the grant on own orders is for every table, the application's settings included",
        change=_weaken(
            "OwnContent", lambda statement: statement.update(Resource="arn:aws:dynamodb:@{region}:@{account}:table/*")
        ),
        leaks=("dynamodb.write.forged-key-elsewhere",),
    ),
)


def _may_name(statement: Document, attribute: str) -> None:
    statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"].append(attribute)


ORDER_BOOK = Blueprint(
    name="order-book",
    title="Orders of all tenants in one table with indexes: open ones are seen and offered for, the own ones read",
    source=(
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"
        "#FGAC_DDB.ConditionKeys"
    ),
    contract=Contract(
        personas=(
            Persona("member", SignIn.IDENTITY_POOL, role="member"),
            Persona("support", SignIn.IDENTITY_POOL, groups=("support",), staff=True, role="support"),
        ),
        grants=(
            Grant("member", "dynamodb", Effect.READ, Reach.OWN),
            Grant("support", "dynamodb", Effect.READ, Reach.ANY),
        ),
    ),
    places=(Place("dynamodb", "orders", "{identity_id}", attributes={"owner": "{identity_id}", "status": "open"}),),
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec("web", identity_provider=True),
            AppClientSpec("back-office", identity_provider=False),
        ),
        groups=(GroupSpec("support", role="support", precedence=1),),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role="member", role_mapping="Token"),
    roles=(
        RoleSpec("member", trusting_own_pool(), {"orders": _MEMBER}),
        RoleSpec("support", trusting_own_pool(), {"orders": _SUPPORT}),
    ),
    tables=(
        TableSpec("orders", indexes=(IndexSpec("by-owner", "owner"), IndexSpec("by-status", "status"))),
        TableSpec("settings"),
    ),
    weaknesses=_WEAKNESSES,
)
