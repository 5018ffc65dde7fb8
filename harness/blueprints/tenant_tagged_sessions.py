"""Weaknesses of tenant-tagged in how sessions come by their tags, and in who may change that."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.edit import (
    add_statement,
    add_trust,
    also,
    edit_function,
    edit_identity_pool,
    edit_persona,
    edit_roles,
    edit_statement,
    trust_the_account,
)
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import ACCOUNT, IDENTITY_POOL, allow
from harness.blueprints.spec import Weakness

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint, Document

_ROLES, _POLICY = ("member",), "organisation"
_TABLE = "@{table.items.arn}"
_BUCKET = "@{bucket.files.arn}"
_ROLE = "@{role.member.arn}"
_also = partial(also, _ROLES, _POLICY)


def _tag_from_name(blueprint: Blueprint) -> Blueprint:
    """Take the tag from an attribute that the application fills with the organisation, and users may write."""
    filling = edit_function(
        blueprint,
        "new-organisation",
        (
            '[{"Name": "custom:org", "Value": str(uuid.uuid4())}]',
            '[{"Name": name, "Value": org} for org in [str(uuid.uuid4())] for name in ("custom:org", "name")]',
        ),
    )
    invited = edit_persona(
        filling, "colleague", lambda persona: replace(persona, attributes={**persona.attributes, "name": "{tenant}"})
    )
    return edit_identity_pool(invited, lambda pool: replace(pool, principal_tags={"org": "name"}))


def _open_to(blueprint: Blueprint, condition: Document) -> Blueprint:
    """Open what belongs to organisations to every session that meets the condition."""
    opened: dict[str, Document] = {
        "OwnItems": {},
        "OwnObjects": {"Resource": f"{_BUCKET}/*"},
        "OwnListing": {},
        "OwnRoutes": {"Resource": "@{api.arn}/*/GET/*"},
    }
    for sid, change in opened.items():
        edit = partial(_updated, {**change, "Condition": condition})
        blueprint = edit_statement(blueprint, _ROLES, _POLICY, sid, edit)
    return blueprint


def _updated(change: Document, statement: Document) -> None:
    statement.update(change)


def _tags_by_default(blueprint: Blueprint) -> Blueprint:
    mapped = edit_identity_pool(blueprint, lambda pool: replace(pool, principal_tags={}, default_tags=True))
    return _open_to(mapped, {"StringEquals": {"aws:PrincipalTag/client": "@{client.web.id}"}})


def _tags_dropped(blueprint: Blueprint) -> Blueprint:
    untagged = edit_identity_pool(blueprint, lambda pool: replace(pool, principal_tags={}))
    trusting = edit_roles(untagged, _ROLES, lambda role: replace(role, trust=trusting_own_pool()))
    return _open_to(trusting, {})


def _tags_chosen(blueprint: Blueprint) -> Blueprint:
    tagging = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Sid": "WholeAccount", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": tagging}
    return _also(allow("SwitchOrganisation", tagging, _ROLE))(add_trust(blueprint, "member", trust))


def _tags_left_behind(blueprint: Blueprint) -> Blueprint:
    untagged: Document = {"Null": {"aws:PrincipalTag/org": "true"}}
    reading = allow("BackOffice", ["dynamodb:GetItem", "s3:GetObject"], [_TABLE, f"{_BUCKET}/*"], untagged)
    assumable = _also(allow("OwnRole", "sts:AssumeRole", _ROLE))(trust_the_account(blueprint, "member"))
    return _also(reading)(assumable)


def _guests_unscoped(blueprint: Blueprint) -> Blueprint:
    open_role = add_statement(blueprint, ("guest",), "public", allow("Inventory", "iam:ListRoles", "*"))
    return edit_identity_pool(open_role, lambda pool: replace(pool, classic_flow=True))


_ANY_ORGANISATION = ("dynamodb.read.get-item", "s3.read.get-object", "execute-api.read.foreign-route")
SESSION_WEAKNESSES = (
    Weakness(
        id="idp-principal-tag-from-mutable-claim",
        title="the tag comes from the user's name, which the application fills with the organisation",
        change=_tag_from_name,
        leaks=("user-pool.session.tag-by-open-attribute",),
    ),
    Weakness(
        id="idp-default-tag-mapping",
        title="the identity pool gives the tags client and username alone, and the policy goes by the client",
        change=_tags_by_default,
        leaks=_ANY_ORGANISATION,
    ),
    Weakness(
        id="idp-trust-lacks-tagsession",
        title="as the role does not allow sts:TagSession, tags were given up and the policy widened",
        change=_tags_dropped,
        leaks=_ANY_ORGANISATION,
    ),
    Weakness(
        id="sts-session-tag-caller-chosen",
        title="members may assume their role with tags of their own choice",
        change=_tags_chosen,
        leaks=("sts.session.tag-chosen", "sts.session.assume-member-role"),
    ),
    Weakness(
        id="sts-transitive-tags-not-set",
        title="sessions without a tag count as the back office's, and chaining leaves the tag behind",
        change=_tags_left_behind,
        leaks=("sts.session.chained-without-tags",),
    ),
    Weakness(
        id="idp-classic-flow-skips-guest-scope-down",
        title="guests' role allows what Cognito does not leave to guests, and the classic flow is allowed",
        change=_guests_unscoped,
        leaks=("identity-pool.session.guest-sheds-scope-down", "identity-pool.session.classic-flow"),
    ),
    Weakness(
        id="idp-administration-wildcard",
        title="members may administer the identity pool that gives them their tags",
        change=_also(allow("Identities", "cognito-identity:*", [IDENTITY_POOL, "*"])),
        leaks=(
            "identity-pool.session.tags-mapped",
            "identity-pool.session.provider-added",
            "identity-pool.session.guest-found-by-listing",
            "identity-pool.session.identities-deleted",
        ),
    ),
)
