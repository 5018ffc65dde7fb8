"""Identity pools that choose among roles: by the groups of the token, and by rules about its claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.blueprints.identity_trust import trusting, trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    AttributeSpec,
    BucketSpec,
    GroupSpec,
    IdentityPoolSpec,
    RoleRule,
    RoleSpec,
)
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import SiteDesign
from harness.calibration.sites.requests import get_object, put_objects
from harness.calibration.sites.users import design, exchange, persona, unsigned, user

if TYPE_CHECKING:
    from harness.calibration.probe import Asked
    from harness.calibration.site import Site

_READING = {"read": policy(allow("Objects", "s3:GetObject", "@{bucket.files.arn}/*"))}
_MISTRUSTED = ("InvalidIdentityPoolConfigurationException",)


def _furnish(site: Site) -> None:
    put_objects(site, "x")


def _read(name: str) -> Call:
    return Call(by=user(name), asks=get_object("x"), actions=("s3:GetObject",), operation="s3:GetObject")


def _as(name: str, role: str) -> Asked:
    """Return what asks for a user's credentials with a role of the user's own choice."""
    return lambda site: exchange(name, CustomRoleArn=site.deployment.roles[role])(site)


GROUPS = SiteDesign(
    design(
        "groups",
        Rule.GROUP_ROLES,
        personas=(
            persona("reader", groups=("readers",)),
            persona("other", groups=("others",)),
            persona("unknown"),
            persona("misled", groups=("readers", "astray", "guests")),
        ),
        identity_pool=IdentityPoolSpec(authenticated_role=None, role_mapping="Token", ambiguous_role_resolution="Deny"),
        roles=(
            RoleSpec("reader", trusting_own_pool(), _READING),
            RoleSpec("powerless", trusting_own_pool()),
            # Trusts an identity pool that is somebody else's, and guests alone.
            RoleSpec("astray", trusting("@{outsiders.identity_pool.id}"), _READING),
            RoleSpec("for-guests", trusting_own_pool("unauthenticated"), _READING),
        ),
        groups=(
            GroupSpec("readers", "reader", 1),
            GroupSpec("others", "powerless", 4),
            GroupSpec("astray", "astray", 2),
            GroupSpec("guests", "for-guests", 3),
        ),
        buckets=(BucketSpec("files"),),
    ),
    (
        Probe(
            Rule.GROUP_ROLES,
            (_read("reader"), unsigned(exchange("other"))),
            (
                _read("other"),
                unsigned(exchange("unknown"), r"ambiguous role mapping", operation="a user without a group"),
            ),
        ),
        Probe(
            Rule.CUSTOM_ROLE_CHECK,
            (unsigned(_as("reader", "reader")), unsigned(exchange("other"))),
            (unsigned(_as("other", "reader"), r"(?i)role", operation="the role of a group that is not one's own"),),
        ),
        Probe(
            Rule.IDENTITY_POOL_TRUST,
            (unsigned(_as("misled", "reader")),),
            (
                unsigned(_as("misled", "astray"), codes=_MISTRUSTED, operation="a role that trusts another pool"),
                unsigned(_as("misled", "for-guests"), codes=_MISTRUSTED, operation="a role that trusts guests"),
            ),
        ),
    ),
    _furnish,
)

RULES = SiteDesign(
    design(
        "rules",
        Rule.ATTRIBUTE_RULES,
        personas=(
            persona("paying", attributes={"custom:plan": "pro"}),
            persona("other", attributes={"custom:plan": "free"}),
            persona("unknown"),
        ),
        identity_pool=IdentityPoolSpec(
            authenticated_role=None,
            role_mapping="Rules",
            rules=(
                RoleRule("custom:plan", "Equals", "pro", "reader"),
                RoleRule("custom:plan", "Equals", "free", "powerless"),
            ),
            ambiguous_role_resolution="Deny",
        ),
        roles=(RoleSpec("reader", trusting_own_pool(), _READING), RoleSpec("powerless", trusting_own_pool())),
        attributes=(AttributeSpec("plan"),),
        buckets=(BucketSpec("files"),),
    ),
    (
        Probe(
            Rule.ATTRIBUTE_RULES,
            (_read("paying"), unsigned(exchange("other"))),
            (
                _read("other"),
                unsigned(exchange("unknown"), r"ambiguous role mapping", operation="a user whom no rule matches"),
            ),
        ),
    ),
    _furnish,
)
_TAGGED = {"own": policy(allow("Objects", "s3:GetObject", "@{bucket.files.arn}/${aws:PrincipalTag/org}/x"))}


def _furnish_tagged(site: Site) -> None:
    put_objects(site, "a/x", "b/x")


def _read_of(name: str, organisation: str) -> Call:
    asks = get_object(f"{organisation}/x")
    return Call(by=user(name), asks=asks, actions=("s3:GetObject",), operation="s3:GetObject")


TAGS = SiteDesign(
    design(
        "tags",
        Rule.PRINCIPAL_TAG_MAPS,
        personas=(persona("tagged", attributes={"custom:org": "a"}), persona("untagged")),
        identity_pool=IdentityPoolSpec(authenticated_role="member", principal_tags={"org": "custom:org"}),
        roles=(RoleSpec("member", trusting_own_pool(tags=True), _TAGGED),),
        attributes=(AttributeSpec("org"),),
        buckets=(BucketSpec("files"),),
    ),
    (
        Probe(
            Rule.PRINCIPAL_TAG_MAPS,
            (_read_of("tagged", "a"),),
            (_read_of("tagged", "b"), _read_of("untagged", "a")),
        ),
    ),
    _furnish_tagged,
)
