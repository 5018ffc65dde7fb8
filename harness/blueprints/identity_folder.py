"""identity-folder: a folder per identity, no guests, and credentials handed out by a function behind an API."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import (
    also,
    edit_function,
    edit_identity_pool,
    edit_roles,
    edit_route,
    register_every_app_client,
    weaken,
)
from harness.blueprints.functions import source_of
from harness.blueprints.identity_trust import COGNITO, TRUSTING_LAMBDA, trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    ApiKind,
    ApiSpec,
    AppClientSpec,
    Blueprint,
    BucketSpec,
    FunctionSpec,
    IdentityPoolSpec,
    Place,
    RoleSpec,
    RouteAuthorizer,
    RouteSpec,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Document

_SUB = f"${{{COGNITO}:sub}}"
_BUCKET = "@{bucket.uploads.arn}"
_PATH = "/credentials"
_COGNITO = {"IDENTITY_POOL": "@{identity_pool.id}", "PROVIDER": "@{user_pool.provider}"}
_OWN_FOLDER: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OwnFolder",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"{_BUCKET}/{_SUB}/*",
        },
        {
            "Sid": "OwnListing",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": _BUCKET,
            "Condition": {"StringLike": {"s3:prefix": [f"{_SUB}/*"]}},
        },
    ],
}
_CONTRACT = Contract(
    personas=(Persona("member", SignIn.API, role="member"),),
    grants=(
        Grant("member", "s3", Effect.READ, Reach.OWN),
        Grant("member", "s3", Effect.WRITE, Reach.OWN),
    ),
)


_also = partial(also, ("member",), "own-folder")
_weaken = partial(weaken, ("member",), "own-folder")


def _without_delimiter(statement: Document) -> None:
    statement["Resource"] = f"{_BUCKET}/{_SUB}*"


def _without_prefix(statement: Document) -> None:
    del statement["Condition"]


def _empty_prefix_too(statement: Document) -> None:
    statement["Condition"]["StringLike"]["s3:prefix"].append("")


def _missing_keys_told(statement: Document) -> None:
    # S3 asks for ListBucket, with no prefix, before it says of a key that it is missing.
    statement["Condition"] = {"StringLikeIfExists": {"s3:prefix": [f"{_SUB}/*"]}}


def _prefix_without_delimiter(statement: Document) -> None:
    statement["Condition"]["StringLike"]["s3:prefix"] = [f"{_SUB}*"]


_TOP_OF_THE_BUCKET = {"StringEquals": {"s3:prefix": "", "s3:delimiter": "/"}}


def _guests_share_the_role(blueprint: Blueprint) -> Blueprint:
    trusting = edit_roles(blueprint, ("member",), lambda role: replace(role, trust=trusting_own_pool("*")))
    return edit_identity_pool(trusting, lambda pool: replace(pool, unauthenticated_role="member"))


def _token_in_the_url(blueprint: Blueprint) -> Blueprint:
    opened = edit_route(blueprint, _PATH, lambda route: replace(route, authorizer=RouteAuthorizer.NONE))
    in_url = 'return (event.get("queryStringParameters") or {}).get("id_token") or headers.get('
    return edit_function(opened, "credentials", ("return headers.get(", in_url))


_CHECKED = 'return key if parts[0] == identity and not {"", ".", ".."} & set(parts) else None'
_AS_THE_USER = """    given = COGNITO.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretKey"], given["SessionToken"])
"""
_AS_THE_FUNCTION = "    return boto3.Session().get_credentials()\n"


def _links_of_the_function(*checking: tuple[str, str]) -> Change:
    """Return a change by which the function signs with credentials of its own, after another look at the key."""
    everything = {"links": policy(allow("EveryObject", "s3:GetObject", f"{_BUCKET}/*"))}

    def change(blueprint: Blueprint) -> Blueprint:
        able = edit_roles(blueprint, ("credentials-function",), lambda role: replace(role, policies=everything))
        return edit_function(able, "links", (_AS_THE_USER, _AS_THE_FUNCTION), *checking)

    return change


_WEAKNESSES = (
    Weakness(
        id="s3-presigned-url-cross-tenant",
        title="links to any key are signed, with the credentials of the function, which reach every folder",
        change=_links_of_the_function((_CHECKED, "return key")),
        leaks=("s3.read.link-to-foreign-key",),
    ),
    Weakness(
        id="s3-key-traversal-and-encoding",
        title="whether a key is in the user's folder is asked before its dots are resolved",
        change=_links_of_the_function(
            (_CHECKED, "return posixpath.normpath(key) if parts[0] == identity else None"),
            ("import os\n", "import os\nimport posixpath\n"),
        ),
        leaks=("s3.read.link-with-dots",),
    ),
    Weakness(
        id="s3-key-traversal-and-encoding/encoded",
        title="whether a key is in the user's folder is asked before it is decoded and its dots are resolved",
        change=_links_of_the_function(
            (
                _CHECKED,
                'return posixpath.normpath(unquote(key)) if parts[0] == identity and ".." not in parts else None',
            ),
            ("import os\n", "import os\nimport posixpath\n"),
            ("import quote\n", "import quote, unquote\n"),
        ),
        leaks=("s3.read.link-with-encoded-dots",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="the folder grant ends in the identity id without a slash, so longer prefixes match as well",
        change=_weaken("OwnFolder", _without_delimiter),
        leaks=("s3.write.forged-prefix-collision",),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="ListBucket is granted without a condition on s3:prefix",
        change=_weaken("OwnListing", _without_prefix),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    Weakness(
        id="s3-list-empty-prefix-allowed",
        title="the empty prefix is among those that may be listed, so the whole bucket is",
        change=_weaken("OwnListing", _empty_prefix_too),
        leaks=("s3.read.list-objects-empty-prefix", "s3.read.list-top-folders"),
    ),
    Weakness(
        id="s3-list-empty-prefix-allowed/top-level",
        title="the folders at the top of the bucket may be listed, as in AWS's walkthrough; they are the identities",
        change=_also(allow("TopOfTheBucket", "s3:ListBucket", _BUCKET, _TOP_OF_THE_BUCKET)),
        leaks=("s3.read.list-top-folders",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash/listing",
        title="the prefix that may be listed ends in the identity id without a slash",
        change=_weaken("OwnListing", _prefix_without_delimiter),
        leaks=("s3.read.list-objects-prefix-collision",),
    ),
    Weakness(
        id="s3-missing-key-oracle",
        title="listing is also allowed where no prefix is named, so that a missing key is told from a forbidden one",
        change=_weaken("OwnListing", _missing_keys_told),
        leaks=("s3.read.missing-key",),
    ),
    Weakness(
        id="s3-copyobject-from-foreign-prefix",
        title="GetObject is granted on the whole bucket",
        change=_also(allow("CopySources", "s3:GetObject", f"{_BUCKET}/*")),
        leaks=(
            "s3.read.get-object",
            "s3.read.get-object-range",
            "s3.read.head-object",
            "s3.read.copy-object",
            "s3.read.upload-part-copy",
        ),
    ),
    Weakness(
        id="s3-versions-not-covered",
        title="versions may be listed, read and deleted in the whole bucket",
        change=_also(
            allow(
                "Versions",
                ["s3:ListBucketVersions", "s3:GetObjectVersion", "s3:DeleteObjectVersion"],
                [_BUCKET, f"{_BUCKET}/*"],
            )
        ),
        leaks=("s3.read.list-object-versions", "s3.read.get-object-version", "s3.write.delete-object-version"),
    ),
    Weakness(
        id="s3-multipart-not-covered",
        title="uploads may be listed and aborted in the whole bucket",
        change=_also(
            allow("Uploads", ["s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"], [_BUCKET, f"{_BUCKET}/*"])
        ),
        leaks=("s3.read.list-multipart-uploads", "s3.write.abort-multipart-upload"),
    ),
    Weakness(
        id="s3-delete-not-covered",
        title="DeleteObject is granted on the whole bucket",
        change=_also(allow("CleanUp", "s3:DeleteObject", f"{_BUCKET}/*")),
        leaks=("s3.write.delete-object", "s3.write.delete-objects", "s3.write.delete-objects-mixed"),
    ),
    Weakness(
        id="idp-unauth-identities-enabled",
        title="guests are enabled, and share the members' role",
        change=_guests_share_the_role,
        leaks=("identity-pool.session.uninvited-guest",),
    ),
    Weakness(
        id="idp-classic-flow-enabled",
        title="whether the classic flow is allowed was never said, which leaves it open",
        change=lambda blueprint: edit_identity_pool(blueprint, lambda pool: replace(pool, classic_flow=None)),
        leaks=("identity-pool.session.classic-flow",),
    ),
    Weakness(
        id="idp-administration-wildcard",
        title="users have cognito-identity:* on everything, as the console's template has it: they administer pools",
        change=_also(allow("Identities", "cognito-identity:*", "*")),
        leaks=("identity-pool.session.provider-added", "identity-pool.session.identities-deleted"),
    ),
    Weakness(
        id="tok-in-url-or-log",
        title="the route has no authorizer, and the function takes the token from the URL, as logs and histories do",
        change=_token_in_the_url,
        leaks=("broker.session.token-in-url",),
    ),
    Weakness(
        id="tok-wrong-audience-other-client",
        title="every app client is registered, and the API's authorizer takes tokens of them all",
        change=register_every_app_client,
        leaks=("broker.session.other-app-client", "token.session.other-app-client"),
    ),
    Weakness(
        id="tok-revoked-still-valid-offline",
        title="nobody asks the user pool whether the user still counts: tokens are good until they expire",
        change=lambda blueprint: edit_identity_pool(
            blueprint, lambda pool: replace(pool, server_side_token_check=False)
        ),
        leaks=(
            "broker.session.after-sign-out",
            "broker.session.after-disabling",
            "token.session.after-sign-out",
            "token.session.after-disabling",
        ),
    ),
)

IDENTITY_FOLDER = Blueprint(
    name="identity-folder",
    title="A folder per identity in one bucket; a function behind an API with a Cognito authorizer gives keys",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html",
    contract=_CONTRACT,
    places=(Place("s3", "uploads", "{identity_id}"),),
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec("web", identity_provider=True),
            AppClientSpec("back-office", identity_provider=False),
        ),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role="member"),
    roles=(
        RoleSpec("member", trusting_own_pool(), {"own-folder": _OWN_FOLDER}),
        RoleSpec("credentials-function", TRUSTING_LAMBDA),
    ),
    buckets=(BucketSpec("uploads", versioned=True),),
    functions=(
        FunctionSpec(
            "credentials",
            source=source_of("identity_credentials"),
            role="credentials-function",
            environment=_COGNITO,
        ),
        FunctionSpec(
            "links",
            source=source_of("signed_links"),
            role="credentials-function",
            environment={**_COGNITO, "BUCKET": "@{bucket.uploads.name}"},
        ),
    ),
    api=ApiSpec(
        "auths",
        kind=ApiKind.REST,
        routes=(
            RouteSpec("GET", _PATH, RouteAuthorizer.TOKEN, "credentials"),
            RouteSpec("GET", "/links", RouteAuthorizer.TOKEN, "links"),
        ),
        audience="web",
        credentials_path=_PATH,
        links_path="/links",
    ),
    weaknesses=_WEAKNESSES,
)
