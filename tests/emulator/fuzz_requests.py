"""Malformed and hostile requests from one seed: valid ones of every service, mutated before or after they are signed.

| kind | what is done |
| --- | --- |
| parameters | a parameter is replaced, removed, renamed or added, and the request signed anew |
| wire | method, path, query, headers or bytes of the body are changed, and the request signed anew |
| tampered | a signed request is changed so that its signature no longer holds |
| unsigned | a request without any signature |
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from fuzz_templates import FOREIGN, OWN, TARGETS, Template, templates
from fuzz_values import mutated_text, mutated_tree, nasty_text

from harness.emulator.signatures.sigv4 import SignedRequest
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from fuzz_world import World

    from harness.emulator.principals import IssuedCredentials

_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "get", "TRACE", "MKCOL")
_HEADERS = (
    "x-moto-account-id",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-tagging",
    "x-amz-target",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "x-amz-expected-bucket-owner",
    "x-amz-decoded-content-length",
    "x-amz-meta-a",
    "content-type",
    "content-encoding",
    "content-md5",
    "range",
    "if-match",
    "expect",
    "host",
    "date",
    "x-http-method-override",
    "authorization",
)
_QUERIES = (
    "Action=DeleteRole&RoleName=tenant",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "X-Amz-Signature=0",
    "acl",
    "policy",
    "tagging",
    "uploads",
    "versions",
    "versionId=null",
    "delete",
    "list-type=2&prefix=foreign/",
    "prefix=",
    "max-keys=-1",
    "uploadId=x&partNumber=1",
    "response-content-type=text/html",
    "a=%FF",
    "=",
    "&&",
    "%",
)


@dataclass(frozen=True)
class Case:
    """One request. `tampered` marks one whose signature does not hold; `caller` who signed it before."""

    kind: str
    caller: str
    operation: str
    request: SignedRequest
    public: bool

    @property
    def authenticated(self) -> bool:
        """Whether somebody's signature holds."""
        return self.kind in ("parameters", "wire", "presigned")


