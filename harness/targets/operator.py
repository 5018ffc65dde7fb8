"""The IAM user who provisions where the harness is only given the root user, who can do anything but assume roles."""

from __future__ import annotations

import json
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Operator:
    """Who provisions: the keys, and the ARN by which trust policies name their owner."""

    credentials: AwsCredentials
    arn: str

    @classmethod
    def from_told(cls, told: Mapping[str, str]) -> Operator:
        """Return the operator that `told` tells."""
        return cls(AwsCredentials(Secret(told["access_key_id"]), Secret(told["secret_access_key"])), told["arn"])

    def told(self) -> dict[str, str]:
        """Return the operator as another process of the run is told it: with the keys in the open."""
        return {
            "access_key_id": self.credentials.access_key_id.reveal(),
            "secret_access_key": self.credentials.secret_access_key.reveal(),
            "arn": self.arn,
        }


def make_operator(
    send: Callable[[ApiRequest], ApiResponse], name: str, path: str = "/", tags: Mapping[str, str] | None = None
) -> AwsCredentials:
    """Make an IAM user who may do everything and return its keys; `send` makes calls as the root user.

    One who is there already, of an earlier run, gets new keys. Raises TargetError when the target refuses.
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
        if answer.error_code == "EntityAlreadyExists":
            _take_keys_away(send, name)
        elif not answer.succeeded:
            raise TargetError(f"the target lets nobody make an operator: {step.operation}: {answer.message}")
    key = answer.data["AccessKey"]
    return AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))


def _take_keys_away(send: Callable[[ApiRequest], ApiResponse], name: str) -> None:
    for key in send(ApiRequest("iam", "ListAccessKeys", {"UserName": name})).data.get("AccessKeyMetadata", ()):
        send(ApiRequest("iam", "DeleteAccessKey", {"UserName": name, "AccessKeyId": key["AccessKeyId"]}))
