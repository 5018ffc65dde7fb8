"""Words of policy documents that designs and their weaknesses have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.blueprints.spec import Document

ACCOUNT = "arn:aws:iam::@{account}:root"
IDENTITY_POOL = "arn:aws:cognito-identity:@{region}:@{account}:identitypool/@{identity_pool.id}"


def policy(*statements: Document) -> Document:
    """Return a policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, action: str | list[str], resource: str | list[str], condition: Document | None = None) -> Document:
    """Return a statement that allows something, under a condition if one is given."""
    statement: Document = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    return statement if condition is None else {**statement, "Condition": condition}
