"""Policy documents: from JSON text to compiled policies (IAM page "Grammar of the IAM JSON policy language")."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from harness.policy.conditions import Condition, compile_condition
from harness.policy.elements import (
    SYNTAX,
    JsonNumber,
    check_action,
    check_resource,
    is_unquoted,
    read_principals,
    read_strings,
    refuse_constant,
    unique_keys,
)
from harness.policy.errors import MalformedPolicyDocument
from harness.policy.kinds import NAMES_PRINCIPALS, PolicyKind
from harness.policy.operators import split_operator
from harness.policy.principals import (
    Naming,
    NamingCorner,
    compile_not_principal,
    compile_principal,
    not_principal_corner,
    principal_corner,
)
from harness.policy.statements import Statement, compile_actions, compile_applies, compile_resources, resource_facts

VARIABLES_SINCE: Final = "2012-10-17"
_VERSIONS: Final = frozenset({"2008-10-17", VARIABLES_SINCE})
_TOP_LEVEL: Final = frozenset({"Version", "Id", "Statement"})
_ELEMENTS: Final = frozenset(
    {
        *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"),
        *("Principal", "NotPrincipal", "Condition"),
    }
)
_PLAIN_SIDS: Final = frozenset({PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.BOUNDARY})
_PLAIN_SID: Final = re.compile(r"[0-9A-Za-z]*")
_CACHED_ACTIONS: Final = 1024

Split = tuple[tuple[Statement, ...], tuple[Statement, ...]]


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy, shared by every session it applies to; equal when name, kind and document are."""

    name: str
    kind: PolicyKind
    document: str = field(repr=False)
    version: str
    statements: tuple[Statement, ...] = field(compare=False, repr=False)
    _by_action: dict[str, Split] = field(default_factory=dict, init=False, compare=False, repr=False)

    def for_action(self, action_key: str) -> Split:
        """Return the Deny and the Allow statements whose Action covers the lower-case action name."""
        found = self._by_action.get(action_key)
        if found is None:
            if len(self._by_action) >= _CACHED_ACTIONS:
                self._by_action.clear()
            covering = [statement for statement in self.statements if statement.matches_action(action_key)]
            found = (
                tuple(statement for statement in covering if not statement.allows),
                tuple(statement for statement in covering if statement.allows),
            )
            self._by_action[action_key] = found
        return found


