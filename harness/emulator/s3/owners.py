"""Canonical user ids and ACLs: who owns what (S3 User Guide, "Object Ownership" and "ACL overview")."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from harness.emulator.s3.buckets import Ownership
from harness.emulator.s3.errors import invalid_argument
from harness.emulator.s3.operations import ACL_HEADERS
from harness.emulator.s3.xml import local_name, read_xml
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import s3 as unconfirmed
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from harness.emulator.s3.call import S3Call
    from harness.emulator.s3.xml import Node

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_OWNERS = "bucket-owner-full-control"
_PUBLIC = frozenset({"public-read", "public-read-write", "authenticated-read"})
_CANNED = _PUBLIC | {"private", "aws-exec-read", "bucket-owner-read", "log-delivery-write", _OWNERS}
_GROUPS = ("AllUsers", "AuthenticatedUsers")


def canonical_id(account: str) -> str:
    """Return the canonical user id of an account."""
    return hashlib.sha256(f"canonical user {account}".encode()).hexdigest()


def owner_node(account: str) -> Node:
    """Return the Owner element."""
    return ("Owner", [("ID", canonical_id(account))])


def acl_reply(account: str) -> Reply:
    """Return the ACL of whatever only its owner's ACL speaks of: full control for the owner."""
    user = canonical_id(account)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<AccessControlPolicy xmlns="{_NAMESPACE}"><Owner><ID>{user}</ID></Owner>'
        f'<AccessControlList><Grant><Grantee xmlns:xsi="{_XSI}" xsi:type="CanonicalUser"><ID>{user}</ID></Grantee>'
        "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
    return Reply(200, {"Content-Type": "application/xml"}, body.encode())


def check_acl(call: S3Call) -> None:
    """Return when the ACL that a request sets changes nothing, because it names the owner only.

    Raises ServiceError AccessControlListNotSupported where ACLs are disabled, AccessDenied for a public one that is
    blocked, InvalidArgument for an unknown one, NotDerivableError for grants to others, which are not judged here.
    """
    bucket, headers = call.bucket, call.asked.headers
    sets = call.asked.operation in ("PutObjectAcl", "PutBucketAcl")
    body = call.asked.body if sets else b""
    canned = headers.get("x-amz-acl")
    if canned is not None and canned not in _CANNED:
        raise invalid_argument("The canned ACL you specified is not valid")
    grants = {name: value for name, value in headers.items() if name in ACL_HEADERS and name != "x-amz-acl"}
    given = _full_control_of(bucket.owner, body) if body else None
    disabled = bucket.ownership is Ownership.BUCKET_OWNER_ENFORCED
    if not grants and canned in (None, _OWNERS, *(() if disabled else ("private",))) and given is not False:
        return
    if disabled:
        raise ServiceError("AccessControlListNotSupported", unconfirmed.ACLS_NOT_SUPPORTED)
    text = "".join(grants.values()) + body.decode(errors="replace")
    if bucket.blocks.block_public_acls and (canned in _PUBLIC or any(group in text for group in _GROUPS)):
        arn = "anonymous" if call.principal is None else call.principal.arn
        action = "s3:PutObjectAcl" if call.asked.key else "s3:PutBucketAcl"
        resource = f"arn:aws:s3:::{bucket.name}" + (f"/{call.asked.key}" if call.asked.key else "")
        message = unconfirmed.PUBLIC_ACL_BLOCKED.format(arn=arn, action=action, resource=resource)
        raise ServiceError("AccessDenied", message, 403)
    raise NotDerivableError("grants of ACLs to others than the bucket's owner")


def _full_control_of(account: str, body: bytes) -> bool:
    """Tell whether an AccessControlPolicy grants full control to the owner and nothing to anybody else."""
    root = read_xml(body, "AccessControlPolicy")
    grants = [child for child in root.iter() if local_name(child) == "Grant"]
    return [_shown(grant) for grant in grants] == [(canonical_id(account), "FULL_CONTROL")]


def _shown(grant: ET.Element) -> tuple[str, str]:
    texts = {local_name(element): element.text or "" for element in grant.iter()}
    return texts.get("ID", ""), texts.get("Permission", "")
