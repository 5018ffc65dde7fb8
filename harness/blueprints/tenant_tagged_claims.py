"""Weaknesses of tenant-tagged in how the organisation's claim is made and who may write it."""

from __future__ import annotations

from dataclasses import replace

from harness.blueprints.edit import also, edit_app_client, edit_function, edit_user_pool
from harness.blueprints.policies import allow
from harness.blueprints.spec import Blueprint, FunctionSpec, Weakness

_CLAIM_ATTACKS = ("user-pool.session.rewrite-tenant-claim", "user-pool.session.claim-at-sign-up")


def _claim_is_writable(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(
        blueprint, "web", lambda client: replace(client, write_attributes=("email", "name", "custom:org"))
    )


def _nothing_is_said_of_writing(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, write_attributes=None))


def _sign_up_may_join(blueprint: Blueprint) -> Blueprint:
    # Whoever may write the claim may rewrite it later as well, so both attacks on it leak.
    keeps = edit_function(
        blueprint,
        "new-organisation",
        (
            '== "PostConfirmation_ConfirmSignUp":',
            '== "PostConfirmation_ConfirmSignUp" and "custom:org" not in event["request"]["userAttributes"]:',
        ),
    )
    return _claim_is_writable(keeps)


_TOLD_BY_THE_CLIENT = """def handler(event, context):
    org = (event["request"].get("clientMetadata") or {}).get("org")
    if org:
        event["response"]["claimsOverrideDetails"] = {"claimsToAddOrOverride": {"custom:org": org}}
    return event
"""


def _metadata_names_the_organisation(blueprint: Blueprint) -> Blueprint:
    trigger = FunctionSpec("token", source=_TOLD_BY_THE_CLIENT, role="organisation-function")
    return edit_user_pool(
        replace(blueprint, functions=(*blueprint.functions, trigger)),
        lambda pool: replace(pool, triggers={**pool.triggers, "PreTokenGeneration": "token"}),
    )


# Made of what the founder typed: spaces, case and the widths of letters are lost on the way.
_KEY_OF_NAME = """

def key_of(attributes):
    plain = unicodedata.normalize("NFKC", attributes.get("name", "")).casefold()
    return re.sub("[^a-z0-9-]", "", plain) or str(uuid.uuid4())
"""


def _keys_made_of_names(blueprint: Blueprint) -> Blueprint:
    return edit_function(
        blueprint,
        "new-organisation",
        ("import uuid\n", "import re\nimport unicodedata\nimport uuid\n"),
        ("str(uuid.uuid4())", 'key_of(event["request"]["userAttributes"])'),
        ("    return event\n", f"    return event\n{_KEY_OF_NAME}"),
    )


CLAIM_WEAKNESSES = (
    Weakness(
        id="up-tenant-attr-client-writable",
        title="the app client may write custom:org, so users choose their organisation",
        change=_claim_is_writable,
        leaks=("user-pool.session.rewrite-tenant-claim",),
    ),
    Weakness(
        id="up-empty-writeattributes-default",
        title="the app client says nothing of what may be written, which opens every mutable attribute",
        change=_nothing_is_said_of_writing,
        leaks=("user-pool.session.rewrite-tenant-claim",),
    ),
    Weakness(
        id="up-tenant-attr-set-at-signup",
        title="whoever signs up may bring the organisation along, and the trigger keeps it",
        change=_sign_up_may_join,
        leaks=_CLAIM_ATTACKS,
    ),
    Weakness(
        id="up-pretoken-trusts-client-metadata",
        title="a trigger puts the organisation into the token that the client's metadata names",
        change=_metadata_names_the_organisation,
        leaks=("user-pool.session.client-metadata",),
    ),
    Weakness(
        id="up-admin-apis-on-authenticated-role",
        title="members may do everything to the user pool, because the front end needs some of it",
        change=also(("member",), "organisation", allow("UserPool", "cognito-idp:*", "@{user_pool.arn}")),
        leaks=("user-pool.session.administered-claim", "user-pool.read.list-users", "user-pool.session.password-set"),
    ),
    Weakness(
        id="ddb-tenant-normalisation-collision",
        title="an organisation's key is made of its name, and names that differ in spaces and capitals become one key",
        change=_keys_made_of_names,
        # What organisations are called today differs in more than that.
        leaks=(),
        leaks_between_names=(
            "dynamodb.read.get-item",
            "dynamodb.write.put-item",
            "s3.read.get-object",
            "execute-api.read.foreign-route",
        ),
    ),
)
