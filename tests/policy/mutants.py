"""Planted faults of the engine, each named, and a way to load the engine with one of them.

A mutant is one replacement in the source of one module. The differential test must tell every one of them from the
engine; a fault it cannot see would mean that a clause of the rules is not exercised.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import harness.policy

PACKAGE = Path(harness.policy.__file__).parent
COPY = "mutated_policy"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in which module of the engine, what stands there, and what is planted instead."""

    name: str
    module: str
    original: str
    planted: str


MUTANTS = (
    Mutant(
        "deny does not win",
        "evaluation",
        "            if applies(request):\n                return explicit\n",
        "            if applies(request):\n                break\n",
    ),
    Mutant(
        "deny in a resource policy does not win",
        "evaluation",
        "if names(statement, request) and statement.applies(request):",
        "if statement.named is None and statement.applies(request):",
    ),
    Mutant(
        "boundary does not limit",
        "evaluation",
        "kinds = (policies.identity, policies.scp, policies.boundary, policies.session)",
        "kinds = (policies.identity, policies.scp, policies.session)",
    ),
    Mutant(
        "session policy grants",
        "evaluation",
        "kinds = (policies.identity, policies.scp, policies.boundary, policies.session)",
        "kinds = (policies.identity + (policies.session or ()), policies.scp, policies.boundary)",
    ),
    Mutant(
        "service control policy does not limit",
        "evaluation",
        "kinds = (policies.identity, policies.scp, policies.boundary, policies.session)",
        "kinds = (policies.identity, policies.boundary, policies.session)",
    ),
    Mutant(
        "role grant is not limited by the boundary",
        "evaluation",
        "Named.DIRECTLY | Named.EVERYBODY):\n            return None",
        "Named.DIRECTLY | Named.EVERYBODY | Named.ISSUER):\n            return None",
    ),
    Mutant(
        "session grant is limited by the boundary",
        "evaluation",
        "if named & (Named.DIRECTLY | Named.EVERYBODY):",
        "if named & Named.EVERYBODY:",
    ),
    Mutant(
        "grant to everybody is limited",
        "evaluation",
        "if named & (Named.DIRECTLY | Named.EVERYBODY):",
        "if named & Named.DIRECTLY:",
    ),
    Mutant(
        "account grant needs no identity policy",
        "evaluation",
        "or (named & Named.ISSUER and",
        "or (named & (Named.ISSUER | Named.ACCOUNT) and",
    ),
    Mutant(
        "role grant stands in across accounts",
        "evaluation",
        "named & Named.ISSUER and not request.crosses_accounts",
        "named & Named.ISSUER",
    ),
    Mutant(
        "other account's resource policy need not allow",
        "evaluation",
        " if request.crosses_accounts and not named else None",
        " if not named and False else None",
    ),
    Mutant(
        "trust policy need not allow",
        "evaluation",
        "if needs_grant(policies, request) and not named:",
        "if request.crosses_accounts and not named:",
    ),
    Mutant(
        "federated user needs no session policy",
        "evaluation",
        "policies.session is not None or caller.kind is CallerKind.FEDERATED_USER",
        "policies.session is not None",
    ),
    Mutant(
        "identity provider is asked for identity policies",
        "requests",
        "frozenset({CallerKind.PROVIDER, ",
        "frozenset({",
    ),
    Mutant("root needs identity policies", "evaluation", "caller.kind is CallerKind.ROOT or ", ""),
    Mutant("role session passes for its path-less role only", "requests", 'issuer or f"arn:', 'f"arn:'),
    Mutant(
        "account of the resource's ARN is not read",
        "requests",
        "return account if len(account)",
        'return "" if len(account)',
    ),
    Mutant(
        "given account of the resource is ignored",
        "requests",
        "    if request.resource_account:\n",
        "    if not request.resource:\n",
    ),
    Mutant(
        "principal account is not derived",
        "requests",
        '"aws:principalaccount": caller.account',
        '"aws:principalaccoun": caller.account',
    ),
    Mutant("KMS key policy need not allow", "requests", '(service == "kms" and', '(service == "mks" and'),
    Mutant("cognito is taken for a service", "requests", '{"cognito-identity.amazonaws.com", ', "{"),
    Mutant("account principal is not recognised by its ARN", "principals", "(?:arn:[^:]*:iam::)?", ""),
    Mutant(
        "NotPrincipal exempts by the account",
        "principals",
        "exempt = found & ~Named.ACCOUNT or (",
        "exempt = found or (",
    ),
    Mutant("NotPrincipal is read as Principal", "principals", "Named.NOBODY if exempt else Named.EVERYBODY", "found"),
    Mutant(
        "absent key matches a positive operator",
        "conditions",
        "absent = if_exists or operator.negated",
        "absent = True",
    ),
    Mutant(
        "absent key fails a negated operator",
        "conditions",
        "absent = if_exists or operator.negated",
        "absent = if_exists",
    ),
    Mutant("IfExists is ignored", "conditions", "absent = if_exists or operator.negated", "absent = operator.negated"),
    Mutant(
        "ForAllValues is false for an absent key",
        "conditions",
        "_without_values(key, request, holds=True)",
        "_without_values(key, request, holds=False)",
    ),
    Mutant(
        "ForAnyValue is true for an absent key",
        "conditions",
        "_without_values(key, request, holds=False)",
        "_without_values(key, request, holds=True)",
    ),
    Mutant(
        "ForAllValues looks at the first value only",
        "conditions",
        "return _all_satisfy(satisfies, values, request)",
        "return satisfies(values[0], request)",
    ),
    Mutant(
        "several values satisfy an operator without a set operator",
        "conditions",
        "return len(values) == 1 and satisfies(values[0], request)",
        "return satisfies(values[0], request)",
    ),
    Mutant("Null is inverted", "conditions", "return absent in wanted", "return absent not in wanted"),
    Mutant(
        "negated operators are not negated",
        "conditions",
        "    if operator.negated:\n        return lambda value, request: not matches(value, request)\n",
        "",
    ),
    Mutant(
        "negated number comparison holds for unreadable values",
        "conditions",
        "        if found is None or never:\n            return False\n",
        "        if found is None or never:\n            return negated\n",
    ),
    Mutant(
        "empty value satisfies ForAllValues in a Deny",
        "conditions",
        "(allows and not values[0])",
        "(not values[0])",
    ),
    Mutant(
        "doubt is settled the same way for Deny",
        "conditions",
        "generous = allows != operator.negated",
        "generous = allows",
    ),
    Mutant("condition key has case", "conditions", "lower_key = key.lower()", "lower_key = key"),
    Mutant("string comparison ignores case", "conditions", "value in frozen", "value.lower() in frozen"),
    Mutant("IgnoreCase keeps case", "conditions", "value.lower() in folded", "value in folded"),
    Mutant("Bool resolves variables in a Deny", "conditions", "Family.BOOL and allows", "Family.BOOL"),
    Mutant(
        "conditions are joined by or",
        "statements",
        "                if not holds(request):\n                    return False\n",
        "                if holds(request):\n                    return True\n",
    ),
    Mutant(
        "NotResource is read as Resource",
        "statements",
        "        return lambda request: not listed(request)\n",
        "        return listed\n",
    ),
    Mutant(
        "NotAction is read as Action", "statements", ") != inverted\n\n    return matches", ")\n\n    return matches"
    ),
    Mutant("action has case", "statements", "frozenset(pattern.lower() for pattern", "frozenset(pattern for pattern"),
    Mutant(
        "variable before the fifth colon is resolved in a Deny",
        "statements",
        "if not generous and has_early",
        "if False and has_early",
    ),
    Mutant(
        "valueless variable in a Deny's NotResource excludes nothing",
        "statements",
        "is None for variable in used):\n            return True",
        "is None for variable in used):\n            return False",
    ),
    Mutant(
        "star does not cross a slash",
        "matching",
        "return lambda value: value.startswith(head)\n",
        'return lambda value: value.startswith(head) and "/" not in value[len(head):]\n',
    ),
    Mutant("prefix and suffix may overlap", "matching", "len(value) >= shortest and ", ""),
    Mutant("question mark matches a run", "matching", 'else "." for token', 'else ".*" for token'),
    Mutant(
        "ARN is compared as one string",
        "matching",
        "    globs = [glob(part) for part in parts]\n",
        "    return glob(tokens)\n    globs = [glob(part) for part in parts]\n",
    ),
    Mutant(
        "variable matches as a prefix",
        "matching",
        "value == head + text + tail",
        "value.startswith(head + text + tail)",
    ),
    Mutant(
        "pattern with a variable is a prefix only",
        "matching",
        "value.startswith(text + tail, start)",
        "value.startswith(text, start)",
    ),
    Mutant(
        "wildcards in a value are wildcards",
        "variables",
        "            resolved.append(value)\n",
        "            resolved.extend(tokenize(value, variables=False, wildcards=True))\n",
    ),
    Mutant(
        "default of a variable is ignored",
        "variables",
        "        return variable.default\n    if len",
        "        return None\n    if len",
    ),
    Mutant(
        "variable takes the first of several values",
        "variables",
        "return None if values else variable.default",
        "return values[0] if values else variable.default",
    ),
    Mutant(
        "special variables are patterns",
        "variables",
        "inside if inside in _SPECIAL",
        'Wildcard(inside) if inside in "*?"',
    ),
    Mutant("version 2008 resolves variables", "documents", "variables=version == VARIABLES_SINCE", "variables=True"),
    Mutant(
        "bare address means its network",
        "typed_values",
        "ipaddress.ip_network(text, strict=False)",
        'ipaddress.ip_network(text if slash or ":" in text else text + "/24", strict=False)',
    ),
    Mutant("time zone is ignored", "typed_values", "return timezone(sign * timedelta", "return timezone(0 * timedelta"),
    Mutant(
        "fraction of a second is ignored",
        "typed_values",
        'return seconds + Decimal("0" + part["fraction"]) if part["fraction"] else seconds',
        "return seconds",
    ),
    Mutant(
        "bytes are compared as text",
        "operators",
        '"BinaryEquals": Operator(Family.BINARY)',
        '"BinaryEquals": Operator(Family.STRING)',
    ),
    Mutant(
        "numbers are compared as text", "typed_values", "return Decimal(text) if len(text)", "return text if len(text)"
    ),
    Mutant(
        "less than means at most",
        "operators",
        'f"{prefix}LessThan": Operator(family, holds=compare.lt)',
        'f"{prefix}LessThan": Operator(family, holds=compare.le)',
    ),
    Mutant(
        "ArnNotLike is not negated",
        "operators",
        '"ArnNotLike": Operator(Family.ARN, negated=True)',
        '"ArnNotLike": Operator(Family.ARN)',
    ),
)


class _Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds the copy of the engine under its own name, with the fault in place."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != COPY and not fullname.startswith(f"{COPY}."):
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname == COPY)

    def get_source(self, fullname: str) -> str:
        module = fullname.removeprefix(COPY).removeprefix(".")
        source = (PACKAGE / f"{module or '__init__'}.py").read_text(encoding="utf-8")
        if module == self._mutant.module:
            if source.count(self._mutant.original) != 1:
                raise LookupError(f"{self._mutant.name}: its text must stand in {module} exactly once")
            source = source.replace(self._mutant.original, self._mutant.planted)
        return source.replace("harness.policy", COPY)


@contextmanager
def planted(mutant: Mutant) -> Iterator[ModuleType]:
    """Give the engine with the fault, as a package beside the real one."""
    finder = _Sources(mutant)
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(COPY)
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name == COPY or name.startswith(f"{COPY}.")]:
            del sys.modules[name]
