"""Plain HTTP requests to APIs and function URLs find whoever is registered for them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.http.raw_http import RawCall, raw_call_by_host, raw_call_by_path
from harness.emulator.service import NOT_DERIVABLE, ServiceError
from harness.emulator.signatures.sigv4 import SignedRequest
from harness.emulator.wire import Reply


@dataclass
class _Recorder:
    calls: list[RawCall] = field(default_factory=list)

    def answer(self, call: RawCall, request_id: str) -> Reply:
        assert request_id
        self.calls.append(call)
        if call.path == "/refused":
            raise ServiceError("Unauthorized", "Unauthorized", 401)
        return Reply(200, {"Content-Type": "text/plain"}, b"from the API")


def _request(url: str) -> SignedRequest:
    return SignedRequest("GET", url, {}, b"")


@pytest.mark.parametrize(
    ("url", "kind", "name", "region", "path", "query"),
    [
        (
            "https://abc.execute-api.eu-west-1.amazonaws.com/a%2Fb?x=1",
            "execute-api",
            "abc",
            "eu-west-1",
            "/a%2Fb",
            "x=1",
        ),
        ("https://abc.lambda-url.us-east-1.on.aws", "lambda-url", "abc", "us-east-1", "/", ""),
        ("http://localhost:1/_aws/execute-api/abc/stage/p?x=1", "execute-api", "abc", None, "/stage/p", "x=1"),
        ("http://localhost:1/_aws/lambda-url/abc", "lambda-url", "abc", None, "/", ""),
    ],
)
def test_hosts_and_paths_name_the_same_thing(
    url: str, kind: str, name: str, region: str | None, path: str, query: str
) -> None:
    request = _request(url)
    found = raw_call_by_path(request) if region is None else raw_call_by_host(request, url.split("/")[2])
    assert found == RawCall(kind, name, region, path, query, request)


@pytest.mark.parametrize("host", ["abc.execute-api.eu-west-1.on.aws", "execute-api.eu-west-1.amazonaws.com", "abc.def"])
def test_other_hosts_are_none_of_these(host: str) -> None:
    assert raw_call_by_host(_request(f"https://{host}/"), host) is None


def test_the_gateway_hands_over_what_is_registered_and_refuses_the_rest() -> None:
    cloud = EmbeddedCloud()
    recorder = _Recorder()
    api = "https://abc.execute-api.us-east-1.amazonaws.com"
    function_url = "https://abc.lambda-url.us-east-1.on.aws/"
    assert json.loads(cloud.gateway.answer(_request(function_url), "r").body)["__type"] == NOT_DERIVABLE
    cloud.gateway.raw_http["execute-api"] = recorder
    assert cloud.gateway.answer(_request(f"{api}/items"), "r").body == b"from the API"
    assert cloud.gateway.answer(_request(f"{api}/refused"), "r").status == 401
    assert [call.path for call in recorder.calls] == ["/items", "/refused"]
    cloud.close()
