"""An embedded account set up as sandbox/README.md says: the harness is the role with the policy that is shipped."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.marks import Marks
from harness.secret import Secret
from harness.stage import DeploymentPlace
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.emulator.authorization import Decision
    from harness.targets.api import ApiResponse
    from harness.targets.http import BearerToken, HttpRequest, HttpResponse

_FOLDER = Path(__file__).parents[2] / "sandbox"
OPERATOR_ROLE = "harness-operator"
BOUNDARY = "harness-boundary"
_TWELVE_HOURS = 43_200
_ANYBODY_HERE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def document(name: str, account: str = "111122223333", region: str = "us-east-1") -> str:
    """Return a file of the folder `sandbox`, filled in for an account and a Region."""
    text = (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
    return text.replace("ACCOUNT_ID", account).replace("REGION", region)


def statements(name: str) -> list[dict[str, Any]]:
    """Return the statements of a file."""
    found: list[dict[str, Any]] = json.loads(document(name))["Statement"]
    return found


def actions(name: str) -> set[str]:
    """Return the actions that the statements of a file name."""
    named = [statement["Action"] for statement in statements(name)]
    return {action for each in named for action in ([each] if isinstance(each, str) else each)}


class SandboxTarget(EmbeddedTarget):
    """An embedded target like a sandbox account: whoever provisions has no more than the policy that is shipped.

    `asked` has by action the resources on which the operator needed leave, and `bounded` what was refused to anybody
    for the boundary alone.
    """

    def __init__(self, region: str = "us-east-1") -> None:
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.bounded: list[str] = []
        super().__init__(region)
        self.administrator = self._operator
        self._operator = self._become_the_role()

    @property
    def boundary(self) -> str:
        return f"arn:aws:iam::{self.account}:policy/{BOUNDARY}"

    def place(self, **marks: str) -> DeploymentPlace:
        """How something is deployed here: with the boundary on every role."""
        run = secrets.token_hex(4)
        return DeploymentPlace(run, Marks(run, boundary=self.boundary, **marks))

    def administer(self, service: str, operation: str, **params: Any) -> ApiResponse:
        """Perform a call as somebody who may do everything in the account."""
        answer = super().send(ApiRequest(service, operation, params), self.administrator)
        assert answer.succeeded, answer
        return answer

    @staticmethod
    def credentials_of(answer: ApiResponse) -> AwsCredentials:
        """Return the credentials in an answer of STS."""
        keys = answer.data["Credentials"]
        return AwsCredentials(
            Secret(keys["AccessKeyId"]), Secret(keys["SecretAccessKey"]), Secret(keys["SessionToken"])
        )

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        answer = super().send(request, credentials)
        self._note(self.rulings(answer))
        return answer

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        answer = super().send_http(request, caller)
        self._note(self.rulings(answer))
        return answer

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        answer = super().send_as_operator(request)
        for decision in self.rulings(answer):
            self.asked[decision.request.action].add(decision.request.resource)
        return answer

    def _note(self, decisions: Iterable[Decision]) -> None:
        refused = [decision for decision in decisions if not decision.allowed]
        self.bounded += [
            f"{decision.request.action} on {decision.request.resource} for {decision.request.principal}"
            for decision in refused
            if "permissions boundary" in decision.explanation().sentence
        ]

    def _become_the_role(self) -> AwsCredentials:
        self.operator_arn = f"arn:aws:iam::{self.account}:role/{OPERATOR_ROLE}"
        self.administer(
            "iam", "CreatePolicy", PolicyName=BOUNDARY, PolicyDocument=self._filled_in("permissions-boundary")
        )
        self.administer(
            "iam",
            "CreateRole",
            RoleName=OPERATOR_ROLE,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [_ANYBODY_HERE]}),
            MaxSessionDuration=_TWELVE_HOURS,
        )
        policy = self._filled_in("harness-role-policy")
        self.administer("iam", "PutRolePolicy", RoleName=OPERATOR_ROLE, PolicyName="harness", PolicyDocument=policy)
        session = {"RoleSessionName": "nightly", "DurationSeconds": _TWELVE_HOURS}
        return self.credentials_of(self.administer("sts", "AssumeRole", RoleArn=self.operator_arn, **session))

    def _filled_in(self, name: str) -> str:
        return document(name, self.account, self.region)
