"""The IAM user who provisions where the harness is only given the root user, who can do anything but assume roles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.errors import TargetError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.targets.api import ApiResponse

_EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def make_operator(
    send: Callable[[ApiRequest], ApiResponse], name: str, path: str = "/", tags: Mapping[str, str] | None = None
) -> AwsCredentials:
    """Make an IAM user who may do everything and return its keys; `send` makes calls as the root user.

    Raises TargetError when the target refuses.
    """
    tagged = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}
    steps = [
        ApiRequest("iam", "CreateUser", {"UserName": name, "Path": path, **tagged}),
        ApiRequest(
            "iam",
            "PutUserPolicy",
            {"UserName": name, "PolicyName": "everything", "PolicyDocument": json.dumps(_EVERYTHING)},
        ),
        ApiRequest("iam", "CreateAccessKey", {"UserName": name}),
    ]
    for step in steps:
        answer = send(step)
        if not answer.succeeded:
            raise TargetError(f"the target lets nobody make an operator: {step.operation}: {answer.message}")
    key = answer.data["AccessKey"]
    return AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))
