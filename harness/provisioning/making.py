"""Making one thing: recorded by its name before the call goes out, with our marks in that very call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import refusal
from harness.persistence import performed
from harness.provisioning.kinds.registry import KINDS
from harness.recoveries import ALREADY_THERE
from harness.targets.api import ApiRequest
from harness.targets.transient import Disturbance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.deployment import Deployment
    from harness.targets.api import ApiResponse
    from harness.targets.target import Target

_CLIENT_ERRORS = range(400, 500)


def make(target: Target, deployment: Deployment, kind: str, name: str, **params: Any) -> Mapping[str, Any]:
    """Make something of this kind and name, and return the answer. `params` prevail over the marks.

    Raises DeploymentError saying what was refused.
    """
    known = KINDS[kind]
    deployment.record(kind, name)
    marked = {**known.marked(name, deployment.marks, target.region), **params}
    answers: list[ApiResponse] = []

    def send(request: ApiRequest) -> ApiResponse:
        answers.append(target.send_as_operator(request))
        return answers[-1]

    answer = performed(target, ApiRequest(known.service, known.creation, marked), send)
    if not answer.succeeded:
        # A name that is taken may be taken by this very call, whose answer was lost and which was then repeated. And
        # whatever the last sending was refused for, throttling or an expired session, one before may have made it.
        in_doubt = any(target.disturbance_of(each) is Disturbance.UNKNOWN for each in answers)
        is_refused = answer.status in _CLIENT_ERRORS and answer.error_code not in ALREADY_THERE
        if not in_doubt and (is_refused or answer.error_code == "ParamValidationError"):
            deployment.was_refused(kind, name)
        raise refusal(target, known.service, known.creation, answer)
    deployment.was_made(kind, name, known.id_of(target, name, answer.data))
    return answer.data
