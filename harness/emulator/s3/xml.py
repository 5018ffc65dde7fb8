"""S3's XML: bodies read strictly, answers written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from harness.emulator.s3.errors import malformed_xml
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Blanks that a reader of XML would turn into others.
_BLANKS = {"\r": "&#13;"}

Node: TypeAlias = "tuple[str, str | Sequence[Node]]"


def xml_reply(root: str, nodes: Iterable[Node], headers: Mapping[str, str] | None = None) -> Reply:
    """Return a successful answer whose body is one element with these children, each a name with text or children."""
    body = f'{_DECLARATION}<{root} xmlns="{_NAMESPACE}">{"".join(map(_written, nodes))}</{root}>'
    return Reply(200, {"Content-Type": "application/xml", **(headers or {})}, body.encode())


def _written(node: Node) -> str:
    name, content = node
    inner = escape(content, _BLANKS) if isinstance(content, str) else "".join(map(_written, content))
    return f"<{name}>{inner}</{name}>"


def read_xml(body: bytes, root: str) -> ET.Element:
    """Return the root element of a body; raises ServiceError MalformedXML when it is another or no XML."""
    try:
        element = ET.fromstring(body)  # noqa: S314  expat refuses entity bombs
    except (ET.ParseError, LookupError, ValueError):
        raise malformed_xml() from None
    if local_name(element) != root:
        raise malformed_xml()
    return element


def local_name(element: ET.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def text_members(element: ET.Element, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, str]:
    """Return the text of each child; raises ServiceError MalformedXML for any other, repeated or missing child."""
    members = {local_name(child): child.text or "" for child in element}
    nested = any(len(child) for child in element)
    if nested or len(members) != len(element) or not set(required) <= members.keys() <= set(known):
        raise malformed_xml()
    return members
