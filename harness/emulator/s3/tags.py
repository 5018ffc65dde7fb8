"""Tags of objects and buckets: as headers and XML carry them, and as condition keys (aws-semantics 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from harness.emulator.s3.errors import invalid_argument, malformed_xml
from harness.emulator.s3.xml import local_name, read_xml, text_members, xml_reply
from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from harness.emulator.wire import Reply

TAGS_PER_OBJECT = 10
TAGS_PER_BUCKET = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256


def tags_of_header(header: str) -> dict[str, str]:
    """Return the tags of an x-amz-tagging header; raises ServiceError InvalidArgument, InvalidTag or BadRequest."""
    try:
        pairs = parse_qsl(header, keep_blank_values=True, strict_parsing=bool(header), errors="strict")
    except ValueError:
        pairs = [("", "")] * 2
    if len(dict(pairs)) != len(pairs):
        raise invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates."
        )
    return _checked(pairs, TAGS_PER_OBJECT)


def tags_of_body(body: bytes, limit: int) -> dict[str, str]:
    """Return the tags of a `Tagging` document; raises ServiceError MalformedXML, InvalidTag or BadRequest."""
    root = read_xml(body, "Tagging")
    if [local_name(child) for child in root] != ["TagSet"]:
        raise malformed_xml()
    return tags_of_set(root[0], limit)


def tags_of_set(tag_set: Element, limit: int) -> dict[str, str]:
    """Return the tags that stand in an element, one `Tag` each; raises like `tags_of_body`."""
    pairs = []
    for element in tag_set:
        if local_name(element) != "Tag":
            raise malformed_xml()
        members = text_members(element, ("Key", "Value"), required=("Key", "Value"))
        pairs.append((members["Key"], members["Value"]))
    if len(dict(pairs)) != len(pairs):
        raise ServiceError("InvalidTag", "Cannot provide multiple Tags with the same key")
    return _checked(pairs, limit)


def tagging_reply(tags: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    """Return the answer that shows tags."""
    shown = [("Tag", [("Key", key), ("Value", value)]) for key, value in tags.items()]
    return xml_reply("Tagging", [("TagSet", shown)], headers)


def existing_tag_keys(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys s3:ExistingObjectTag/KEY of an object that has these tags."""
    return {f"s3:existingobjecttag/{key.lower()}": (value,) for key, value in tags.items()}


def request_tag_keys(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of a request that sets tags: s3:RequestObjectTag/KEY each, s3:RequestObjectTagKeys."""
    if not tags:
        return {}
    keys = {f"s3:requestobjecttag/{key.lower()}": (value,) for key, value in tags.items()}
    return {**keys, "s3:requestobjecttagkeys": tuple(tags)}


def _checked(pairs: list[tuple[str, str]], limit: int) -> dict[str, str]:
    if len(pairs) > limit:
        what = "Object" if limit == TAGS_PER_OBJECT else "Bucket"
        raise ServiceError("BadRequest", f"{what} tags cannot be greater than {limit}")
    for key, value in pairs:
        if not 0 < len(key) <= _LONGEST_KEY:
            raise ServiceError("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > _LONGEST_VALUE:
            raise ServiceError("InvalidTag", "The TagValue you have provided is invalid")
        if key.lower().startswith("aws:"):
            raise ServiceError("InvalidTag", "System tags cannot be added/updated by requester")
    return dict(pairs)
