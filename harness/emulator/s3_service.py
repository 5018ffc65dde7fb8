"""The service S3: what a request asks is authorized, and only then performed by the store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from harness.emulator import unconfirmed
from harness.emulator.s3_requests import S3Request, delete_check, list_check, read_content, read_s3_request
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.sigv4 import unsigned
from harness.emulator.wire import Protocol, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.moto_adapter import MotoAdapter
    from harness.emulator.principals import Principal
    from harness.emulator.sigv4 import SignedRequest, VerifiedSignature

_NOT_FOUND = 404
_KEYS_PER_DELETE = 1000
# Blanks that a reader of XML would turn into others.
_XML_BLANKS = {"\r": "&#13;"}


class S3Service:
    """The buckets of one account."""

    def __init__(self, account: str, moto: MotoAdapter, authorizer: ScopedAuthorizer) -> None:
        self._account = account
        self._moto = moto
        self._authorizer = authorizer

    def answer(self, request: SignedRequest, verified: VerifiedSignature | None) -> Reply:
        """Return the answer to a request whose signature has been checked; `verified` is None for an unsigned one.

        Raises the ServiceError that S3 would answer, or NotDerivableError for what is not known.
        """
        if verified is None:
            # No bucket policy is stored in this cut, so nothing can speak for an anonymous caller.
            raise unsigned(Protocol.REST_XML)
        principal = verified.principal
        asked = read_s3_request(request, self._account)
        content, trailers = read_content(request)
        self._authorizer.require_all(principal, asked.checks)
        for bucket in {asked.bucket, *(asked.source or ())[:1]} - {""}:
            if asked.operation != "CreateBucket" and not self._moto.has_bucket(bucket):
                raise ServiceError("NoSuchBucket", "The specified bucket does not exist", _NOT_FOUND)
        if asked.operation == "DeleteObjects":
            return self._delete_objects(asked, content, principal)
        if asked.operation == "PutObject":
            asked = replace(asked, headers=_without_chunking({**asked.headers, **trailers}))
        reply = self._moto.s3(request.method, asked, content)
        if reply.status == _NOT_FOUND and unconfirmed.MISSING_KEY_NEEDS_LIST_BUCKET and asked.key:
            # Whoever may not list is not told whether a key exists (aws-semantics 2.3).
            self._authorizer.require_all(principal, [list_check(asked, (asked.source or (asked.bucket,))[0])])
        return reply

    def _delete_objects(self, asked: S3Request, content: bytes, principal: Principal) -> Reply:
        entries = []
        keys, quiet = _keys_to_delete(content)
        for key in keys:
            shown = f"<Key>{escape(key, _XML_BLANKS)}</Key>"
            try:
                self._authorizer.require_all(principal, [delete_check(asked, key)])
            except NotDerivableError:
                raise
            except ServiceError as error:
                entries.append(
                    f"<Error>{shown}<Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
                )
                continue
            self._moto.s3("DELETE", replace(asked, key=key))
            if not quiet:
                entries.append(f"<Deleted>{shown}</Deleted>")
        body = f'<?xml version="1.0" encoding="UTF-8"?><DeleteResult>{"".join(entries)}</DeleteResult>'
        return Reply(200, {"Content-Type": "application/xml"}, body.encode())


def _without_chunking(headers: Mapping[str, str]) -> dict[str, str]:
    # S3 stores the encodings of the object, not that of its way here.
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    kept = ",".join(part for part in encodings if part not in ("", "aws-chunked"))
    others = {name: value for name, value in headers.items() if name != "content-encoding"}
    return {**others, "content-encoding": kept} if kept else others


def _keys_to_delete(body: bytes) -> tuple[list[str], bool]:
    """Return the keys, and whether only errors shall be reported. Anything but plain keys is refused."""
    malformed = ServiceError("MalformedXML", "The XML you provided was not well-formed or did not validate.")
    try:
        root = ET.fromstring(body)  # noqa: S314  our own client's body; expat refuses entity bombs
    except ET.ParseError:
        raise malformed from None
    keys, quiet = [], False
    for child in root:
        if _local(child) == "Quiet":
            quiet = (child.text or "").strip().lower() == "true"
            continue
        members = [_local(member) for member in child]
        if _local(child) != "Object" or members.count("Key") != 1 or not child[members.index("Key")].text:
            raise malformed
        if len(members) != 1:
            raise NotDerivableError("DeleteObjects with versions or conditions")
        keys.append(child[0].text or "")
    if _local(root) != "Delete" or not 0 < len(keys) <= _KEYS_PER_DELETE:
        raise malformed
    return keys, quiet


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
