"""Trust policies: who may hand out the roles of designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.blueprints.spec import Document

COGNITO = "cognito-identity.amazonaws.com"


def trusting_own_pool(amr: str = "authenticated", *, tags: bool = False) -> Document:
    """Return a trust policy for the design's identity pool; see `trusting`."""
    return trusting("@{identity_pool.id}", amr, tags=tags)


def trusting(identity_pool: str, amr: str = "authenticated", *, tags: bool = False) -> Document:
    """Return a trust policy for an identity pool (aws-semantics 3.4).

    `amr` is `authenticated` or `unauthenticated`; `tags` allows sts:TagSession as well, without which an exchange with
    principal tags fails (3.3).
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnIdentityPool",
                "Effect": "Allow",
                "Principal": {"Federated": COGNITO},
                "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
                if tags
                else "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{COGNITO}:aud": identity_pool},
                    "ForAnyValue:StringLike": {f"{COGNITO}:amr": amr},
                },
            }
        ],
    }


TRUSTING_LAMBDA: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
