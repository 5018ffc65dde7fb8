"""Groups, and the roles that come of them: aws-semantics 4.2, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import ACCOUNT, Cognito, claims_of, not_derivable, refused

if TYPE_CHECKING:
    from doors import Door

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


@pytest.fixture
def cognito(door: Door) -> Cognito:
    return Cognito(door)


@pytest.mark.parametrize(
    ("groups", "roles", "preferred"),
    [
        pytest.param([], None, None, id="no group"),
        pytest.param([(None, None)], None, None, id="no role"),
        pytest.param([(None, "A")], ["A"], "A", id="one role without precedence"),
        pytest.param([(0, "A")], ["A"], "A", id="one role"),
        pytest.param([(1, "A"), (0, "B")], ["B", "A"], "B", id="zero is best"),
        pytest.param([(5, "A"), (None, "B")], ["A", "B"], "A", id="none is worst"),
        pytest.param([(2147483647, "A"), (None, "B")], ["A", "B"], "A", id="any number is better than none"),
        pytest.param([(3, "A"), (3, "B")], ["A", "B"], None, id="tie of different roles"),
        pytest.param([(3, "A"), (3, "A"), (4, "B")], ["A", "B"], "A", id="tie of one role"),
        pytest.param([(3, "A"), (3, "B"), (4, "C")], ["A", "B", "C"], None, id="a worse group does not break a tie"),
        pytest.param([(3, "A"), (3, "B"), (2, "C")], ["C", "A", "B"], "C", id="a better group does"),
        pytest.param([(None, "A"), (None, "B")], ["A", "B"], None, id="all without precedence"),
        pytest.param([(None, "A"), (None, "A")], ["A"], "A", id="all without precedence and one role"),
        pytest.param([(0, None), (1, "A"), (2, "B")], ["A", "B"], "A", id="unconfirmed: best group without role"),
    ],
)
def test_the_preferred_role_is_that_of_the_single_best_group(
    cognito: Cognito, groups: list[tuple[int | None, str | None]], roles: list[str] | None, preferred: str | None
) -> None:
    cognito.create_user()
    for number, (precedence, role) in enumerate(groups):
        params = {"Precedence": precedence, "RoleArn": None if role is None else ROLE + role}
        given: dict[str, Any] = {name: value for name, value in params.items() if value is not None}
        cognito.admin("create_group", GroupName=f"g{number}", **given)
        cognito.admin("admin_add_user_to_group", GroupName=f"g{number}", Username="alice")

    tokens = cognito.sign_in()
    claims = claims_of(tokens["IdToken"])

    assert claims.get("cognito:roles") == (None if roles is None else [ROLE + role for role in roles])
    assert claims.get("cognito:preferred_role") == (None if preferred is None else ROLE + preferred)
    for kind in ("IdToken", "AccessToken"):
        members = claims_of(tokens[kind]).get("cognito:groups")
        assert (None if members is None else set(members)) == ({f"g{n}" for n in range(len(groups))} or None)


def test_precedence_is_a_number_that_is_not_negative(cognito: Cognito) -> None:
    with refused("InvalidParameterException"):
        cognito.admin("create_group", GroupName="g", Precedence=-1)


def test_membership_reaches_the_user_only_through_new_tokens(cognito: Cognito) -> None:
    cognito.create_user()
    before = cognito.sign_in()
    cognito.admin("create_group", GroupName="g")
    cognito.admin("admin_add_user_to_group", GroupName="g", Username="alice")

    with_group = cognito.refresh(before["RefreshToken"])
    cognito.admin("admin_remove_user_from_group", GroupName="g", Username="alice")
    without = cognito.refresh(before["RefreshToken"])

    assert "cognito:groups" not in claims_of(before["AccessToken"])
    assert claims_of(with_group["AccessToken"])["cognito:groups"] == ["g"]
    assert "cognito:groups" not in claims_of(without["AccessToken"])
    assert cognito.client.get_user(AccessToken=with_group["AccessToken"])["Username"] == "alice"
    assert cognito.admin("admin_list_groups_for_user", Username="alice")["Groups"] == []


def test_groups_are_described_and_only_empty_ones_deleted(cognito: Cognito) -> None:
    cognito.create_user()
    cognito.admin("create_group", GroupName="g", Precedence=0, RoleArn=ROLE + "A", Description="d")
    cognito.admin("admin_add_user_to_group", GroupName="g", Username="alice")

    group = cognito.admin("get_group", GroupName="g")["Group"]
    with not_derivable():
        cognito.admin("delete_group", GroupName="g")
    cognito.admin("admin_remove_user_from_group", GroupName="g", Username="alice")
    cognito.admin("delete_group", GroupName="g")

    assert (group["Precedence"], group["RoleArn"], group["Description"]) == (0, ROLE + "A", "d")
    with refused("ResourceNotFoundException", "Group not found."):
        cognito.admin("get_group", GroupName="g")
    cognito.admin("create_group", GroupName="h")
    with refused("GroupExistsException", "A group with the name already exists."):
        cognito.admin("create_group", GroupName="h")


def test_an_updated_group_reaches_its_members_with_new_tokens_only(cognito: Cognito) -> None:
    cognito.create_user()
    cognito.admin("create_group", GroupName="g", RoleArn=ROLE + "old", Precedence=1, Description="d")
    cognito.admin("admin_add_user_to_group", GroupName="g", Username="alice")
    before = cognito.sign_in()

    group = cognito.admin("update_group", GroupName="g", RoleArn=ROLE + "new")["Group"]

    after = cognito.refresh(before["RefreshToken"])
    assert (group["RoleArn"], group["Precedence"], group["Description"]) == (ROLE + "new", 1, "d")
    assert claims_of(before["IdToken"])["cognito:preferred_role"] == ROLE + "old"
    assert claims_of(after["IdToken"])["cognito:preferred_role"] == ROLE + "new"


def test_groups_and_their_members_are_listed(cognito: Cognito) -> None:
    for name in ("alice", "bob"):
        cognito.create_user(name)
    for name in ("g", "h"):
        cognito.admin("create_group", GroupName=name)
        cognito.admin("admin_add_user_to_group", GroupName=name, Username="alice")
    cognito.admin("admin_add_user_to_group", GroupName="h", Username="bob")

    first = cognito.admin("list_groups", Limit=1)
    second = cognito.admin("list_groups", NextToken=first["NextToken"])
    members = {name: cognito.admin("list_users_in_group", GroupName=name)["Users"] for name in ("g", "h")}

    assert [group["GroupName"] for group in first["Groups"] + second["Groups"]] == ["g", "h"]
    assert {name: [user["Username"] for user in users] for name, users in members.items()} == {
        "g": ["alice"],
        "h": ["alice", "bob"],
    }
    with refused("ResourceNotFoundException", "Group not found."):
        cognito.admin("list_users_in_group", GroupName="none")


def test_a_user_is_in_a_hundred_groups_at_most(cognito: Cognito) -> None:
    cognito.create_user()
    for number in range(101):
        cognito.admin("create_group", GroupName=f"g{number}")
    for number in range(100):
        cognito.admin("admin_add_user_to_group", GroupName=f"g{number}", Username="alice")

    with refused("LimitExceededException"):
        cognito.admin("admin_add_user_to_group", GroupName="g100", Username="alice")