def parse_policy(document: str | Mapping[str, Any], *, kind: PolicyKind, name: str = "") -> Policy:
    """Return the compiled policy.

    Raises MalformedPolicyDocument, with AWS's reason and the place, for anything that breaks the grammar
    (aws-semantics 6.5). Unknown actions and condition keys are accepted and never match, as on AWS.
    """
    text, parsed = _decoded(document)
    if not isinstance(parsed, dict) or parsed.keys() - _TOP_LEVEL or "Statement" not in parsed:
        raise MalformedPolicyDocument(SYNTAX)
    version = parsed.get("Version", "2008-10-17")
    if not isinstance(version, str) or isinstance(version, JsonNumber):
        raise MalformedPolicyDocument(SYNTAX, "Version")
    if version not in _VERSIONS:
        raise MalformedPolicyDocument("Policy document must be version 2012-10-17 or greater.", "Version")
    if not isinstance(parsed.get("Id", ""), str):
        raise MalformedPolicyDocument(SYNTAX, "Id")
    statements = parsed["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicyDocument(SYNTAX, "Statement")
    reader = _StatementReader(name, kind, variables=version == VARIABLES_SINCE)
    compiled = tuple(reader.read(statement, index) for index, statement in enumerate(statements))
    return Policy(name, kind, text, version, compiled)


def _decoded(document: str | Mapping[str, Any]) -> tuple[str, Any]:
    try:
        text = document if isinstance(document, str) else json.dumps(dict(document))
        return text, json.loads(
            text,
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=refuse_constant,
            object_pairs_hook=unique_keys,
        )
    except MalformedPolicyDocument:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedPolicyDocument(SYNTAX) from error


class _StatementReader:
    def __init__(self, policy: str, kind: PolicyKind, *, variables: bool) -> None:
        self._policy, self._kind, self._variables = policy, kind, variables
        self._sids: set[str] = set()

    def read(self, parsed: Any, index: int) -> Statement:
        where = f"Statement[{index}]"
        if not isinstance(parsed, dict):
            raise MalformedPolicyDocument(SYNTAX, where)
        if unknown := sorted(parsed.keys() - _ELEMENTS):
            raise MalformedPolicyDocument(SYNTAX, f"{where}.{unknown[0]}")
        if parsed.get("Effect") not in ("Allow", "Deny"):
            raise MalformedPolicyDocument(SYNTAX, f"{where}.Effect")
        allows = parsed["Effect"] == "Allow"
        sid = self._sid(parsed.get("Sid", ""), f"{where}.Sid")
        named, naming_corner = self._named(parsed, where)
        element, patterns = _either(parsed, "Action", "NotAction", where, "Policy statement must contain actions.")
        for position, pattern in enumerate(patterns):
            check_action(pattern, f"{where}.{element}[{position}]")
        inverted, resources = self._resources(parsed, where)
        conditions = self._conditions(parsed.get("Condition", {}), f"{where}.Condition", allows=allows)
        matches_resource = compile_resources(resources, inverted=inverted, allows=allows, variables=self._variables)
        return Statement(
            policy=self._policy,
            kind=self._kind,
            label=sid or where,
            position=index,
            effect=parsed["Effect"],
            allows=allows,
            matches_action=compile_actions(patterns, inverted=element == "NotAction"),
            matches_resource=matches_resource,
            conditions=conditions,
            named=named,
            naming_corner=naming_corner,
            resources=resource_facts(resources, inverted=inverted, variables=self._variables),
            applies=compile_applies(matches_resource, conditions),
        )

    def _sid(self, sid: Any, where: str) -> str:
        if not isinstance(sid, str) or isinstance(sid, JsonNumber):
            raise MalformedPolicyDocument(SYNTAX, where)
        if self._kind in _PLAIN_SIDS and not _PLAIN_SID.fullmatch(sid):
            raise MalformedPolicyDocument(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                "[0-9A-Za-z]*",
                where,
            )
        if sid and sid in self._sids:
            raise MalformedPolicyDocument("Statement IDs (SID) in a single policy must be unique.", where)
        self._sids.add(sid)
        return sid

    def _named(self, parsed: dict[str, Any], where: str) -> tuple[Naming | None, NamingCorner | None]:
        given = [element for element in ("Principal", "NotPrincipal") if element in parsed]
        if self._kind not in NAMES_PRINCIPALS:
            if given:
                raise MalformedPolicyDocument("Policy document should not specify a principal.", f"{where}.{given[0]}")
            return None, None
        if not given:
            raise MalformedPolicyDocument("Missing required field Principal", where)
        if len(given) > 1:
            raise MalformedPolicyDocument(SYNTAX, where)
        principals = read_principals(parsed[given[0]], f"{where}.{given[0]}")
        if given[0] == "Principal":
            return compile_principal(principals), principal_corner(principals)
        return compile_not_principal(principals), not_principal_corner(principals)

    def _resources(self, parsed: dict[str, Any], where: str) -> tuple[bool, Sequence[str]]:
        if self._kind is PolicyKind.TRUST:
            if given := [element for element in ("Resource", "NotResource") if element in parsed]:
                raise MalformedPolicyDocument(f"Has prohibited field {given[0]}", f"{where}.{given[0]}")
            return False, ["*"]
        element, patterns = _either(
            parsed, "Resource", "NotResource", where, "Policy statement must contain resources."
        )
        for position, pattern in enumerate(patterns):
            check_resource(pattern, f"{where}.{element}[{position}]")
        return element == "NotResource", patterns

    def _conditions(self, parsed: Any, where: str, *, allows: bool) -> tuple[Condition, ...]:
        if not isinstance(parsed, dict):
            raise MalformedPolicyDocument(SYNTAX, where)
        conditions: list[Condition] = []
        for operator, keys in parsed.items():
            if split_operator(operator) is None or not isinstance(keys, dict):
                raise MalformedPolicyDocument(SYNTAX, f"{where}.{operator}")
            for key, given in keys.items():
                place = f"{where}.{operator}.{key}"
                if ":" not in key:
                    raise MalformedPolicyDocument(
                        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", place
                    )
                values = read_strings(given, place, unquoted=True)
                conditions.append(
                    compile_condition(
                        operator,
                        key,
                        values,
                        allows=allows,
                        variables=self._variables,
                        unquoted=is_unquoted(given),
                    )
                )
        return tuple(conditions)


def _either(parsed: dict[str, Any], plain: str, inverted: str, where: str, missing: str) -> tuple[str, Sequence[str]]:
    if plain in parsed and inverted in parsed:
        raise MalformedPolicyDocument(SYNTAX, f"{where}.{inverted}")
    element = inverted if inverted in parsed else plain
    values = read_strings(parsed[element], f"{where}.{element}") if element in parsed else []
    if not values:
        raise MalformedPolicyDocument(missing, where)
    return element, values
