"""What was said on the wire, fit to be shown: secrets replaced, bodies readable, a command to repeat it."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from harness.secret import Secret, redact, redact_text
from harness.targets.api import ApiRequest
from harness.targets.http import RouteCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.targets.api import ApiResponse

_CLI_NAMES = {"s3": "s3api"}


def exchange_evidence(requests: Sequence[ApiRequest | RouteCall], responses: Sequence[ApiResponse]) -> dict[str, Any]:
    """Return the whole exchange as plain, redacted JSON: per step request, answer and a command to repeat it."""
    return {
        "steps": [
            {
                "request": {
                    "service": request.service,
                    "operation": request.operation,
                    "parameters": _parameters(request),
                },
                "response": {
                    "status": response.status,
                    "error": response.error_code,
                    "message": redact(response.message),
                    "data": redact(dict(response.data)),
                    "request_id": response.request_id,
                },
                "command": curl(request) if isinstance(request, RouteCall) else aws_cli(request),
            }
            for request, response in zip(requests, responses, strict=True)
        ]
    }


def _parameters(request: ApiRequest | RouteCall) -> object:
    if isinstance(request, ApiRequest):
        return redact(dict(request.params))
    sent = request.request
    signature = "AWS Signature Version 4" if request.signed else None
    shown = {name: "[redacted]" if isinstance(value, Secret) else value for name, value in sent.headers.items()}
    authorization = "Bearer [redacted]" if request.token is not None else signature
    return {
        "url": redact_text(sent.url),
        "headers": redact(shown),
        "authorized by": authorization or "nothing",
        "body": redact(sent.body.decode("utf-8", "replace")),
    }


def curl(call: RouteCall) -> str:
    """Return the curl command of a call, with placeholders where secrets stood."""
    words = ["curl", "-X", call.request.method]
    if call.token is not None:
        words += ["-H", "Authorization: Bearer $TOKEN"]
    if call.signed:
        words += ["--aws-sigv4", "aws:amz:$AWS_REGION:execute-api"]
    for name, value in call.request.headers.items():
        words += ["-H", f"{name}: {'[redacted]' if isinstance(value, Secret) else value}"]
    return shlex.join([*words, redact_text(call.request.url)])


def aws_cli(request: ApiRequest) -> str:
    """Return the AWS CLI command of a call, with placeholders where secrets stood."""
    service = _CLI_NAMES.get(request.service, request.service)
    operation = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", request.operation).lower()
    parameters = json.dumps(redact(dict(request.params)), default=str)
    return f"aws {service} {operation} --cli-input-json {shlex.quote(parameters)}"
