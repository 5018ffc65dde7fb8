"""An identity pool that gives signed-in users one role: tokens, identities, trust, and who administers the pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import forgery
from harness.blueprints.identity_trust import COGNITO, trusting, trusting_own_pool
from harness.blueprints.policies import ACCOUNT, IDENTITY_POOL, allow, policy
from harness.blueprints.spec import BucketSpec, IdentityPoolSpec, RoleSpec
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import SiteDesign
from harness.calibration.sites.requests import get_object, list_objects, put_objects, role
from harness.calibration.sites.users import (
    design,
    exchange,
    exchange_of_token,
    persona,
    unsigned,
    user,
)
from harness.errors import TargetError
from harness.population import STAFF, Caller, User
from harness.registration import register_outsider
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.blueprints.spec import Document
    from harness.calibration.probe import Asked
    from harness.calibration.site import Site
    from harness.secret import Secret
    from harness.targets.http import RouteCall

_BUCKET = "@{bucket.files.arn}"
_USER_POOL = "@{user_pool.arn}"
_SUB = f"${{{COGNITO}:sub}}"
_ALICE, _BOB, _LEAVER = "alice", "bob", "leaver"
_INVALID = r"Invalid login token"
_TRUSTING_ACCOUNT: Document = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
_OWN_FOLDER = policy(
    allow("OwnObjects", "s3:GetObject", f"{_BUCKET}/{_SUB}/*"),
    allow("OwnListing", "s3:ListBucket", _BUCKET, {"StringLike": {"s3:prefix": f"{_SUB}/*"}}),
)
_SESSION_POLICY = policy(allow("NoMore", "s3:ListBucket", "*"))


def _administrators(name: str, identity_pool: str, user_pool: str) -> RoleSpec:
    may = policy(
        allow("IdentityPool", "cognito-identity:ListIdentities", identity_pool),
        allow("OtherPoolCalls", "cognito-identity:DescribeIdentityPool", IDENTITY_POOL),
        allow("UserPool", "cognito-idp:ListUsers", user_pool),
        allow("OtherUserCalls", "cognito-idp:DescribeUserPool", _USER_POOL),
    )
    return RoleSpec(name, _TRUSTING_ACCOUNT, {"administer": may})


_ROLES = (
    RoleSpec("member", trusting_own_pool(), {"own": _OWN_FOLDER}),
    # Trusts an identity pool that is somebody else's, and guests alone.
    RoleSpec("outside", trusting("@{outsiders.identity_pool.id}"), {"own": _OWN_FOLDER}),
    RoleSpec("for-guests", trusting_own_pool("unauthenticated"), {"own": _OWN_FOLDER}),
    RoleSpec("nobody", _TRUSTING_ACCOUNT),
    _administrators("wide", IDENTITY_POOL, _USER_POOL),
    _administrators(
        "elsewhere",
        "arn:aws:cognito-identity:@{region}:@{account}:identitypool/@{outsiders.identity_pool.id}",
        "arn:aws:cognito-idp:@{region}:@{account}:userpool/@{region}_isolation",
    ),
)


def _furnish(site: Site) -> None:
    put_objects(site, "somebody-else/x")


def _own_object(site: Site) -> ApiRequest | RouteCall:
    name = f"{site.identity(_ALICE)}/x"
    put_objects(site, name)
    return get_object(name)(site)


def _own_listing(site: Site) -> ApiRequest | RouteCall:
    return list_objects(Prefix=f"{site.identity(_ALICE)}/")(site)


def _administer(rule: Rule, action: str, asks: Asked) -> Probe:
    def by(name: str) -> Call:
        return Call(by=role(name), asks=asks, actions=(action,), operation=action)

    return Probe(rule, (by("wide"),), (by("nobody"), by("elsewhere")))


def _list_identities(site: Site) -> ApiRequest:
    params = {"IdentityPoolId": site.deployment.identity_pool, "MaxResults": 1}
    return ApiRequest("cognito-identity", "ListIdentities", params)


def _list_users(site: Site) -> ApiRequest:
    return ApiRequest("cognito-idp", "ListUsers", {"UserPoolId": site.deployment.user_pool, "Limit": 1})


def _with(token: Callable[[Site], Secret], provider: Callable[[Site], str] | None = None) -> Asked:
    return lambda site: exchange_of_token(_ALICE, token(site), site, "" if provider is None else provider(site))


def _forged(forge: Callable[..., Secret]) -> Asked:
    """Return what asks for Alice's identity with her own genuine token, written anew by somebody else."""
    return _with(lambda site: forge(site.tokens(_ALICE)["IdToken"], email="forged@example.com"))


