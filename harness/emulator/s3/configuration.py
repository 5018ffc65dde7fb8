"""What is set on a bucket as a whole: versioning, ownership, Block Public Access, its policy, tags and ACL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.s3.bucket_policies import BucketPolicy, read_bucket_policy
from harness.emulator.s3.buckets import Ownership, PublicAccessBlock
from harness.emulator.s3.errors import malformed_xml, method_not_allowed
from harness.emulator.s3.objects import Versioning
from harness.emulator.s3.owners import acl_reply, check_acl
from harness.emulator.s3.tags import tagging_reply
from harness.emulator.s3.xml import local_name, read_xml, text_members, xml_reply
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.iam.directory import Directories
    from harness.emulator.s3.buckets import Bucket
    from harness.emulator.s3.call import Perform, S3Call

_DONE = Reply(204, {}, b"")
_OK = Reply(200, {}, b"")
# XML member of PublicAccessBlockConfiguration -> our name.
_SETTINGS = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


class BucketConfiguration:
    """Reads and changes the settings of buckets; `operations` has what it performs by name."""

    def __init__(self, directories: Directories) -> None:
        self._directories = directories
        self.operations: Mapping[str, Perform] = {
            "GetBucketLocation": _get_location,
            "GetBucketVersioning": _get_versioning,
            "PutBucketVersioning": _put_versioning,
            "GetBucketOwnershipControls": _get_ownership,
            "PutBucketOwnershipControls": _put_ownership,
            "GetPublicAccessBlock": _get_public_access_block,
            "PutPublicAccessBlock": _put_public_access_block,
            "DeletePublicAccessBlock": _delete_public_access_block,
            "GetBucketPolicy": self._get_policy,
            "PutBucketPolicy": self._put_policy,
            "DeleteBucketPolicy": _delete_policy,
            "GetBucketPolicyStatus": _get_policy_status,
            "GetBucketTagging": _get_tagging,
            "PutBucketTagging": _put_tagging,
            "DeleteBucketTagging": _delete_tagging,
            "GetBucketAcl": _get_acl,
            "PutBucketAcl": _put_acl,
        }

    def _get_policy(self, call: S3Call) -> Reply:
        _only_for_the_owners_account(call)
        text = _policy_of(call.bucket).shown(self._directories)
        return Reply(200, {"Content-Type": "application/json"}, text.encode())

    def _put_policy(self, call: S3Call) -> Reply:
        bucket, principal = call.bucket, call.principal
        _only_for_the_owners_account(call)
        try:
            text = call.asked.body.decode("utf-8")
        except UnicodeDecodeError:
            raise ServiceError("MalformedPolicy", "This policy contains invalid Json") from None
        policy = read_bucket_policy(text, bucket.name, self._directories)
        if policy.public and bucket.blocks.block_public_policy:
            arn = "" if principal is None else principal.arn
            raise ServiceError(
                "AccessDenied",
                f"User: {arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
                f'"arn:aws:s3:::{bucket.name}" because public policies are prevented by the BlockPublicPolicy setting '
                "in S3 Block Public Access",
                403,
            )
        bucket.policy = policy
        return _DONE


def _only_for_the_owners_account(call: S3Call) -> None:
    if call.is_from_outside:
        raise method_not_allowed()


def _policy_of(bucket: Bucket) -> BucketPolicy:
    if bucket.policy is None:
        raise ServiceError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
    return bucket.policy


def _delete_policy(call: S3Call) -> Reply:
    _only_for_the_owners_account(call)
    call.bucket.policy = None
    return _DONE


def _get_policy_status(call: S3Call) -> Reply:
    is_public = _policy_of(call.bucket).public
    return xml_reply("PolicyStatus", [("IsPublic", "true" if is_public else "false")])


def _get_location(call: S3Call) -> Reply:
    region = "" if call.bucket.region == "us-east-1" else call.bucket.region
    body = f'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{region}</LocationConstraint>'
    return Reply(200, {"Content-Type": "application/xml"}, body.encode())


def _get_versioning(call: S3Call) -> Reply:
    status = call.bucket.objects.versioning
    return xml_reply("VersioningConfiguration", [("Status", status.value)] if status else [])


def _put_versioning(call: S3Call) -> Reply:
    members = text_members(read_xml(call.asked.body, "VersioningConfiguration"), ("Status", "MfaDelete"), ("Status",))
    if members.get("MfaDelete", "Disabled") != "Disabled":
        raise NotDerivableError("deletion with MFA")
    if members["Status"] not in (Versioning.ENABLED, Versioning.SUSPENDED):
        raise malformed_xml()
    call.bucket.objects.versioning = Versioning(members["Status"])
    return _OK


def _get_ownership(call: S3Call) -> Reply:
    return xml_reply("OwnershipControls", [("Rule", [("ObjectOwnership", call.bucket.ownership.value)])])


def _put_ownership(call: S3Call) -> Reply:
    root = read_xml(call.asked.body, "OwnershipControls")
    if [local_name(child) for child in root] != ["Rule"]:
        raise malformed_xml()
    call.bucket.ownership = ownership_of(
        text_members(root[0], ("ObjectOwnership",), ("ObjectOwnership",))["ObjectOwnership"]
    )
    return _OK


def ownership_of(name: str) -> Ownership:
    """Return the setting with this name; raises ServiceError MalformedXML."""
    try:
        return Ownership(name)
    except ValueError:
        raise malformed_xml() from None


def _get_public_access_block(call: S3Call) -> Reply:
    settings = call.bucket.public_access
    if settings is None:
        raise ServiceError(
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404
        )
    shown = [(name, "true" if getattr(settings, member) else "false") for name, member in _SETTINGS.items()]
    return xml_reply("PublicAccessBlockConfiguration", shown)


def _put_public_access_block(call: S3Call) -> Reply:
    members = text_members(read_xml(call.asked.body, "PublicAccessBlockConfiguration"), _SETTINGS)
    if not set(members.values()) <= {"true", "false", "TRUE", "FALSE"}:
        raise malformed_xml()
    given = {_SETTINGS[name]: value.lower() == "true" for name, value in members.items()}
    # What is not given is off.
    call.bucket.public_access = PublicAccessBlock(**{**dict.fromkeys(_SETTINGS.values(), False), **given})
    return _OK


def _delete_public_access_block(call: S3Call) -> Reply:
    call.bucket.public_access = None
    return _DONE


def _get_tagging(call: S3Call) -> Reply:
    if not call.bucket.tags:
        raise ServiceError("NoSuchTagSet", "The TagSet does not exist", 404)
    return tagging_reply(call.bucket.tags, {})


def _put_tagging(call: S3Call) -> Reply:
    call.bucket.tags = dict(call.asked.tags or {})
    return _DONE


def _delete_tagging(call: S3Call) -> Reply:
    call.bucket.tags = {}
    return _DONE


def _get_acl(call: S3Call) -> Reply:
    return acl_reply(call.bucket.owner)


def _put_acl(call: S3Call) -> Reply:
    check_acl(call)
    return _OK
