"""What a weakness has changed: the statements of policies, and everything else a blueprint holds, by path."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from harness.placeholders import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.blueprints.spec import Blueprint, Document

# They say what the blueprint is and what is planted, and are never deployed.
_NOT_DEPLOYED = frozenset({"name", "title", "source", "weaknesses", "misconfigurations"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two blueprints.

    `path` says where, such as `roles[member].policies.own-data[OwnItems]` or `user_pool.app_clients[web].mutable`.
    For a statement of a policy, `policy` is a pattern of the names under which the policy engine speaks of the policy
    once it is deployed, and `sid` the statement's; both are empty elsewhere. `gone` tells of statements taken away.
    """

    path: str
    policy: str = ""
    sid: str = ""
    gone: bool = False

    def is_named_by(self, policy: str, statement: str) -> bool:
        """Tell whether a decision that names this policy and statement rests on what was changed."""
        if not self.policy or self.gone or re.fullmatch(self.policy, policy) is None:
            return False
        # A statement that stands for one of each tenant has a number behind its Sid; one without a Sid has a position.
        return re.fullmatch(rf"{re.escape(self.sid)}\d*" if self.sid else r"Statement\[\d+\]", statement) is not None


def changes(before: Blueprint, after: Blueprint) -> tuple[Change, ...]:
    """Return what differs between what two blueprints deploy, in the order of the fields."""
    return tuple(_of_dataclass("", before, after))


def _of_dataclass(path: str, before: Any, after: Any) -> Iterator[Change]:
    for each in fields(before):
        if not path and each.name in _NOT_DEPLOYED:
            continue
        here = f"{path}.{each.name}" if path else each.name
        yield from _of_value(here, getattr(before, each.name), getattr(after, each.name))


def _of_value(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    policy = _policy_at(path)
    if policy:
        yield from _of_document(path, policy, before, after)
    elif type(before) is type(after) and is_dataclass(before):
        yield from _of_dataclass(path, before, after)
    elif isinstance(before, tuple) and isinstance(after, tuple) and _are_named((*before, *after)):
        yield from _of_items(path, "[{}]", {each.name: each for each in before}, {each.name: each for each in after})
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _of_items(path, ".{}", before, after)
    else:
        yield Change(path)


def _of_items(path: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in (*before, *(added for added in after if added not in before)):
        here = path + key.format(name)
        if name in before and name in after:
            yield from _of_value(here, before[name], after[name])
        else:
            yield Change(here)


def _are_named(items: tuple[Any, ...]) -> bool:
    return all(is_dataclass(item) and hasattr(item, "name") for item in items)


def _policy_at(path: str) -> str:
    """Return the pattern of the names of the policy that stands at a path, empty where none does."""
    patterns = (
        (r"roles\[(.+?)\]\.policies\.(.+)", ".*-{}/{}"),
        (r"roles\[(.+?)\]\.trust", ".*-{}/trust"),
        (r"buckets\[(.+?)\]\.policy", ".*-{}/policy"),
        (r"tables\[(.+?)\]\.policy", ".*-{}/policy"),
        (r"contract\.personas\[.+?\]\.session_policy", "session policy"),
    )
    for at, name in patterns:
        found = re.fullmatch(at, path)
        if found is not None:
            return name.format(*(re.escape(part).replace(re.escape(TENANT), ".+") for part in found.groups()))
    return ""


def _of_document(path: str, policy: str, before: Document | None, after: Document | None) -> Iterator[Change]:
    was, now = _statements(before), _statements(after)
    for statement in now:
        if statement not in was:
            yield _change(path, policy, statement)
    kept = {statement.get("Sid") for statement in now} - {None}
    for statement in was:
        if statement not in now and statement.get("Sid") not in kept:
            yield _change(path, policy, statement, gone=True)


def _statements(document: Document | None) -> list[Document]:
    return [] if document is None else list(document["Statement"])


def _change(path: str, policy: str, statement: Document, *, gone: bool = False) -> Change:
    sid = str(statement.get("Sid", ""))
    return Change(f"{path}[{sid or 'without a Sid'}]", policy, sid, gone)
