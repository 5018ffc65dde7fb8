"""The managed policies of AWS itself, as moto ships them. They are parsed when the first one is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class AwsManagedPolicy:
    """The default version of one policy of AWS; times are epoch seconds."""

    document: str
    version: str
    created: float
    updated: float


def aws_managed_policy(arn: str) -> AwsManagedPolicy | None:
    """Return the policy with this ARN (`arn:aws:iam::aws:policy/...`), or None when it is not known."""
    found = _policies().get(arn)
    if found is None:
        return None
    return AwsManagedPolicy(
        json.dumps(found["Document"]),
        str(found["DefaultVersionId"]),
        datetime.fromisoformat(found["CreateDate"]).timestamp(),
        datetime.fromisoformat(found["UpdateDate"]).timestamp(),
    )


def aws_managed_policy_arns() -> tuple[str, ...]:
    """Return the ARNs of all policies of AWS that are known."""
    return tuple(_policies())


@cache
def _policies() -> dict[str, dict[str, Any]]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415  five megabytes few need

    parsed = json.loads(aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{policy['Path']}{name}": policy for name, policy in parsed.items()}
