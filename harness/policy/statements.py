"""One statement of a policy, compiled to tests of a request (IAM page "IAM JSON policy elements reference")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from harness.policy.conditions import Condition, Test
from harness.policy.errors import UnderivableKeyError
from harness.policy.kinds import PolicyKind
from harness.policy.matching import Glob, Matcher, action_glob, arn_glob, glob, matcher
from harness.policy.principals import Naming, NamingCorner
from harness.policy.requests import Request
from harness.policy.variables import Token, Variable, Wildcard, tokenize, value_of

_COLONS_BEFORE_VARIABLES: Final = 5


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """What the Resource or NotResource element has in it that touches a choice of the module `unsettled`.

    `reaches` tells whether any value of the variables could make it match, `reaches_by_parts` the same when no wildcard
    crosses a colon.
    """

    variables: tuple[Variable, ...]
    inverted: bool
    has_early_variable: bool
    has_early_wildcard: bool
    has_late_wildcard: bool
    reaches: Glob
    reaches_by_parts: Glob

    @property
    def delicate(self) -> bool:
        """Whether the element touches a choice whatever the request holds, or may do so for some resources."""
        return self.has_early_variable or self.has_early_wildcard or self.has_late_wildcard


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A compiled statement. Its tests raise UnderivableKeyError when the answer depends on such a key.

    `label` is the Sid, or where the statement stands when it has none. `named` is None in the kinds of policy that have
    no Principal element, and so is `naming_corner`, which names the unsettled choice that naming the caller rests on.
    `applies` joins resource and conditions.
    """

    policy: str
    kind: PolicyKind
    label: str
    position: int
    effect: str
    allows: bool
    matches_action: Callable[[str], bool]
    matches_resource: Test
    conditions: tuple[Condition, ...]
    named: Naming | None
    naming_corner: NamingCorner | None
    resources: ResourceFacts
    applies: Test


def compile_actions(patterns: Sequence[str], *, inverted: bool) -> Callable[[str], bool]:
    """Return the test of a lower-case action name against Action, or NotAction when inverted."""
    exact = frozenset(pattern.lower() for pattern in patterns if "*" not in pattern and "?" not in pattern)
    globs = [action_glob(pattern) for pattern in patterns if "*" in pattern or "?" in pattern]

    def matches(action: str) -> bool:
        return (action in exact or any(test(action) for test in globs)) != inverted

    return matches


def compile_resources(patterns: Sequence[str], *, inverted: bool, allows: bool, variables: bool) -> Test:
    """Return the test of a request's resource against Resource, or NotResource when inverted."""
    # In doubt an entry should match where that lets the statement allow more or deny less.
    generous = allows != inverted
    matchers = [
        _resource_matcher(pattern, variables=variables, generous=generous, inverted=inverted) for pattern in patterns
    ]
    if inverted:
        listed = _any_resource(matchers)
        return lambda request: not listed(request)
    return _any_resource(matchers)


def resource_facts(patterns: Sequence[str], *, inverted: bool, variables: bool) -> ResourceFacts:
    """Return what the explanation has to know about Resource, or NotResource when inverted."""
    tokens = [tokenize(pattern, variables=variables, wildcards=True) for pattern in patterns]
    loosest = [[Wildcard.RUN if isinstance(token, Variable) else token for token in entry] for entry in tokens]
    return ResourceFacts(
        variables=tuple(token for entry in tokens for token in entry if isinstance(token, Variable)),
        inverted=inverted,
        has_early_variable=any(has_early_variable(entry) for entry in tokens),
        # A wildcard at the end of a part is documented to reach beyond the colon; the others are not.
        has_early_wildcard=any(
            character in "*?"
            for pattern in patterns
            for part in pattern.split(":", _COLONS_BEFORE_VARIABLES)[:-1]
            for character in part[:-1]
        ),
        has_late_wildcard=any(
            character in "*?"
            for pattern in patterns
            for character in pattern.split(":", _COLONS_BEFORE_VARIABLES)[-1][:-1]
        ),
        reaches=_any_glob([glob(entry) for entry in loosest]),
        reaches_by_parts=_any_glob([arn_glob(entry) for entry in loosest]),
    )


def compile_applies(matches_resource: Test, conditions: Sequence[Condition]) -> Test:
    """Return the test whether a statement whose action and principal match applies to a request."""
    if not conditions:
        return matches_resource
    tests = [condition.holds for condition in conditions]
    if len(tests) == 1:
        (only,) = tests
        return lambda request: matches_resource(request) and only(request)

    def applies(request: Request) -> bool:
        if not matches_resource(request):
            return False
        unknown: UnderivableKeyError | None = None
        for holds in tests:
            try:
                if not holds(request):
                    return False
            except UnderivableKeyError as error:
                # Another condition that fails settles the statement without the key.
                unknown = error
        if unknown is not None:
            raise unknown
        return True

    return applies


def _any_glob(globs: Sequence[Glob]) -> Glob:
    return lambda value: any(test(value) for test in globs)


def _any_resource(matchers: Sequence[Test]) -> Test:
    if len(matchers) == 1:
        return matchers[0]

    def matches(request: Request) -> bool:
        unknown: UnderivableKeyError | None = None
        for test in matchers:
            try:
                if test(request):
                    return True
            except UnderivableKeyError as error:
                unknown = error
        if unknown is not None:
            raise unknown
        return False

    return matches


def _resource_matcher(pattern: str, *, variables: bool, generous: bool, inverted: bool) -> Test:
    tokens = tokenize(pattern, variables=variables, wildcards=True)
    if not generous and has_early_variable(tokens):
        tokens = _early_as_text(tokens)
    if not any(isinstance(token, Variable) for token in tokens):
        test = glob([token for token in tokens if not isinstance(token, Variable)])
        return lambda request: test(request.resource)
    matches: Matcher = matcher(tokens, empty_counts=generous, compiled=glob)
    if not (inverted and generous):
        return lambda request: matches(request.resource, request)
    used = [token for token in tokens if isinstance(token, Variable)]

    def excludes(request: Request) -> bool:
        # Only a NotResource of a Deny comes here: without a value it excludes everything.
        if any(value_of(variable, request, empty_counts=True) is None for variable in used):
            return True
        return matches(request.resource, request)

    return excludes


def has_early_variable(tokens: Sequence[Token]) -> bool:
    """Whether a variable stands before the fifth colon, where the documentation has none."""
    before = takewhile(lambda token: not isinstance(token, Variable), tokens)
    colons = sum(token.count(":") for token in before if isinstance(token, str))
    return colons < _COLONS_BEFORE_VARIABLES and any(isinstance(token, Variable) for token in tokens)


def _early_as_text(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens with the variables before the fifth colon as text."""
    colons = 0
    texts: list[Token] = []
    for token in tokens:
        early = isinstance(token, Variable) and colons < _COLONS_BEFORE_VARIABLES
        texts.append(token.text if isinstance(token, Variable) and early else token)
        colons += token.count(":") if isinstance(token, str) else 0
    return tuple(texts)
