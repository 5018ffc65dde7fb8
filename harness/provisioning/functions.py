"""Making a blueprint's functions: each one Python module in a zip archive, packaged the same way for every target."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from harness.deployment import operate
from harness.placeholders import as_environment
from harness.provisioning.making import make

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.targets.target import Target

_RUNTIME = "python3.11"
_SECONDS = 20


def make_functions(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    """Make the functions; their roles and whatever their environment names must exist."""
    for function in blueprint.functions:
        name = deployment.name_of(function.name)
        made = make(
            target,
            deployment,
            "function",
            name,
            Runtime=_RUNTIME,
            Handler="index.handler",
            Role=deployment.roles[function.role],
            Timeout=_SECONDS,
            Environment={"Variables": as_environment(function.environment, deployment)},
            Code={"ZipFile": _packaged(function.source)},
        )
        deployment.functions[function.name] = made["FunctionArn"]


def allow_triggers(blueprint: Blueprint, target: Target, deployment: Deployment) -> None:
    """Let the user pool call the functions that it triggers."""
    triggers = blueprint.user_pool.triggers if blueprint.user_pool is not None else {}
    pool = f"arn:aws:cognito-idp:{deployment.region}:{deployment.account}:userpool/{deployment.user_pool}"
    for name in sorted(set(triggers.values())):
        allow_invocation(target, deployment, name, "cognito-idp.amazonaws.com", pool)


def allow_invocation(target: Target, deployment: Deployment, function: str, service: str, source: str) -> None:
    """Let a service call a function on behalf of one resource."""
    operate(
        target,
        "lambda",
        "AddPermission",
        FunctionName=deployment.name_of(function),
        StatementId=service.partition(".")[0],
        Action="lambda:InvokeFunction",
        Principal=service,
        SourceArn=source,
    )


def _packaged(source: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        # A fixed date, so that the same source always makes the same archive.
        package.writestr(zipfile.ZipInfo("index.py", (2020, 1, 1, 0, 0, 0)), source)
    return archive.getvalue()
