"""Reading and writing REST-JSON from the service models: what is understood, and that nothing else is let through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.emulator.rest_requests import rest_service
from harness.emulator.service import NOT_DERIVABLE, ServiceError
from harness.emulator.signatures.sigv4 import SignedRequest

FUNCTIONS = "/2015-03-31/functions"


def _request(method: str, path: str, body: Any = b"", **headers: str) -> SignedRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SignedRequest(method, f"https://lambda.us-east-1.amazonaws.com{path}", headers, content)


def test_path_query_header_and_body_become_parameters() -> None:
    arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af"
    headers = {"x-amz-invocation-type": "DryRun"}
    asked = rest_service("lambda").read(
        _request("POST", f"{FUNCTIONS}/{arn}/invocations?Qualifier=%24LATEST", b"{", **headers)
    )
    assert asked.operation == "Invoke"
    assert asked.params == {
        "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Qualifier": "$LATEST",
        "InvocationType": "DryRun",
        "Payload": b"{",
    }


def test_members_are_named_as_in_the_model_and_blobs_are_bytes() -> None:
    body = {"FunctionName": "f", "Code": {"ZipFile": "aGk="}, "Description": None}
    asked = rest_service("lambda").read(_request("POST", FUNCTIONS, body))
    assert asked.params == {"FunctionName": "f", "Code": {"ZipFile": b"hi"}}
    jwt = {"name": "n", "jwtConfiguration": {"audience": ["a"], "issuer": "i"}}
    asked = rest_service("apigatewayv2").read(_request("POST", "/v2/apis/x/authorizers", jwt))
    assert asked.params == {"ApiId": "x", "Name": "n", "JwtConfiguration": {"Audience": ["a"], "Issuer": "i"}}


def test_the_most_literal_path_is_meant() -> None:
    read = rest_service("lambda").read
    assert read(_request("GET", f"{FUNCTIONS}/f/configuration")).operation == "GetFunctionConfiguration"
    assert read(_request("GET", f"{FUNCTIONS}/")).operation == "ListFunctions"
    assert rest_service("apigateway").read(_request("POST", "/restapis", {"name": "a"})).operation == "CreateRestApi"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(_request("GET", "/2015-03-31/nothing"), id="path"),
        pytest.param(_request("PATCH", FUNCTIONS), id="method"),
        pytest.param(_request("GET", f"{FUNCTIONS}/a/b/c/d"), id="too-long"),
        pytest.param(_request("GET", f"{FUNCTIONS}?Unknown=1"), id="query"),
        pytest.param(_request("GET", f"{FUNCTIONS}?MaxItems=1&MaxItems=2"), id="query-twice"),
        pytest.param(_request("POST", FUNCTIONS, {"FunctionName": "f", "Unknown": 1}), id="member"),
        pytest.param(_request("POST", FUNCTIONS, {"Code": {"Unknown": 1}}), id="nested-member"),
        pytest.param(_request("GET", FUNCTIONS, **{"x-amz-unknown": "1"}), id="header"),
        pytest.param(_request("POST", FUNCTIONS, b"{}", **{"content-encoding": "gzip"}), id="encoding"),
    ],
)
def test_what_the_model_does_not_have_is_refused_as_unknown(request_: SignedRequest) -> None:
    with pytest.raises(ServiceError) as refused:
        rest_service("lambda").read(request_)
    assert refused.value.code == NOT_DERIVABLE


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", {"Code": {"ZipFile": "no base64"}}])
def test_a_body_that_cannot_be_read_is_refused(body: Any) -> None:
    with pytest.raises(ServiceError) as refused:
        rest_service("lambda").read(_request("POST", FUNCTIONS, body))
    assert (refused.value.code, refused.value.status) == ("SerializationException", 400)


def test_a_call_is_authorized_on_the_path_it_is_sent_to() -> None:
    sent = rest_service("apigateway").sent_as("PutMethod", {"restApiId": "a", "resourceId": "b", "httpMethod": "GET"})
    assert sent == ("PUT", "/restapis/a/resources/b/methods/GET")


def test_answers_have_the_status_headers_and_names_of_the_model() -> None:
    reply = rest_service("lambda").render("Invoke", {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": b"x"})
    assert (reply.status, reply.headers, reply.body) == (200, {"X-Amz-Function-Error": "Unhandled"}, b"x")
    reply = rest_service("apigatewayv2").render("CreateApi", {"ApiId": "a", "CreatedDate": 0.5})
    assert (reply.status, json.loads(reply.body)) == (201, {"apiId": "a", "createdDate": "1970-01-01T00:00:00Z"})
    assert rest_service("apigatewayv2").render("DeleteApi", {}).status == 204
