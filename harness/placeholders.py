"""What a blueprint's names and documents leave open until it is deployed, and how that is filled in.

`{tenant}` in a name, a pattern or a document is the key of a tenant, `{user}` a user (`t1-member`); whatever holds one
is made of each. `@{...}` in a document is something that the deployment has made:

    @{account} @{region}                          where it is deployed
    @{table.NAME.arn} @{table.NAME.name}          likewise bucket, role
    @{function.NAME.arn} @{iam_user.USER.arn}
    @{user_pool.id} @{user_pool.arn} @{user_pool.issuer} @{user_pool.provider} @{client.NAME.id} @{identity_pool.id}
    @{outsiders.identity_pool.id}                 an identity pool that is not the design's
    @{api.id} @{api.arn}                          the ARN is that of execute-api, without stage, method and path
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from harness.errors import DeploymentError
from harness.marks import IAM_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.blueprints.spec import Document
    from harness.deployment import Deployment
    from harness.population import Tenant

TENANT = "{tenant}"
USER = "{user}"
# The names in it may hold `{tenant}` or `{user}`.
_PLACEHOLDER = re.compile(r"@\{(?:[^{}]|\{[^{}]*\})*\}")


def per_tenant(pattern: str, tenants: Iterable[Tenant]) -> list[str]:
    """Return the pattern once per tenant, or as it is where it does not depend on the tenant."""
    if TENANT not in pattern:
        return [pattern]
    return [pattern.replace(TENANT, tenant.key) for tenant in tenants]


def of_tenant(document: Document, key: str) -> Document:
    """Return the document with a tenant's key filled in."""
    filled: Document = json.loads(json.dumps(document).replace(TENANT, _quoted(key)))
    return filled


def of_each_tenant(name: str, document: Document, tenants: Iterable[Tenant]) -> Iterator[tuple[str, Document]]:
    """Yield what is named so and its document once per tenant, or as they are where the name has no tenant in it."""
    if TENANT not in name:
        yield name, document
        return
    for tenant in tenants:
        yield name.replace(TENANT, tenant.key), of_tenant(document, tenant.key)


def filled_in(document: Document, deployment: Deployment, tenants: Iterable[Tenant]) -> str:
    """Return the policy document as text, complete; `tenants` are those that ForEach goes through.

    Raises DeploymentError for a placeholder that has no value.
    """
    everybody = tuple(tenants)
    whole = deepcopy(document)
    if isinstance(whole.get("Statement"), list):
        whole["Statement"] = [
            statement for stated in whole["Statement"] for statement in _each(stated, deployment, everybody)
        ]
    # The names of what is deployed stand in the text as they are, whatever their letters.
    return resolved(json.dumps(whole, ensure_ascii=False), deployment)


def resolved(text: str, deployment: Deployment) -> str:
    """Return the text with every `@{...}` replaced. Raises DeploymentError for one that has no value."""
    for name, value in _values(deployment):
        text = text.replace(name, value)
    if "@{" in text:
        found = _PLACEHOLDER.search(text)
        named = text[text.index("@{") :][:60] if found is None else found[0]
        raise DeploymentError(f"a document of the blueprint {deployment.blueprint} names {named!r}: not deployed")
    return text


def put_back(text: str, deployment: Deployment, tenants: Iterable[Tenant], user: str) -> str:
    """Return a deployed text with placeholders in the place of what the deployment has made, as a blueprint words it.

    What is called after one of the `tenants`, or after the `user`, is called after any of them.
    """
    values = [(value, name) for name, value in _values(deployment) if value]
    for value, name in sorted(values, key=lambda pair: -len(pair[0])):
        text = _replaced(text, value, name)
    for tenant in tenants:
        text = _replaced(text, tenant.key, TENANT)
    return _replaced(text, user, USER)


def _replaced(text: str, value: str, by: str) -> str:
    """Return the text with a value replaced where it is not a part of a longer word."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", lambda _: by, text)


def _each(statement: Document, deployment: Deployment, tenants: tuple[Tenant, ...]) -> Iterator[Document]:
    kind = statement.pop("ForEach", None)
    if kind is None:
        yield statement
        return
    if kind == "tenant":
        copies = [of_tenant(statement, tenant.key) for tenant in tenants]
    elif kind == "user":
        copies = [_of_user(statement, label) for label in deployment.iam_users]
    else:
        raise DeploymentError(f"a statement of {deployment.blueprint} is ForEach {kind!r}; there is tenant and user")
    for number, copied in enumerate(copies, 1):
        # A Sid occurs once in a policy, and takes letters and digits alone, so no key and no name can stand in it.
        yield {**copied, "Sid": f"{copied['Sid']}{number}"} if "Sid" in copied else copied


def _of_user(statement: Document, label: str) -> Document:
    filled: Document = json.loads(json.dumps(statement).replace(USER, _quoted(label)))
    return filled


def _values(deployment: Deployment) -> Iterator[tuple[str, str]]:
    region, account = deployment.region, deployment.account
    yield "@{account}", account
    yield "@{region}", region
    yield "@{user_pool.id}", deployment.user_pool
    yield "@{user_pool.arn}", f"arn:aws:cognito-idp:{region}:{account}:userpool/{deployment.user_pool}"
    yield "@{user_pool.issuer}", f"https://{deployment.provider}"
    yield "@{user_pool.provider}", deployment.provider
    yield "@{identity_pool.id}", deployment.identity_pool
    yield "@{outsiders.identity_pool.id}", deployment.outsiders_identity_pool
    yield "@{api.id}", deployment.api
    yield "@{api.arn}", f"arn:aws:execute-api:{region}:{account}:{deployment.api}"
    for kind, names in _named(deployment):
        for name, (arn, actual) in names.items():
            yield f"@{{{kind}.{name}.arn}}", arn
            yield f"@{{{kind}.{name}.name}}", actual
    for name, client_id in deployment.app_clients.items():
        yield f"@{{client.{name}.id}}", client_id


def _named(deployment: Deployment) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    region, account = deployment.region, deployment.account
    yield (
        "table",
        {
            name: (f"arn:aws:dynamodb:{region}:{account}:table/{actual}", actual)
            for name, actual in deployment.tables.items()
        },
    )
    yield "bucket", {name: (f"arn:aws:s3:::{actual}", actual) for name, actual in deployment.buckets.items()}
    for kind, arns in (("role", deployment.roles), ("function", deployment.functions)):
        yield kind, {name: (arn, arn.rpartition("/" if kind == "role" else ":")[2]) for name, arn in arns.items()}
    yield (
        "iam_user",
        {
            label: (f"arn:aws:iam::{account}:user{IAM_PATH}{actual}", actual)
            for label, actual in deployment.iam_users.items()
        },
    )


def _quoted(key: str) -> str:
    # A key may hold what JSON escapes; it must not be able to change the document around it.
    return json.dumps(key)[1:-1]


def as_environment(values: Any, deployment: Deployment) -> dict[str, str]:
    """Return the environment variables of a function, complete."""
    return {str(name): resolved(str(value), deployment) for name, value in dict(values).items()}