def _public_key(site: Site) -> bytes:
    header = forgery.header_of(site.tokens(_ALICE)["IdToken"])
    for key in site.public_keys():
        if key.get("kid") == header.get("kid"):
            return forgery.public_key_as_text(key)
    raise TargetError("the user pool does not publish the key that it signs with")


def _signed_with_public_key(site: Site) -> Secret:
    return forgery.signed_with_secret(site.tokens(_ALICE)["IdToken"], _public_key(site), email="forged@example.com")


def _of_an_outsider(site: Site) -> Secret:
    alice = site.user(_ALICE)
    outsider = User(Caller(STAFF, "outsider"), (), alice.username, alice.email, alice.password)
    register_outsider(site.target, site.deployment, outsider, {})
    return site.remembered_token(site.deployment.outsiders_client, outsider)


def _outsiders_id(site: Site) -> ApiRequest:
    logins = {site.deployment.outsiders_provider: _of_an_outsider(site).reveal()}
    params = {"IdentityPoolId": site.deployment.identity_pool, "Logins": logins}
    return ApiRequest("cognito-identity", "GetId", params)


def _identity_of_bob(site: Site) -> ApiRequest:
    params = {"IdentityId": site.identity(_BOB), "Logins": site.logins(_ALICE)}
    return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)


def _bob_without_token(site: Site) -> ApiRequest:
    return ApiRequest("cognito-identity", "GetCredentialsForIdentity", {"IdentityId": site.identity(_BOB)})


def _get_id(site: Site) -> ApiRequest:
    return ApiRequest("cognito-identity", "GetId", {"IdentityPoolId": site.deployment.identity_pool})


def _after_signing_out(site: Site) -> ApiRequest:
    """Return what asks with the token of a user whom the operator has just signed out everywhere."""
    logins = site.logins(_LEAVER)
    named = {"UserPoolId": site.deployment.user_pool, "Username": site.user(_LEAVER).username}
    site.operate("cognito-idp", "AdminUserGlobalSignOut", **named)
    return ApiRequest("cognito-identity", "GetId", {"IdentityPoolId": site.deployment.identity_pool, "Logins": logins})


def _web_identity(name: str) -> Asked:
    return lambda site: site.asking_as_web_identity(name, _ALICE)


_TRUSTED = unsigned(exchange(_ALICE))
_ASSUMED = unsigned(_web_identity("member"))
_S3 = ("s3:GetObject", "s3:ListBucket")


def _by_web_identity(asks: Asked, name: str = "member", session_policy: Document | None = None) -> Call:
    by = lambda site: site.web_identity(name, _ALICE, session_policy)  # noqa: E731  a caller is a small function
    return Call(by=by, asks=asks, actions=_S3, operation="s3:GetObject")


