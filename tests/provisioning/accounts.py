"""What an account holds, and targets that break off: what the tests of cleaning stand on."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.blueprints.identity_folder import IDENTITY_FOLDER
from harness.blueprints.per_user_principals import PER_USER_PRINCIPALS
from harness.blueprints.policies import allow, policy
from harness.blueprints.tenant_tagged import TENANT_TAGGED
from harness.marks import IAM_PATH
from harness.population import populate
from harness.provisioning.kinds.registry import KINDS
from harness.provisioning.lists import entries
from harness.provisioning.making import make
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.api import ApiRequest, ApiResponse
    from harness.targets.embedded import EmbeddedTarget
    from harness.targets.target import Target

_BOUNDED = replace(TENANT_TAGGED.roles[0], boundary=policy(allow("Everything", "*", "*")))
# Together they make everything that can be made.
DESIGNS: tuple[Blueprint, ...] = (
    replace(TENANT_TAGGED, roles=(_BOUNDED, *TENANT_TAGGED.roles[1:])),
    IDENTITY_FOLDER,
    PER_USER_PRINCIPALS,
)
RUN = "abc12345"
TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "DeletionProtectionEnabled": True,
}


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


ANYTHING = document(Action="*", Resource="*")
_TRUST = document(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")


def needed(kind: str, role: str) -> dict[str, Any]:
    """Return the parameters beside name and marks without which nothing of the kind is made; functions take a role."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("index.py", "")
    code = {"Runtime": "python3.11", "Handler": "index.handler", "Code": {"ZipFile": archive.getvalue()}}
    params: dict[str, dict[str, Any]] = {
        "identity-pool": {"AllowUnauthenticatedIdentities": False},
        "table": TABLE,
        "policy": {"PolicyDocument": ANYTHING},
        "role": {"AssumeRolePolicyDocument": _TRUST},
        "function": {"Role": role, **code},
        "http-api": {"ProtocolType": "HTTP"},
    }
    return params.get(kind, {})


def make_one_of_each(target: Any, deployment: Deployment) -> None:
    """Make one thing of every kind."""
    role = f"arn:aws:iam::{target.account}:role{IAM_PATH}{deployment.name_of('role')}"
    for kind in sorted(KINDS, key=lambda kind: kind == "function"):
        make(target, deployment, kind, deployment.name_of(kind), **needed(kind, role))


def people(design: Blueprint) -> Population:
    return populate(design, seed=1, tenants=design.minimum_tenants, run_secret=Secret("s"))


def inventory(target: Target) -> dict[tuple[str, str, str], Mapping[str, str]]:
    """Return everything that is in the account: kind, name and id, with the tags."""
    return {
        (found.kind, found.name, found.id): dict(kind.tags_of(target, found))
        for kind in KINDS.values()
        for found in kind.listed(target)
    }


def contents(target: Target) -> dict[str, list[Any]]:
    """Return what is stored in the account's tables and buckets, by their names."""
    stored: dict[str, list[Any]] = {}
    for found in KINDS["table"].listed(target):
        stored[found.name] = list(entries(target, "dynamodb", "Scan", "Items", TableName=found.id))
    for found in KINDS["bucket"].listed(target):
        objects = entries(target, "s3", "ListObjectsV2", "Contents", Bucket=found.id)
        stored[found.name] = [(each["Key"], each["ETag"]) for each in objects]
    return stored


class BrokenOffError(BaseException):
    """The process has died."""


@dataclass
class DyingTarget:
    """A target whose process dies with the nth call that makes something, before or after it was performed."""

    target: EmbeddedTarget
    number: int
    performed: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        if request.operation in {kind.creation for kind in KINDS.values()}:
            self.number -= 1
        if self.number == 0 and not self.performed:
            raise BrokenOffError
        answer = self.target.send_as_operator(request)
        if self.number == 0:
            raise BrokenOffError
        return answer
