"""An identity pool that lets guests in, and keeps the classic flow closed."""

from __future__ import annotations

from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import BucketSpec, IdentityPoolSpec, RoleSpec
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import Site, SiteDesign
from harness.calibration.sites.requests import get_object, put_objects
from harness.calibration.sites.users import design, exchange, persona, unsigned, user
from harness.targets.api import ApiRequest

_GUEST, _MEMBER = "", "member"
_MAY = policy(allow("Objects", "s3:GetObject", "@{bucket.files.arn}/*"), allow("Roles", "iam:ListRoles", "*"))


def _furnish(site: Site) -> None:
    put_objects(site, "public")


def _list_roles(_: Site) -> ApiRequest:
    return ApiRequest("iam", "ListRoles", {"MaxItems": 1})


def _open_id(name: str) -> Call:
    def asks(site: Site) -> ApiRequest:
        logins = {"Logins": site.logins(name)} if name else {}
        return ApiRequest("cognito-identity", "GetOpenIdToken", {"IdentityId": site.identity(name), **logins})

    return unsigned(asks, r"Basic \(classic\) flow is not", operation="GetOpenIdToken")


GUESTS = SiteDesign(
    design(
        "guests",
        Rule.GUEST_SCOPE_DOWN,
        personas=(persona(_MEMBER),),
        identity_pool=IdentityPoolSpec(authenticated_role="member", unauthenticated_role="guest"),
        roles=(
            RoleSpec("member", trusting_own_pool(), {"may": _MAY}),
            RoleSpec("guest", trusting_own_pool("unauthenticated"), {"may": _MAY}),
        ),
        buckets=(BucketSpec("files"),),
    ),
    (
        Probe(
            Rule.GUEST_SCOPE_DOWN,
            (
                Call(by=user(_GUEST), asks=get_object("public"), operation="s3:GetObject"),
                # The same is allowed to who is no guest.
                Call(by=user(_MEMBER), asks=_list_roles, operation="iam:ListRoles"),
            ),
            (Call(by=user(_GUEST), asks=_list_roles, actions=("iam:ListRoles",), operation="iam:ListRoles"),),
        ),
        Probe(
            Rule.CLASSIC_FLOW_CLOSED,
            (unsigned(exchange(_GUEST)), unsigned(exchange(_MEMBER))),
            (_open_id(_GUEST), _open_id(_MEMBER)),
        ),
    ),
    _furnish,
)
