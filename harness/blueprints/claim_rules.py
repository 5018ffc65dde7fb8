"""claim-rules: rules of the identity pool map a claim to a role, one of each organisation and one of the auditors.

A provider of an identity pool takes 25 rules, so that the design ends at 24 organisations.
"""

from __future__ import annotations

from dataclasses import replace

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import edit_app_client, edit_identity_pool
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    AppClientSpec,
    AttributeSpec,
    Blueprint,
    IdentityPoolSpec,
    Place,
    RoleRule,
    RoleSpec,
    TableSpec,
    TenantKeys,
    UserPoolSpec,
    Weakness,
)

_TABLE = "@{table.ledger.arn}"
_READ_ACTIONS = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"]
_WRITE_ACTIONS = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"]
_ORGANISATION, _JOB = "custom:org", "custom:job"
_ROLE = "org-{tenant}"
_OPEN = ("email", "name")

_CONTRACT = Contract(
    personas=(
        Persona("member", SignIn.IDENTITY_POOL, attributes={_ORGANISATION: "{tenant}"}, role=_ROLE),
        # Asked to join and is not let in yet; and somebody who has no organisation at all.
        Persona("applicant", SignIn.TOKENS, attributes={_ORGANISATION: "applicant-{tenant}"}),
        Persona("newcomer", SignIn.TOKENS),
        Persona("auditor", SignIn.IDENTITY_POOL, attributes={_JOB: "auditor"}, staff=True, role="auditor"),
    ),
    grants=(
        Grant("member", "dynamodb", Effect.READ, Reach.OWN),
        Grant("member", "dynamodb", Effect.WRITE, Reach.OWN),
        Grant("auditor", "dynamodb", Effect.READ, Reach.ANY),
    ),
)


def _claim_is_writable(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, write_attributes=(*_OPEN, _ORGANISATION)))


def _departments_included(blueprint: Blueprint) -> Blueprint:
    """Let whoever has the name of an organisation in the claim have its role, behind the rules for the name itself."""
    containing = RoleRule(_ORGANISATION, "Contains", "{tenant}", _ROLE)
    return edit_identity_pool(blueprint, lambda pool: replace(pool, rules=(*pool.rules, containing)))


def _auditing_by_default(blueprint: Blueprint) -> Blueprint:
    """Keep everybody but auditors out by a rule about the claim, and make the auditors' role that of the rest."""
    guard = RoleRule(_JOB, "NotEqual", "auditor", "powerless")
    guarded = edit_identity_pool(
        blueprint,
        lambda pool: replace(
            pool,
            rules=(*pool.rules, guard),
            ambiguous_role_resolution="AuthenticatedRole",
            authenticated_role="auditor",
        ),
    )
    return replace(guarded, roles=(*guarded.roles, RoleSpec("powerless", trusting_own_pool())))


_WEAKNESSES = (
    Weakness(
        id="idp-rule-mapping-mutable-claim",
        title="the app client may write the claim that the rules go by",
        change=_claim_is_writable,
        leaks=("user-pool.session.rewrite-tenant-claim",),
    ),
    Weakness(
        id="idp-rule-mapping-contains-startswith",
        title="a rule gives an organisation's role to whoever has its name anywhere in the claim",
        change=_departments_included,
        leaks=("identity-pool.session.role-without-group",),
    ),
    Weakness(
        id="idp-rule-mapping-notequal",
        title="a NotEqual rule keeps others from the auditors' role, and is skipped for whoever has no such claim",
        change=_auditing_by_default,
        leaks=("identity-pool.session.role-without-group",),
    ),
)

CLAIM_RULES = Blueprint(
    name="claim-rules",
    title="Rules of the identity pool map the organisation's claim to a role of its own; nobody else gets any",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html",
    contract=_CONTRACT,
    places=(Place("dynamodb", "ledger", "{tenant}#entries"),),
    tenant_keys=TenantKeys.NAME,
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec(
                "web",
                identity_provider=True,
                read_attributes=(*_OPEN, _ORGANISATION, _JOB),
                write_attributes=_OPEN,
            ),
            AppClientSpec("back-office", identity_provider=False, write_attributes=_OPEN),
        ),
        attributes=(AttributeSpec("org"), AttributeSpec("job")),
    ),
    identity_pool=IdentityPoolSpec(
        authenticated_role=None,
        role_mapping="Rules",
        rules=(
            RoleRule(_JOB, "Equals", "auditor", "auditor"),
            RoleRule(_ORGANISATION, "Equals", "{tenant}", _ROLE),
        ),
        ambiguous_role_resolution="Deny",
    ),
    roles=(
        RoleSpec(
            _ROLE,
            trusting_own_pool(),
            {
                "own-entries": policy(
                    allow(
                        "OwnEntries",
                        [*_READ_ACTIONS, *_WRITE_ACTIONS],
                        _TABLE,
                        {
                            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["{tenant}#*"]},
                            "Null": {"dynamodb:LeadingKeys": "false"},
                        },
                    )
                )
            },
        ),
        RoleSpec(
            "auditor",
            trusting_own_pool(),
            {"all-entries": policy(allow("AllEntries", [*_READ_ACTIONS, "dynamodb:Scan"], _TABLE))},
        ),
    ),
    tables=(TableSpec("ledger"),),
    weaknesses=_WEAKNESSES,
)
