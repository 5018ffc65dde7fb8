from __future__ import annotations

from dataclasses import replace

from harness.blueprints.difference import Change, changes
from harness.blueprints.edit import also, edit_app_client, edit_bucket_statement, edit_function, edit_session_policies
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.per_user_principals import PER_USER_PRINCIPALS
from harness.blueprints.policies import allow
from harness.blueprints.project_broker import PROJECT_BROKER
from harness.blueprints.project_groups import PROJECT_GROUPS
from harness.blueprints.web_identity_broker import WEB_IDENTITY_BROKER


def test_an_added_statement_is_named_by_role_policy_and_sid() -> None:
    added = also(("member",), "own-data", allow("More", "s3:GetObject", "*"))(IDENTITY_KEYED)
    (change,) = changes(IDENTITY_KEYED, added)
    assert change.path == "roles[member].policies.own-data[More]"
    assert change.is_named_by("isolation-1a2b-member/own-data", "More")
    assert not change.is_named_by("isolation-1a2b-guest/own-data", "More")
    assert not change.is_named_by("isolation-1a2b-member/own-data", "OwnItems")


def test_roles_of_tenants_are_named_whatever_the_tenant() -> None:
    added = also(("project-{tenant}",), "own-project", allow("More", "s3:GetObject", "*"))(PROJECT_GROUPS)
    (change,) = changes(PROJECT_GROUPS, added)
    assert change.is_named_by("isolation-1a2b-project-hooli/own-project", "More")


def test_a_statement_of_each_user_has_a_number_behind_its_sid() -> None:
    edited = edit_bucket_statement(PER_USER_PRINCIPALS, "files", "OwnObjects", lambda each: each.update(Action="s3:*"))
    (change,) = changes(PER_USER_PRINCIPALS, edited)
    assert change.is_named_by("isolation-files/policy", "OwnObjects3")
    assert not change.is_named_by("isolation-files/policy", "OwnListing3")


def test_statements_of_session_policies_without_a_sid_are_named_by_position() -> None:
    def list_all(policy: dict[str, list[object]]) -> dict[str, list[object]]:
        policy["Statement"].append({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"})
        return policy

    found = changes(WEB_IDENTITY_BROKER, edit_session_policies(WEB_IDENTITY_BROKER, list_all))
    assert {change.path for change in found} == {
        f"contract.personas[{name}].session_policy[without a Sid]" for name in ("member", "consultant")
    }
    assert all(change.is_named_by("session policy", "Statement[2]") for change in found)


def test_a_statement_taken_away_decides_nothing() -> None:
    stricter = also(("member",), "own-data", allow("More", "s3:GetObject", "*"))(IDENTITY_KEYED)
    assert changes(stricter, IDENTITY_KEYED) == (
        Change("roles[member].policies.own-data[More]", r".*-member/own\-data", "More", gone=True),
    )


def test_what_is_no_statement_is_named_by_its_path() -> None:
    writable = edit_app_client(IDENTITY_KEYED, "web", lambda client: replace(client, write_attributes=("email",)))
    assert changes(IDENTITY_KEYED, writable) == (Change("user_pool.app_clients[web].write_attributes"),)
    coded = edit_function(PROJECT_BROKER, "credentials", ("import json\n", "import json\nimport base64\n"))
    assert changes(PROJECT_BROKER, coded) == (Change("functions[credentials].source"),)


def test_additions_are_named_by_what_is_added() -> None:
    more = replace(IDENTITY_KEYED, buckets=(*IDENTITY_KEYED.buckets, replace(IDENTITY_KEYED.buckets[0], name="more")))
    assert changes(IDENTITY_KEYED, more) == (Change("buckets[more]"),)
