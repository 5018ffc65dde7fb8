"""Weaknesses of web-identity-broker in who may assume the role, under what name, and in what was to confine it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.edit import edit_identity_pool, edit_roles, edit_session_policies
from harness.blueprints.identity_trust import COGNITO, trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import RoleSpec, Weakness

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Blueprint, Document

_AUDIENCE, _METHODS = f"{COGNITO}:aud", f"{COGNITO}:amr"
_BUCKET = "@{bucket.project-{tenant}.arn}"
_OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
_ANY_PROJECT = ("s3.read.get-object", "s3.read.head-object", "s3.write.put-object", "s3.write.delete-object")


def _trusting(condition: Document) -> Change:
    """Return the change that replaces the conditions of the role's trust."""
    trust = trusting_own_pool()
    trust["Statement"][0]["Condition"] = condition
    return lambda blueprint: edit_roles(blueprint, ("base",), lambda role: replace(role, trust=trust))


def _with_guests(blueprint: Blueprint) -> Blueprint:
    guests = replace(blueprint, roles=(*blueprint.roles, RoleSpec("guest", trusting_own_pool("unauthenticated"))))
    return edit_identity_pool(guests, lambda pool: replace(pool, unauthenticated_role="guest"))


def _guests_trusted(condition: Document) -> Change:
    return lambda blueprint: _trusting(condition)(_with_guests(blueprint))


def _buckets_name_sessions(blueprint: Blueprint) -> Blueprint:
    """Let each bucket be used by the session that is called like the project; no session policy narrows that."""
    session = "arn:aws:sts::@{account}:assumed-role/@{role.base.name}/{tenant}"
    named: Document = {**allow("Project", ["s3:GetObject"], f"{_BUCKET}/*"), "Principal": {"AWS": session}}
    return replace(blueprint, buckets=tuple(replace(each, policy=policy(named)) for each in blueprint.buckets))


def _confined_by_a_boundary(blueprint: Blueprint) -> Blueprint:
    buckets = ["arn:aws:s3:::*project-*", "arn:aws:s3:::*project-*/*"]
    everything = policy(allow("Storage", [*_OBJECT_ACTIONS, "s3:ListBucket"], buckets))
    unconfined = edit_session_policies(blueprint, lambda _: policy(allow("Everything", "s3:*", "*")))
    return edit_roles(unconfined, ("base",), lambda role: replace(role, boundary=everything))


TRUST_WEAKNESSES = (
    Weakness(
        id="sts-trust-aud-stringlike-wildcard",
        title="the role trusts every identity pool of the Region",
        change=_trusting(
            {"StringLike": {_AUDIENCE: "@{region}:*"}, "ForAnyValue:StringLike": {_METHODS: "authenticated"}}
        ),
        leaks=("sts.session.web-identity-of-another-pool",),
    ),
    Weakness(
        id="sts-trust-without-aud",
        title="the role asks that somebody signed in, and not at which identity pool",
        change=_trusting({"ForAnyValue:StringLike": {_METHODS: "authenticated"}}),
        leaks=("sts.session.web-identity-of-another-pool",),
    ),
    Weakness(
        id="sts-trust-user-pool-id-in-aud",
        title="the trust names the user pool's audience, which no token of identity pools has, so ForAllValues is true",
        change=_trusting(
            {
                "ForAllValues:StringEquals": {"@{user_pool.provider}:aud": ["@{client.web.id}"]},
                "ForAnyValue:StringLike": {_METHODS: "authenticated"},
            }
        ),
        leaks=("sts.session.web-identity-of-another-pool",),
    ),
    Weakness(
        id="sts-role-shared-across-pools",
        title="the role trusts a second identity pool as well, which has users of its own",
        change=_trusting(
            {
                "StringEquals": {_AUDIENCE: ["@{identity_pool.id}", "@{outsiders.identity_pool.id}"]},
                "ForAnyValue:StringLike": {_METHODS: "authenticated"},
            }
        ),
        leaks=("sts.session.web-identity-of-another-pool",),
    ),
    Weakness(
        id="sts-trust-without-amr",
        title="the role does not ask whether anybody signed in, and the identity pool lets guests in",
        change=_guests_trusted({"StringEquals": {_AUDIENCE: "@{identity_pool.id}"}}),
        leaks=("identity-pool.session.guest-takes-members-role",),
    ),
    Weakness(
        id="sts-trust-amr-both",
        title="the role trusts guests beside whoever signed in, and the identity pool lets them in",
        change=_guests_trusted(
            {
                "StringEquals": {_AUDIENCE: "@{identity_pool.id}"},
                "ForAnyValue:StringLike": {_METHODS: ["authenticated", "unauthenticated"]},
            }
        ),
        leaks=("identity-pool.session.guest-takes-members-role",),
    ),
    Weakness(
        id="sts-role-session-name-static",
        title="each bucket trusts the session that is called like its project, and callers choose how theirs is",
        change=_buckets_name_sessions,
        leaks=("sts.session.named-after-another",),
    ),
    Weakness(
        id="sts-managed-and-boundary-mismatch",
        title="the session policy allows everything, as the role has a permissions boundary, which knows no projects",
        change=_confined_by_a_boundary,
        leaks=_ANY_PROJECT,
    ),
)
