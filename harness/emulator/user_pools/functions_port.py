"""The seam between services that call Lambda functions and whatever runs them.

User pools know only this protocol. The side that runs functions knows nothing of user pools; it decides whether the
function exists, whether its resource policy lets the calling service invoke it, and what comes of the invocation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class FunctionError(Exception):
    """An invocation brought no answer that the calling service could use. Raised as one of its subclasses only."""


class FunctionNotInvokableError(FunctionError):
    """The function could not be called: it does not exist, or its policy does not let the service invoke it.

    The calling services word this as they word a denied invocation (`... failed with error AccessDeniedException.`),
    so `reason` is for the harness's own record and is shown to no client.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FunctionFailedError(FunctionError):
    """The function was called and raised an error.

    `message` is the `errorMessage` of Lambda's error document, the words the function itself chose. AWS shows them to
    the client.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FunctionTimedOutError(FunctionError):
    """The function was called and did not answer in time."""


class Functions(Protocol):
    """Calls Lambda functions by ARN, on behalf of another AWS service and synchronously."""

    def invoke(
        self,
        function_arn: str,
        event: Mapping[str, Any],
        *,
        source_arn: str,
        principal: str,
    ) -> Any:
        """Return the JSON value with which the function answered the event; what it should be the caller knows.

        `function_arn` may carry a version or an alias. `principal` is the service that calls
        (`cognito-idp.amazonaws.com`) and `source_arn` the resource on whose behalf it does (the user pool): what the
        function's resource policy sees as aws:SourceArn; aws:SourceAccount follows from it. `event` is plain JSON and
        is never changed.

        Must be called by a thread that holds the gateway's turn: the implementation gives the turn away while the
        function runs (turn.py), so state that was read before the call may have changed when it returns.

        Raises FunctionNotInvokableError, FunctionFailedError or FunctionTimedOutError, and NotDerivableError when the
        function cannot be run here at all or did something that is not implemented.
        """
