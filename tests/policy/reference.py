"""A slow IAM evaluator, written clause by clause from the documented rules, that shares no code with the engine.

Documents are plain dictionaries and a request is a plain dictionary with `principal`, `action`, `resource`,
`resource_account` and `context`. Nothing is compiled or remembered: every clause reads the document again. Where the
documentation is silent it takes the choices listed in `harness/policy/unsettled.py`, spelled out once more.
"""

import re
from typing import Any

from reference_values import read

Document = dict[str, Any]
Policies = dict[str, list[Document] | None]
Request = dict[str, Any]
Characters = list[tuple[str, bool]]  # a character and whether it is a wildcard

ORDINARY = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}
OPPOSITES = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}


def decide(policies: Policies, request: Request) -> str:
    """Return allow, explicit_deny or implicit_deny."""
    allowing: dict[str, list[set[str]]] = {}
    for kind in ("identity", "session", "boundary", "resource", "scp", "rcp"):
        allowing[kind] = []
        for document in policies.get(kind) or []:
            for statement in as_list(document["Statement"]):
                ways = ways_of_naming(statement, request)
                if not ways or not applies(statement, document, request):
                    continue
                if statement["Effect"] == "Deny":
                    # Any explicit deny, in any policy type, ends the matter.
                    return "explicit_deny"
                allowing[kind].append(ways)
    return "allow" if is_allowed(policies, request, allowing) else "implicit_deny"


def is_allowed(  # noqa: PLR0911 - one return per step of the documented order
    policies: Policies, request: Request, allowing: dict[str, list[set[str]]]
) -> bool:
    ways = set().union(*allowing["resource"])
    who = caller_type(request)
    if who in {"provider", "service", "anonymous"}:
        return bool(ways)
    # Organization policies must allow; RCPFullAWSAccess is always attached, so only SCPs can be silent.
    if policies.get("scp") is not None and not allowing["scp"]:
        return False
    same_account = resource_account(request) in {"", account_of(request["principal"])}
    service = request["action"].lower().split(":")[0]
    own_policy_must_allow = (service == "sts" and ":role/" in request["resource"]) or (
        service == "kms" and ":key/" in request["resource"]
    )
    by_boundary = policies.get("boundary") is None or bool(allowing["boundary"])
    by_session = bool(allowing["session"]) or (policies.get("session") is None and who != "federated-user")
    by_identity = bool(allowing["identity"]) or who == "root"
    if not same_account:
        return by_identity and by_boundary and by_session and bool(ways)
    if "itself" in ways or "everybody" in ways:
        return True
    if own_policy_must_allow and not ways:
        return False
    if "issuer" in ways:
        return by_boundary and by_session
    return by_identity and by_boundary and by_session


# Principals


def caller_type(request: Request) -> str:
    principal: str = request["principal"]
    if request["action"].lower() in {"sts:assumerolewithwebidentity", "sts:assumerolewithsaml"}:
        return "provider" if principal.startswith("arn:") else named_type(principal)
    if not principal.startswith("arn:"):
        return named_type(principal)
    resource = principal.split(":", 5)[5]
    kind = resource.split("/")[0]
    return {"oidc-provider": "provider", "saml-provider": "provider"}.get(kind, kind)


def named_type(principal: str) -> str:
    if principal in {"*", "", "anonymous"}:
        return "anonymous"
    if principal in {
        "cognito-identity.amazonaws.com",
        "www.amazon.com",
        "graph.facebook.com",
        "accounts.google.com",
    }:
        return "provider"
    is_service = re.fullmatch(r".*\.amazonaws\.com(\.cn)?|.*\.amazon\.com", principal)
    return "service" if is_service else "provider"


def account_of(principal: str) -> str:
    return principal.split(":")[4] if principal.startswith("arn:") else ""


def resource_account(request: Request) -> str:
    if request.get("resource_account"):
        return str(request["resource_account"])
    found = re.match(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):", request["resource"])
    return found[1] if found else ""


def issuer_of(request: Request) -> str | None:
    """Return the role of a session, or the user behind a federated user."""
    given = values_of("aws:PrincipalArn", request, derived=False)
    if given is not None and len(given) == 1:
        return given[0]
    found = re.fullmatch(r"arn:([^:]*):sts::([^:]*):assumed-role/([^/]*)/.*", request["principal"], re.DOTALL)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else None


def ways_of_naming(statement: Document, request: Request) -> set[str]:
    """Return by which of its names a statement means the caller; identity policies mean whoever carries them."""
    if "Principal" in statement:
        return ways_listed(statement["Principal"], request)
    if "NotPrincipal" in statement:
        ways = ways_listed(statement["NotPrincipal"], request)
        if caller_type(request) != "root":
            ways -= {"account"}
        return set() if ways else {"everybody"}
    return {"itself"}