_PROBES = (
    _administer(Rule.IDENTITY_POLICIES_COGNITO_IDENTITY, "cognito-identity:ListIdentities", _list_identities),
    _administer(Rule.IDENTITY_POLICIES_COGNITO_IDP, "cognito-idp:ListUsers", _list_users),
    Probe(
        Rule.IDENTITY_ID_VARIABLE,
        (
            Call(by=user(_ALICE), asks=_own_object, actions=_S3, operation="s3:GetObject"),
            Call(by=user(_ALICE), asks=_own_listing, actions=_S3, operation="s3:ListBucket"),
        ),
        (
            Call(by=user(_ALICE), asks=get_object("somebody-else/x"), actions=_S3, operation="s3:GetObject"),
            Call(by=user(_ALICE), asks=list_objects(Prefix="somebody-else/"), actions=_S3, operation="s3:ListBucket"),
            Call(by=user(_BOB), asks=_own_object, actions=_S3, operation="s3:GetObject of another identity"),
        ),
    ),
    Probe(
        Rule.IDENTITY_OWNERSHIP,
        (_TRUSTED, unsigned(exchange(_BOB))),
        (
            unsigned(_identity_of_bob, r"Logins don't match", operation="another's identity with an own token"),
            unsigned(_bob_without_token, r"is forbidden", operation="another's identity without a token"),
        ),
    ),
    Probe(
        Rule.TOKEN_SIGNATURES,
        (_TRUSTED,),
        (
            unsigned(_forged(forgery.unsigned), _INVALID, operation="a token without a signature"),
            unsigned(_forged(forgery.tampered), _INVALID, operation="a token with changed claims"),
            unsigned(_forged(forgery.signed_with_foreign_key), _INVALID, operation="a token signed with another key"),
        ),
    ),
    Probe(
        Rule.TOKEN_ALGORITHMS,
        (_TRUSTED,),
        (unsigned(_with(_signed_with_public_key), _INVALID, operation="a token signed with the public key"),),
    ),
    Probe(
        Rule.TOKEN_KEY_IDS,
        (_TRUSTED,),
        (
            unsigned(
                _forged(forgery.signed_under_unknown_key_id), _INVALID, operation="a token under an unknown key id"
            ),
        ),
    ),
    Probe(
        Rule.TOKEN_AUDIENCE,
        (_TRUSTED,),
        (
            unsigned(
                _with(lambda site: site.tokens(_ALICE, "other")["IdToken"]),
                r"Token is not from a supported provider",
                _INVALID,
                operation="a token of another app client",
            ),
            unsigned(_with(lambda site: site.tokens(_ALICE)["AccessToken"]), _INVALID, operation="an access token"),
        ),
    ),
    Probe(
        Rule.TOKEN_ISSUER,
        (_TRUSTED,),
        (
            unsigned(
                _outsiders_id, r"Token is not from a supported provider", operation="a token of another user pool"
            ),
            unsigned(
                _with(_of_an_outsider), _INVALID, operation="a token of another user pool, called one of this pool"
            ),
        ),
    ),
    Probe(
        Rule.GUESTS_CLOSED,
        (_TRUSTED,),
        (unsigned(_get_id, r"Unauthenticated access is not supported", operation="GetId without a token"),),
    ),
    Probe(
        Rule.WEB_IDENTITY_TRUST,
        (_ASSUMED,),
        (
            unsigned(_web_identity("outside"), codes=("AccessDenied",), operation="the role of another pool"),
            unsigned(_web_identity("for-guests"), codes=("AccessDenied",), operation="the role of guests"),
        ),
    ),
    Probe(
        Rule.WEB_IDENTITY_SESSION_POLICIES,
        (
            _by_web_identity(_own_object),
            _by_web_identity(_own_listing, session_policy=_SESSION_POLICY),
        ),
        (_by_web_identity(_own_object, session_policy=_SESSION_POLICY),),
    ),
    Probe(
        Rule.SERVER_SIDE_TOKEN_CHECK,
        (unsigned(exchange(_LEAVER)),),
        (
            unsigned(
                _after_signing_out,
                r"signed out or deleted",
                r"(?i)\bnot authorized\b",
                operation="the token of a user who was signed out",
            ),
        ),
    ),
)

IDENTITIES = SiteDesign(
    design(
        "identities",
        Rule.IDENTITY_ID_VARIABLE,
        personas=(persona(_ALICE), persona(_BOB), persona(_LEAVER)),
        identity_pool=IdentityPoolSpec(authenticated_role="member", classic_flow=True),
        roles=_ROLES,
        buckets=(BucketSpec("files"),),
    ),
    _PROBES,
    _furnish,
)
