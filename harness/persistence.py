"""Calls of the operator that have to be performed, whatever happens to them on the way.

A call that was disturbed is sent again. Where nobody knows whether it was performed, and doing it twice would make two
of something, it is looked for first. On targets where changes are seen later, a call that comes too early for what it
refers to is sent again as well (aws-semantics 6.7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.recoveries import ALREADY_THERE, is_recoverable, recovered
from harness.targets.api import ApiResponse
from harness.targets.target import LONGEST_SETTLING
from harness.targets.transient import Disturbance, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.targets.api import ApiRequest
    from harness.targets.target import Target

_MAKES = re.compile(r"(Create|Put|Attach|Set|Update|Add|Admin)")
# `Code: message` of calls that refer to something which is not seen yet.
_TOO_EARLY = re.compile(
    r"(NoSuchEntity:"
    r"|MalformedPolicy(Document)?: .*[Pp]rincipal"
    r"|InvalidIdentityPoolConfigurationException:"
    r"|InvalidParameterValueException: The role defined for the function cannot be assumed"
    r"|ValidationException: .*[Pp]rincipal"
    r"|InvalidParameterException: .*[Rr]ole)"
)


def performed(
    target: Target, request: ApiRequest, send: Callable[[ApiRequest], ApiResponse] | None = None
) -> ApiResponse:
    """Return the answer to a call that is performed once, however often it has to be sent.

    `send` is how the call is sent, by default as the operator. The answer is the last one when all was in vain.
    """
    sender = send or target.send_as_operator
    answer = sender(request)
    patience = target.settling_seconds if _MAKES.match(request.operation) else 0.0
    if target.disturbance_of(answer) is None and not (patience and _is_too_early(answer)):
        return answer
    calls = _Repeating(target, request, sender, in_doubt=target.disturbance_of(answer) is Disturbance.UNKNOWN)

    def again(each: ApiResponse) -> bool:
        return target.disturbance_of(each) is not None or bool(patience and _is_too_early(each))

    if patience:
        # What is not seen yet takes its time, however often it is looked for.
        return repeated(calls.send, again, seconds=max(60.0, patience * LONGEST_SETTLING), tries=None)
    return repeated(calls.send, again)


def is_gone(answer: ApiResponse) -> bool:
    """Tell whether a call was refused because what it is about is not there."""
    code = answer.error_code or ""
    return "NotFound" in code or code.startswith("NoSuch")


class _Repeating:
    """Sends a call again, once it has looked whether that is needed."""

    def __init__(
        self, target: Target, request: ApiRequest, sender: Callable[[ApiRequest], ApiResponse], *, in_doubt: bool
    ) -> None:
        self._target = target
        self._request = request
        self._sender = sender
        self._in_doubt = in_doubt

    def send(self) -> ApiResponse:
        if self._in_doubt and (found := recovered(self._target, self._request)) is not None:
            return _success(found)
        answer = self._sender(self._request)
        if self._target.disturbance_of(answer) is Disturbance.UNKNOWN:
            self._in_doubt = True
        elif self._in_doubt and _was_performed_before(self._request, answer):
            found = recovered(self._target, self._request) if is_recoverable(self._request) else {}
            return answer if found is None else _success(found)
        return answer


def _was_performed_before(request: ApiRequest, answer: ApiResponse) -> bool:
    """Tell whether a call is refused for no other reason than that it was performed when nobody knew."""
    if request.operation.startswith(("Delete", "AdminDelete")):
        return is_gone(answer)
    return answer.error_code in ALREADY_THERE or (
        request.operation == "AdminConfirmSignUp" and "CONFIRMED" in answer.message
    )


def _is_too_early(answer: ApiResponse) -> bool:
    return bool(_TOO_EARLY.match(f"{answer.error_code}: {answer.message}"))


def _success(data: dict[str, Any]) -> ApiResponse:
    return ApiResponse(200, data, "")