def ways_listed(element: Any, request: Request) -> set[str]:  # noqa: C901 - the documented forms, one by one
    if element == "*":
        return {"everybody"}
    ways: set[str] = set()
    who, principal = caller_type(request), request["principal"]
    for kind, listed in element.items():
        for name in as_list(listed):
            if kind == "AWS" and name == "*":
                ways.add("everybody")
            elif who == "provider":
                if kind == "Federated" and name in {principal, "*"}:
                    ways.add("itself")
            elif who == "service":
                if kind == "Service" and name in {principal, "*"}:
                    ways.add("itself")
            elif kind == "AWS" and who != "anonymous":
                account = account_of(principal)
                if name in {account, f"arn:aws:iam::{account}:root"}:
                    ways.add("account")
                elif name == principal:
                    ways.add("itself")
                if name == issuer_of(request) and who in {"assumed-role", "federated-user"}:
                    ways.add("issuer")
    return ways


# Statements


def applies(statement: Document, document: Document, request: Request) -> bool:
    return (
        action_matches(statement, request)
        and resource_matches(statement, document, request)
        and all(
            condition_holds(operator, key, wanted, statement, document, request)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def action_matches(statement: Document, request: Request) -> bool:
    element = "Action" if "Action" in statement else "NotAction"
    action = request["action"].lower()
    found = any(fits(wild(pattern.lower()), action) for pattern in as_list(statement[element]))
    return found == (element == "Action")


def resource_matches(statement: Document, document: Document, request: Request) -> bool:
    if "Resource" not in statement and "NotResource" not in statement:
        return True
    allows, resource = statement["Effect"] == "Allow", request["resource"]
    if "Resource" in statement:
        # In doubt an Allow reaches this resource and a Deny does not.
        return any(
            resource_fits(pattern, document, request, in_doubt=allows, valueless=False, text=resource)
            for pattern in as_list(statement["Resource"])
        )
    # In doubt an Allow does not exclude this resource, so that it applies, and a Deny excludes it.
    return not any(
        resource_fits(pattern, document, request, in_doubt=not allows, valueless=not allows, text=resource)
        for pattern in as_list(statement["NotResource"])
    )


def resource_fits(
    pattern: str, document: Document, request: Request, *, in_doubt: bool, valueless: bool, text: str
) -> bool:
    if document.get("Version") != "2012-10-17":
        return fits(wild(pattern), text)
    colons = 0
    characters: Characters = []
    for piece in pieces(pattern):
        if not piece.startswith("${") or piece in {"${*}", "${?}", "${$}"}:
            characters += plain(piece[2]) if piece.startswith("${") else wild(piece)
            colons += piece.count(":")
        elif colons < 5 and not in_doubt:
            characters += plain(piece)
        else:
            value = variable_value(piece, request, empty_counts=in_doubt)
            if value is None:
                return valueless
            characters += plain(value)
    return fits(characters, text)


# Conditions


def condition_holds(
    operator: str, key: str, wanted: Any, statement: Document, document: Document, request: Request
) -> bool:
    quantifier, _, base = operator.rpartition(":")
    if base == "Null":
        absent = not values_of(key, request)
        return any(text.lower() == ("true" if absent else "false") for text in texts(wanted))
    if_exists = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    negated = base in OPPOSITES
    allows = statement["Effect"] == "Allow"
    found = values_of(key, request)
    if not found:
        return {"ForAllValues": True, "ForAnyValue": False}.get(quantifier, if_exists or negated)
    if quantifier == "ForAllValues" and found == [""] and allows:
        return True
    answers = [satisfies(base, value, texts(wanted), document, request, allows=allows) for value in found]
    if quantifier == "ForAllValues":
        return all(answers)
    if quantifier == "ForAnyValue":
        return any(answers)
    return len(answers) == 1 and answers[0]


def satisfies(
    operator: str, value: str, wanted: list[str], document: Document, request: Request, *, allows: bool
) -> bool:
    """Whether one request value satisfies the operator: any policy value matches, or none does when it is negated."""
    positive = OPPOSITES.get(operator, operator)
    negated = operator in OPPOSITES
    if positive in ORDINARY or positive == "Bool":
        version = document.get("Version") == "2012-10-17"
        in_doubt = allows != negated
        matched = any(
            text_matches(positive, value, text, request, version=version, in_doubt=in_doubt) for text in wanted
        )
        return matched != negated
    compared = [typed_matches(positive, value, text) for text in wanted]
    if negated:
        return read(positive, value) is not None and all(answer is False for answer in compared)
    return any(answer is True for answer in compared)


def text_matches(operator: str, value: str, text: str, request: Request, *, version: bool, in_doubt: bool) -> bool:
    patterned = operator in {"StringLike", "ArnLike", "ArnEquals"}
    if operator == "Bool" and not in_doubt:
        version = False
    if operator.startswith("Arn") and set(text) == {"*"}:
        return in_doubt
    characters: Characters = []
    for piece in pieces(text) if version else [text]:
        if version and piece in {"${*}", "${?}", "${$}"}:
            characters += plain(piece[2])
        elif version and piece.startswith("${") and piece.endswith("}"):
            resolved = variable_value(piece, request, empty_counts=in_doubt)
            if resolved is None:
                return False
            characters += plain(resolved)
        else:
            characters += wild(piece) if patterned else plain(piece)
    if operator.startswith("Arn"):
        return arn_fits(characters, value)
    if operator == "Bool":
        resolved_text = "".join(character for character, _ in characters).lower()
        return resolved_text in {"true", "false"} and value.lower() == resolved_text
    if operator == "StringEqualsIgnoreCase":
        return fits([(character.lower(), False) for character, _ in characters], value.lower())
    return fits(characters, value)


def typed_matches(operator: str, value: str, text: str) -> bool | None:
    """Compare a number, date, address or bytes; None when one of the two cannot be read."""
    left, right = read(operator, value), read(operator, text, is_policy=True)
    if left is None or right is None:
        return None
    if operator == "IpAddress":
        return len(left[0]) == len(right[0]) and left[0][: right[1]] == right[0][: right[1]]
    comparison = re.sub("^(Numeric|Date|Binary)", "", operator)
    return bool(
        {
            "Equals": lambda: left == right,
            "LessThan": lambda: left < right,
            "LessThanEquals": lambda: left <= right,
            "GreaterThan": lambda: left > right,
            "GreaterThanEquals": lambda: left >= right,
        }[comparison]()
    )


# Values and variables


def values_of(key: str, request: Request, *, derived: bool = True) -> list[str] | None:
    """Return the request's values of a condition key, whose name has no case."""
    for name, values in request["context"].items():
        if name.lower() == key.lower():
            return list(values)
    return derived_value(key.lower(), request) if derived else None


def derived_value(key: str, request: Request) -> list[str] | None:
    principal = request["principal"]
    if not re.match(r"arn:[^:]*:(iam|sts)::[0-9]{12}:(root$|user/|assumed-role/|federated-user/)", principal):
        return None
    kind = re.split("[:/]", principal.split(":", 5)[5])[0]
    if key == "aws:principalaccount":
        return [account_of(principal)]
    if key == "aws:principaltype":
        types = {"root": "Account", "user": "User", "assumed-role": "AssumedRole", "federated-user": "FederatedUser"}
        return [types[kind]]
    if key == "aws:principalarn":
        return [issuer_of(request) or principal]
    return None


def variable_value(piece: str, request: Request, *, empty_counts: bool) -> str | None:
    inside = piece[2:-1]
    with_default = re.fullmatch(r"([^,]*),\s*'(.*)'\s*", inside, re.DOTALL)
    key, default = (with_default[1], with_default[2]) if with_default else (inside, None)
    values = values_of(key.strip(), request)
    if not values or (values == [""] and not empty_counts):
        return default
    return values[0] if len(values) == 1 else None


def pieces(text: str) -> list[str]:
    """Return the text cut into `${...}` and what is between them."""
    return [piece for piece in re.split(r"(\$\{[^}]*\})", text) if piece]


def texts(wanted: Any) -> list[str]:
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in as_list(wanted)]


def as_list(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]


# Patterns


def wild(text: str) -> Characters:
    return [(character, character in "*?") for character in text]


def plain(text: str) -> Characters:
    return [(character, False) for character in text]


def fits(pattern: Characters, text: str) -> bool:
    """Whether the whole text fits, by keeping every number of characters that the pattern so far may have eaten."""
    eaten = {0}
    for character, is_wild in pattern:
        if is_wild and character == "*":
            eaten = set(range(min(eaten, default=len(text) + 1), len(text) + 1))
        elif is_wild:
            eaten = {count + 1 for count in eaten if count < len(text)}
        else:
            eaten = {count + 1 for count in eaten if count < len(text) and text[count] == character}
    return len(text) in eaten


def arn_fits(pattern: Characters, text: str) -> bool:
    """Compare the six parts one by one; the sixth may hold further colons."""
    parts: list[Characters] = [[]]
    for character, is_wild in pattern:
        if character == ":" and not is_wild and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append((character, is_wild))
    found = text.split(":", 5)
    return len(parts) == len(found) == 6 and all(fits(part, piece) for part, piece in zip(parts, found, strict=True))
