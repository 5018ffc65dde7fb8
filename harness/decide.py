"""The JSON-lines front end of `harness decide`: one request with its policies per line in, one decision per line out.

`decide_lines(lines, *, explain, bad_lines=None)` yields one line of JSON per line read. A line that cannot be answered
gets `{"line": 3, "error": "..."}` (with its `id` when it has one), its number is appended to `bad_lines`, and the rest
is still answered; the command ends with status 1 when `bad_lines` is not empty afterwards. Blank lines are skipped.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from harness.policy import Explanation, MalformedPolicyDocument, Policy, PolicyKind, PolicySet, Request, parse_policy
from harness.policy import explain as explain_decision

_KINDS: Final = {
    "identity": PolicyKind.IDENTITY,
    "session": PolicyKind.SESSION,
    "boundary": PolicyKind.BOUNDARY,
    "resource": PolicyKind.RESOURCE,
    "scp": PolicyKind.SCP,
    "rcp": PolicyKind.RCP,
}
_TEXTS: Final = ("principal", "action", "resource", "resource_account")
_REQUIRED: Final = frozenset({"principal", "action", "resource"})
_FIELDS: Final = frozenset({*_TEXTS, "context"})
_LINE: Final = frozenset({"id", "policies", "request"})
# The actions a role's trust policy answers for; its statements have no Resource element.
_ON_A_ROLE: Final = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext")


class _BadLineError(ValueError):
    """What is wrong with a line, in words for the person who wrote it."""


def decide_lines(lines: Iterable[str], *, explain: bool, bad_lines: list[int] | None = None) -> Iterator[str]:
    """Yield the answer to each line as JSON: `id`, `decision` and `reason`, with `explain` also `explanation`.

    The reason is the clause AWS would print, empty when the request is allowed. Nothing is raised for a bad line, see
    the module's own text. An empty list of policies means that no policy of that kind is present.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        identity: dict[str, Any] = {}
        try:
            parsed = _object(_decoded(line), "the line")
            if "id" in parsed:
                identity = {"id": parsed["id"]}
            answer = _answer(_explanation(parsed), explain=explain)
        except (_BadLineError, MalformedPolicyDocument) as error:
            if bad_lines is not None:
                bad_lines.append(number)
            answer = {"line": number, "error": str(error)}
        yield json.dumps(identity | answer)


def _answer(explanation: Explanation, *, explain: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {"decision": explanation.outcome.value, "reason": explanation.sentence}
    if explanation.unsettled:
        answer["unsettled"] = list(explanation.unsettled)
    if explain:
        answer["explanation"] = explanation.as_dict()
    return answer


def _explanation(parsed: Mapping[str, Any]) -> Explanation:
    if unknown := sorted(parsed.keys() - _LINE):
        raise _BadLineError(f"unknown field {unknown[0]!r}; a line has id, policies and request")
    if "request" not in parsed:
        raise _BadLineError("the field 'request' is missing")
    request = _request(_object(parsed["request"], "request"))
    policies = _object(parsed.get("policies", {}), "policies")
    if unknown := sorted(policies.keys() - _KINDS.keys()):
        raise _BadLineError(f"unknown kind of policy {unknown[0]!r}; known are {', '.join(_KINDS)}")
    found = {name: _policies(name, policies.get(name), request.action) for name in _KINDS}
    policy_set = PolicySet(
        identity=found["identity"],
        session=found["session"] or None,
        boundary=found["boundary"] or None,
        resource=found["resource"],
        scp=found["scp"] or None,
        rcp=found["rcp"] or None,
    )
    return explain_decision(policy_set, request)


def _request(parsed: Mapping[str, Any]) -> Request:
    if missing := sorted(_REQUIRED - parsed.keys()):
        raise _BadLineError(f"request.{missing[0]} is missing")
    if unknown := sorted(parsed.keys() - _FIELDS):
        raise _BadLineError(f"unknown field request.{unknown[0]}; known are {', '.join(sorted(_FIELDS))}")
    texts = {name: parsed.get(name, "") for name in _TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise _BadLineError(f"request.{name} must be a string")
    return Request(**texts, context=_context(_object(parsed.get("context", {}), "request.context")))


def _context(parsed: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    for key, given in parsed.items():
        if key.lower() in context:
            raise _BadLineError(f"request.context has {key!r} twice; key names have no case")
        values = given if isinstance(given, list) else [given]
        context[key.lower()] = tuple(_text(value, f"request.context[{key!r}]") for value in values)
    return context


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _BadLineError(f"{where} must be a list of strings")


def _policies(name: str, given: Any, action: str) -> tuple[Policy, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise _BadLineError(f"policies.{name} must be a list of policy documents")
    kind = _KINDS[name]
    if kind is PolicyKind.RESOURCE and action.lower().startswith(_ON_A_ROLE):
        kind = PolicyKind.TRUST
    return tuple(_policy(document, kind, f"{name}[{position}]") for position, document in enumerate(given))


def _policy(document: Any, kind: PolicyKind, name: str) -> Policy:
    if not isinstance(document, dict | str):
        raise _BadLineError(f"policies.{name} must be a policy document")
    text = document if isinstance(document, str) else json.dumps(document)
    try:
        return _parsed(text, kind, name)
    except MalformedPolicyDocument as error:
        raise _BadLineError(f"MalformedPolicyDocument: policies.{name}: {error}") from error


@lru_cache(maxsize=256)
def _parsed(text: str, kind: PolicyKind, name: str) -> Policy:
    """Return the compiled policy; many lines share their policies."""
    return parse_policy(text, kind=kind, name=name)


def _decoded(line: str) -> Any:
    try:
        return json.loads(line, parse_float=_finite, parse_constant=_finite, object_pairs_hook=_unique)
    except _BadLineError:
        raise
    except (ValueError, RecursionError) as error:
        raise _BadLineError(f"not JSON: {error}") from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _BadLineError(f"not JSON: {text} is no number")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise _BadLineError(f"the key {twice!r} stands twice in one object")
    return found


def _object(parsed: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(parsed, dict):
        raise _BadLineError(f"{what} must be a JSON object")
    return parsed
