"""Which route a request means (API Gateway pages "Working with routes for HTTP APIs" and "Set up a method")."""

from __future__ import annotations

import pytest

from harness.emulator.apis.routes import Route, is_template, match

KEYS = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /pets/{name}/toys",
    "GET /pets",
    "ANY /{proxy+}",
    "$default",
]


def _routes(*keys: str) -> list[Route]:
    routes = []
    for key in keys:
        method, _, path = ("ANY", "", key) if key == "$default" else key.partition(" ")
        routes.append(Route(method, path, key, "NONE", None, (), None))
    return routes


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/3", "GET /pets/{proxy+}", {"proxy": "cat/3"}),
        ("POST", "/pets/cat/3", "ANY /{proxy+}", {"proxy": "pets/cat/3"}),
        ("POST", "/pets/cat/toys", "ANY /pets/{name}/toys", {"name": "cat"}),
        ("GET", "/pets/cat/toys", "ANY /pets/{name}/toys", {"name": "cat"}),
        ("GET", "/", "$default", {}),
        pytest.param("GET", "/pets/dog/a%2Fb", "GET /pets/dog/{id}", {"id": "a/b"}, id="encoded-slash"),
        pytest.param("GET", "/pets/d%6Fg/1", "GET /pets/dog/1", {}, id="decoded-once"),
        pytest.param("GET", "/pets/dog/%2531", "GET /pets/dog/{id}", {"id": "%31"}, id="decoded-only-once"),
        pytest.param("GET", "/Pets", "ANY /{proxy+}", {"proxy": "Pets"}, id="case-matters"),
        pytest.param("GET", "/pets/", "ANY /{proxy+}", {"proxy": "pets/"}, id="trailing-slash-matters"),
        pytest.param("GET", "//pets", "ANY /{proxy+}", {"proxy": "/pets"}, id="double-slash-is-kept"),
        pytest.param("GET", "/pets//toys", "GET /pets/{proxy+}", {"proxy": "/toys"}, id="no-empty-parameter"),
        pytest.param("GET", "/pets/../x", "GET /pets/{proxy+}", {"proxy": "../x"}, id="dot-segments-are-kept"),
    ],
)
def test_the_most_specific_route_takes_the_request(
    method: str, path: str, key: str, parameters: dict[str, str]
) -> None:
    for keys in (KEYS, KEYS[::-1]):
        found = match(_routes(*keys), method, path)
        assert found is not None
        assert (found.route.key, found.parameters) == (key, parameters)


@pytest.mark.parametrize("request_line", ["POST /a", "GET /A", "GET /a/", "GET /", "GET /b/"])
def test_without_a_route_that_fits_there_is_none(request_line: str) -> None:
    method, path = request_line.split()
    assert match(_routes("GET /a", "GET /b/{name}", "GET /b/{more+}"), method, path) is None


@pytest.mark.parametrize("path", ["", "a", "/a//b", "/a/", "/{a", "/{a+}/b", "/a{b}", "/{}"])
def test_other_path_templates_are_refused(path: str) -> None:
    assert not is_template(path)


@pytest.mark.parametrize("path", ["/", "/a/{b}/{c+}", "/a-b_c.d"])
def test_path_templates_have_literal_and_named_segments(path: str) -> None:
    assert is_template(path)
