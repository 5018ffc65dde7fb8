"""What was said on the wire, fit to be shown: secrets replaced, bodies readable, a command to repeat it."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from harness.secret import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.targets.api import ApiRequest, ApiResponse

_CLI_NAMES = {"s3": "s3api"}


def exchange_evidence(requests: Sequence[ApiRequest], responses: Sequence[ApiResponse]) -> dict[str, Any]:
    """Return the whole exchange as plain, redacted JSON: per step the request, the answer and an AWS CLI command."""
    return {
        "steps": [
            {
                "request": {
                    "service": request.service,
                    "operation": request.operation,
                    "parameters": redact(dict(request.params)),
                },
                "response": {
                    "status": response.status,
                    "error": response.error_code,
                    "message": redact(response.message),
                    "data": redact(dict(response.data)),
                    "request_id": response.request_id,
                },
                "command": aws_cli(request),
            }
            for request, response in zip(requests, responses, strict=True)
        ]
    }


def aws_cli(request: ApiRequest) -> str:
    """Return the AWS CLI command of a call, with placeholders where secrets stood."""
    service = _CLI_NAMES.get(request.service, request.service)
    operation = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", request.operation).lower()
    parameters = json.dumps(redact(dict(request.params)), default=str)
    return f"aws {service} {operation} --cli-input-json {shlex.quote(parameters)}"
