"""An account at the other end of a network: real connections, retries below the verdict, a pace, a count of calls."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from harness.errors import TargetError
from harness.targets.calls import CallLog
from harness.targets.clients import Clients
from harness.targets.http import HttpResponse, as_api_response, prepared, received
from harness.targets.transient import Disturbance, disturbance_of, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from harness.advice.rulings import Ruling
    from harness.targets.api import ApiRequest, ApiResponse, AwsCredentials
    from harness.targets.http import BearerToken, HttpRequest
    from harness.targets.limits import RunLimits
    from harness.targets.pace import Pace
    from harness.targets.target import Capability

# Operations that may be sent once more although nobody knows whether they were performed: they change nothing that
# anybody would notice.
_HARMLESS = re.compile(
    r"(Get|List|Describe|Head|Query$|Scan$|BatchGet|TransactGet|Lookup|InitiateAuth$|AdminInitiateAuth$|AssumeRole)"
)
_SECONDS_TO_ANSWER = 60
# What fails so often in a row is no disturbance: of an operation that has never done anything else, and of one that
# has, whose service may be out of order for a minute.
_NOT_BY_CHANCE, _OUT_OF_ORDER = 6, 24
_NOT_IMPLEMENTED = 501
# Hosts of AWS, and of those who imitate them, behind an endpoint that answers for all of them.
_HOSTS_BEHIND = re.compile(r".*(\.amazonaws\.com|\.on\.aws|\.localhost\.localstack\.cloud)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where calls go: the Region, the account, and the one endpoint for all services (empty: AWS's own)."""

    name: str
    region: str
    account: str
    endpoint: str = ""


class RemoteTarget:
    """A target in another process. `operator` gives the credentials of whoever provisions, fresh for every call.

    Throttled requests, and disturbed ones that change nothing, are sent again with backoff, so that what comes back
    says something; of the others the last answer is returned, and `transient.disturbance_of` tells them.
    """

    capabilities: frozenset[Capability] = frozenset()

    def __init__(
        self,
        place: Place,
        operator: Callable[[], AwsCredentials],
        operator_arn: str,
        *,
        pace: Pace | None = None,
        limits: RunLimits | None = None,
        settling_seconds: float = 0.0,
    ) -> None:
        self.name, self.region, self.account = place.name, place.region, place.account
        self.operator_arn = operator_arn
        self.settling_seconds = settling_seconds
        self.log = CallLog()
        self._place = place
        self._operator = operator
        self._pace = pace
        self._limits = limits
        self._clients = Clients(self, place.region, place.endpoint)
        self._http = URLLib3Session(timeout=_SECONDS_TO_ANSWER)
        self._sending = ("", "")
        self._failed_in_a_row: Counter[tuple[str, str]] = Counter()
        self._worked: set[tuple[str, str]] = set()

    @property
    def calls(self) -> int:
        """The number of calls sent until now, by whomever, retries included."""
        return self.log.total

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        """Perform one API call as the given caller; None for calls that take no signature."""
        return repeated(
            lambda: self._once(request, credentials),
            lambda answer: _may_go_again(disturbance_of(answer), harmless=bool(_HARMLESS.match(request.operation))),
        )

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        """Perform one API call as the principal who provisions and inspects."""
        return self.send(request, self._operator())

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        """Send one HTTP request to an API of the target: signed, with a bearer token, or (None) as it is."""
        answers: list[HttpResponse] = []

        def once() -> ApiResponse:
            answers.append(self._http_once(request, caller))
            return as_api_response(answers[-1])

        repeated(once, lambda answer: _may_go_again(disturbance_of(answer), harmless=False))
        return answers[-1]

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Count a request that is about to go out, and let it."""
        del request
        self.log.note(*self._sending)
        return None

    def disturbance_of(self, answer: ApiResponse) -> Disturbance | None:
        """Return whether an answer tells nothing, and what is known of the request then."""
        return disturbance_of(answer)

    def explain(self, response: ApiResponse | HttpResponse) -> list[dict[str, Any]]:
        """Return nothing: a remote target does not tell how it decided."""
        del response
        return []

    def rulings(self, response: ApiResponse | HttpResponse) -> tuple[Ruling, ...]:
        """Return nothing, as above."""
        del response
        return ()

    def time_shifted(self, seconds: float) -> AbstractContextManager[None]:
        """Raise TargetError: nobody shifts the time of an account."""
        raise TargetError(f"the {self.name} target cannot be asked {seconds:+.0f} seconds from now")

    @contextmanager
    def unlimited(self) -> Iterator[None]:
        """Let the block send whatever it takes: what was made must be destroyed, whatever the limits of the run."""
        limits, self._limits = self._limits, None
        try:
            yield
        finally:
            self._limits = limits

    def close(self) -> None:
        """Close the connections of this process; what was made in the account stays."""
        self._http.close()

    def _once(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        pool = request.params.get("UserPoolId")
        self._wait(request.service, request.operation, pool if isinstance(pool, str) else None)
        answer = self._clients.send(request, credentials)
        failed = disturbance_of(answer) is Disturbance.UNKNOWN
        self._failed_in_a_row[self._sending] = self._failed_in_a_row[self._sending] + 1 if failed else 0
        if answer.succeeded:
            self._worked.add(self._sending)
        most = _OUT_OF_ORDER if self._sending in self._worked else _NOT_BY_CHANCE
        if self._failed_in_a_row[self._sending] >= most:
            # The target cannot do this at all: that is an answer, and asking again would only take time.
            return replace(answer, status=_NOT_IMPLEMENTED)
        return answer

    def _http_once(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        self._wait("execute-api", request.method, None)
        sent = prepared(request, caller, self.region)
        self._lead_to_endpoint(sent)
        self.log.note(*self._sending)
        try:
            return received(self._http.send(sent))
        except BotoCoreError as error:
            return HttpResponse(0, {"x-amzn-errortype": type(error).__name__}, b"", "")

    def _wait(self, service: str, operation: str, pool: str | None) -> None:
        if self._limits is not None:
            self._limits.check(self.log.total)
        if self._pace is not None:
            self._pace.wait(service, operation, self.region, pool)
        self._sending = (service, operation)

    def _lead_to_endpoint(self, sent: AWSPreparedRequest) -> None:
        """Send a request for a host of AWS to the endpoint that answers for it, under the name it was signed for."""
        parts = urlsplit(sent.url)
        if not self._place.endpoint or not _HOSTS_BEHIND.fullmatch(parts.hostname or ""):
            return
        there = urlsplit(self._place.endpoint)
        sent.headers["Host"] = parts.netloc
        sent.url = urlunsplit((there.scheme, there.netloc, parts.path, parts.query, ""))


def _may_go_again(disturbance: Disturbance | None, *, harmless: bool) -> bool:
    return disturbance is Disturbance.NOT_PERFORMED or (disturbance is Disturbance.UNKNOWN and harmless)
