"""What an execution environment is given: environment variables as on AWS, and credentials of the execution role."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from harness.emulator.functions.runtime import Task
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import functions as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.functions.functions import Function
    from harness.emulator.sts.service import SecurityTokenService

LAMBDA = "lambda.amazonaws.com"
_SESSION_SECONDS = 12 * 3600
_SPARE_SECONDS = 60
# Lambda page "Using environment variables": names that a function's configuration must not set.
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
# Names by which a function could leave this cloud, or make its AWS clients mean another one.
_REDIRECTING = ("AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "HTTP_PROXY")
_MOST_BYTES = 4096


class FunctionTasks:
    """Makes the tasks of the functions of one account in one Region. Called by whoever holds the turn."""

    def __init__(self, sts: SecurityTokenService, clock: Clock, door: Callable[[], str]) -> None:
        self._sts = sts
        self._clock = clock
        self._door = door

    def check_role(self, role_arn: str, function_arn: str) -> None:
        """Return when Lambda may assume the role; raise ServiceError InvalidParameterValueException otherwise."""
        if role_arn.split(":")[4] != function_arn.split(":")[4]:
            raise ServiceError("AccessDeniedException", unconfirmed.CROSS_ACCOUNT_PASS_ROLE, 403)
        if not self._sts.trusts_service(role_arn, LAMBDA, _source(function_arn)):
            raise ServiceError("InvalidParameterValueException", unconfirmed.ROLE_NOT_ASSUMABLE)

    def task_of(self, function: Function) -> Task:
        """Return what a new environment of the function runs, with new credentials.

        Raises ServiceError AccessDeniedException when the role does not trust Lambda any more.
        """
        configuration = function.configuration
        name, region = configuration["FunctionName"], function.arn.split(":")[3]
        issued = self._sts.assume_for_service(
            configuration["Role"],
            name,
            LAMBDA,
            context=_source(function.arn),
            session_keys={"lambda:sourcefunctionarn": (function.arn,)},
            duration=_SESSION_SECONDS,
        )
        if issued is None:
            raise ServiceError("AccessDeniedException", unconfirmed.ROLE_NOT_ASSUMABLE, 403)
        token = issued.session_token
        scratch = str(function.scratch)
        variables = {
            **(configuration.get("Environment") or {}).get("Variables", {}),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": configuration["Version"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"[$LATEST]{uuid.uuid4().hex}",
            "AWS_ACCESS_KEY_ID": issued.access_key_id,
            "AWS_SECRET_ACCESS_KEY": issued.secret_access_key.reveal(),
            "AWS_SESSION_TOKEN": token.reveal() if token is not None else "",
            "LAMBDA_TASK_ROOT": str(function.task_root),
            "_HANDLER": configuration["Handler"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PATH": os.defpath,
            # Not on AWS: where this cloud answers, and that nothing else is asked for credentials or settings.
            "AWS_ENDPOINT_URL": self._door(),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "HOME": scratch,
            "TMPDIR": scratch,
        }
        return Task(
            task_root=function.task_root,
            handler=configuration["Handler"],
            timeout=configuration["Timeout"],
            arn=function.arn,
            expires=self._clock.now() + _SESSION_SECONDS - configuration["Timeout"] - _SPARE_SECONDS,
            variables=variables,
        )


def check_variables(variables: Mapping[str, str]) -> None:
    """Return when a function may set these environment variables.

    Raises ServiceError InvalidParameterValueException for what Lambda refuses, and NotDerivableError for names that
    would make the function's AWS clients leave this cloud.
    """
    if reserved := sorted(_RESERVED & set(variables)):
        message = unconfirmed.RESERVED_VARIABLES.format(names=", ".join(reserved))
        raise ServiceError("InvalidParameterValueException", message)
    if sum(len(name.encode()) + len(value.encode()) for name, value in variables.items()) > _MOST_BYTES:
        raise ServiceError("InvalidParameterValueException", unconfirmed.VARIABLES_TOO_LARGE)
    for name in variables:
        if name.upper().startswith(_REDIRECTING):
            raise NotDerivableError(f"the environment variable {name} of a function")


def _source(function_arn: str) -> dict[str, tuple[str, ...]]:
    return {"aws:sourcearn": (function_arn,), "aws:sourceaccount": (function_arn.split(":")[4],)}