class Fuzzer:
    """Requests to the endpoints of one world, the same ones for the same seed and number."""

    def __init__(self, random: Random, world: World) -> None:
        self._random = random
        self._world = world
        self._templates = templates(world.names)

    def cases(self, count: int, caller: str) -> Iterator[Case]:
        """Yield so many requests, of which the signed ones are signed by `caller`: "tenant" or "root"."""
        issued = self._world.tenant if caller == "tenant" else self._world.root
        kinds = ("parameters", "wire", "tampered", "unsigned", "presigned")
        weights = (45, 20, 20, 10, 5)
        made = 0
        while made < count:
            kind = self._random.choices(kinds, weights)[0]
            template = self._random.choice(self._templates)
            request = getattr(self, f"_{kind}")(template, issued)
            if request is not None:
                made += 1
                yield Case(kind, caller, template.operation, request, template.public)

    def _parameters(self, template: Template, issued: IssuedCredentials) -> SignedRequest | None:
        return self._signed(self._with_other_parameters(template), issued)

    def _wire(self, template: Template, issued: IssuedCredentials) -> SignedRequest | None:
        if self._random.random() < 0.5:
            template = self._with_other_parameters(template)
        for _ in range(self._random.randint(1, 2)):
            template = self._with_other_wire(template)
        return self._signed(template, issued)

    def _presigned(self, template: Template, issued: IssuedCredentials) -> SignedRequest | None:
        if self._random.random() < 0.7:
            template = self._with_other_parameters(template)
        if template.service != "s3":
            fields = template.body.decode("utf-8", "replace") if template.is_form else ""
            url = f"{template.url}?{quote(fields, safe='=&%+.-_~')}" if fields else template.url
            template = replace(template, method="GET" if fields else "POST", url=url, body=b"")
        signer = S3SigV4QueryAuth if template.service == "s3" else SigV4QueryAuth
        return self._signed(template, issued, signer)

    def _unsigned(self, template: Template, _: IssuedCredentials) -> SignedRequest | None:
        if self._random.random() < 0.7:
            template = self._with_other_parameters(template)
        if self._random.random() < 0.3:
            template = self._with_other_wire(template)
        headers = {name: value for name, value in template.headers.items() if name != "authorization"}
        return SignedRequest(template.method, template.url, headers, template.body)

    def _tampered(self, template: Template, issued: IssuedCredentials) -> SignedRequest | None:
        signed = self._signed(template, issued)
        if signed is None:
            return None
        change = self._random.choice(
            (
                self._other_signature,
                self._other_secret,
                self._without_token,
                self._other_key,
                self._other_body,
                self._other_url,
                self._other_signed_header,
                self._other_time,
            )
        )
        return change(template, issued, signed)

    def _signed(self, template: Template, issued: IssuedCredentials, signer: Any = None) -> SignedRequest | None:
        token = issued.session_token
        credentials = Credentials(
            issued.access_key_id, issued.secret_access_key.reveal(), None if token is None else token.reveal()
        )
        request = AWSRequest(template.method, template.url, data=template.body)
        for name, value in template.headers.items():
            if name not in ("authorization", "x-amz-content-sha256", "x-amz-security-token", "x-amz-date"):
                request.headers[name] = value
        request.context["client_config"] = None
        signer = signer or (S3SigV4Auth if template.service == "s3" else SigV4Auth)
        try:
            signer(credentials, template.service, template.region).add_auth(request)
        except (UnicodeError, ValueError):  # what cannot be signed cannot be sent by a client either
            return None
        values: dict[str, Any] = dict(request.headers.items())
        headers = {name.lower(): v.decode() if isinstance(v, bytes) else str(v) for name, v in values.items()}
        body = b"" if request.data == "" else template.body
        return SignedRequest(template.method, str(request.url), headers, body)

    def _with_other_parameters(self, template: Template) -> Template:
        if template.tree is None:
            return self._with_other_object(template)
        tree = copy.deepcopy(template.tree)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            tree = mutated_tree(self._random, tree, self._world.names)
        if template.is_form:
            body = urlencode([(str(name), str(value)) for name, value in tree.items()], errors="replace")
            if self._random.random() < 0.1:
                body = mutated_text(self._random, body)
            return replace(template, body=body.encode("utf-8", "replace"), tree=tree)
        return replace(template, body=json.dumps(tree).encode(), tree=tree)

    def _with_other_object(self, template: Template) -> Template:
        spot = self._random.choice(("key", "query", "header", "body"))
        if spot == "key":
            key = self._random.choice((nasty_text(self._random), FOREIGN, f"{OWN}/../{FOREIGN}", f"{OWN}%2F..", ""))
            return replace(
                template, url=template.base + quote(key, errors="replace", safe=self._random.choice(("", "/", "/%.+ ")))
            )
        if spot == "query":
            return self._with_query(template)
        if spot == "header":
            return self._with_header(template)
        return replace(template, body=self._flipped(template.body))

    def _with_other_wire(self, template: Template) -> Template:
        spot = self._random.choice(("method", "query", "header", "body", "path", "target"))
        if spot == "method":
            return replace(template, method=self._random.choice(_METHODS))
        if spot == "query":
            return self._with_query(template)
        if spot == "body":
            return replace(template, body=self._flipped(template.body))
        if spot == "path":
            path = self._random.choice(("moto-api/", "/", "../", "%00", "a/b", "_isolation/reset", "fuzz-files/own/k"))
            return replace(template, url=template.url + path)
        if spot == "target":
            other = self._random.choice(self._templates).headers.get("x-amz-target", self._random.choice(TARGETS))
            return replace(template, headers={**template.headers, "x-amz-target": other})
        return self._with_header(template)

    def _with_query(self, template: Template) -> Template:
        query = self._random.choice(
            (*_QUERIES, quote(nasty_text(self._random), errors="replace"), f"prefix={quote(FOREIGN)}")
        )
        return replace(template, url=f"{template.url}{'&' if '?' in template.url else '?'}{query}")

    def _with_header(self, template: Template) -> Template:
        name = self._random.choice(_HEADERS)
        values = (nasty_text(self._random), "foreign/k", "/fuzz-files/foreign/k", "public-read", "0", self._target())
        value = " ".join(self._random.choice(values).encode("utf-8", "replace").decode().split())
        return replace(template, headers={**template.headers, name: value})

    def _target(self) -> str:
        return self._random.choice(TARGETS)

    def _flipped(self, body: bytes) -> bytes:
        changed = bytearray(body or b"<Delete>")
        for _ in range(self._random.randint(1, 4)):
            spot = self._random.randrange(len(changed) + 1)
            action = self._random.randrange(3)
            if action == 0:
                changed[spot : spot + 1] = bytes([self._random.randrange(256)])
            elif action == 1:
                del changed[spot : spot + self._random.randint(1, 8)]
            else:
                changed[spot:spot] = changed[: self._random.randint(0, 12)]
        return bytes(changed)

    # --- changes after signing -----------------------------------------------------------------------------------

    def _other_signature(self, _: Template, __: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        header = signed.headers["authorization"]
        spot = self._random.randrange(1, 60)
        other = "0" if header[-spot] != "0" else "1"
        return _with_headers(signed, authorization=header[:-spot] + other + header[len(header) - spot + 1 :])

    def _other_secret(self, template: Template, issued: IssuedCredentials, _: SignedRequest) -> SignedRequest | None:
        return self._signed(template, replace(issued, secret_access_key=Secret(nasty_text(self._random) + "x")))

    def _without_token(self, _: Template, __: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        if "x-amz-security-token" not in signed.headers:
            return _with_headers(signed, **{"x-amz-security-token": "any"})
        if self._random.random() < 0.5:
            return _without_header(signed, "x-amz-security-token")
        return _with_headers(signed, **{"x-amz-security-token": signed.headers["x-amz-security-token"][:-1] + "!"})

    def _other_key(self, _: Template, issued: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        others = (self._world.root.access_key_id, self._world.tenant.access_key_id, "test", "000000000000", "AKIA")
        other = self._random.choice([key for key in others if key != issued.access_key_id])
        header = signed.headers["authorization"].replace(issued.access_key_id, other)
        return _with_headers(signed, authorization=header)

    def _other_body(self, template: Template, _: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        body = self._flipped(signed.body)
        if body == signed.body or (template.service == "s3" and not signed.body):
            body = signed.body + b" "
        return replace(signed, body=body)

    def _other_url(self, template: Template, _: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        if template.service == "s3" and self._random.random() < 0.5:
            return replace(signed, url=f"{template.base}{FOREIGN}.another")
        return replace(signed, url=f"{signed.url}{'&' if '?' in signed.url else '?'}prefix=foreign/")

    def _other_signed_header(self, _: Template, __: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        name = self._random.choice(("x-amz-target", "x-amz-acl", "x-amz-copy-source", "x-amz-date", "host"))
        value = {"x-amz-date": "20200101T000000Z", "host": "s3.amazonaws.com"}.get(name, self._target() + ".")
        return _with_headers(signed, **{name: value})

    def _other_time(self, _: Template, __: IssuedCredentials, signed: SignedRequest) -> SignedRequest:
        day = signed.headers["x-amz-date"][:8]
        header = signed.headers["authorization"].replace(f"/{day}/", "/20200101/")
        return _with_headers(signed, authorization=header)


def _with_headers(signed: SignedRequest, **headers: str) -> SignedRequest:
    return replace(signed, headers={**signed.headers, **headers})


def _without_header(signed: SignedRequest, name: str) -> SignedRequest:
    return replace(signed, headers={other: value for other, value in signed.headers.items() if other != name})
