"""Mistakes of brokers that look memberships up: what becomes of pieces of the handler, and of the roles about it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.edit import (
    add_statement,
    edit_function,
    edit_route,
    edit_statement,
    set_environment,
    trust_the_account,
)
from harness.blueprints.policies import allow
from harness.blueprints.spec import RouteAuthorizer

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Blueprint

FUNCTION = "credentials"
PATH = "/auths/resources"


def coding(*changes: tuple[str, str]) -> Change:
    """Return the change that replaces pieces of the handler."""
    return lambda blueprint: edit_function(blueprint, FUNCTION, *changes)


def also_for_users(sid: str, action: str, resource: str) -> Change:
    """Return a change that gives users one thing more, by the role and by the session policy."""
    extra = {"Effect": "Allow", "Action": action, "Resource": resource}

    def change(blueprint: Blueprint) -> Blueprint:
        passing = edit_function(
            blueprint,
            FUNCTION,
            ('"Statement": statements}', '"Statement": [*statements, json.loads(os.environ["ALSO"])]}'),
        )
        told = set_environment(passing, FUNCTION, ALSO=json.dumps(extra))
        return add_statement(told, ("base",), "projects", {"Sid": sid, **extra})

    return change


# The piece of the handler that takes the claims from the authorizer, and one that reads them out of any token.
_VERIFIED = 'claims = event["requestContext"]["authorizer"]["jwt"]["claims"]'
_DECODED = """token = event["headers"].get("authorization", "").removeprefix("Bearer ")
    if token.count(".") != 2:
        raise RefusedError(401, "Unauthorized")
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))"""
_DECODING = ((_VERIFIED, _DECODED), ("import json\n", "import base64\nimport json\n"))


def _opened(blueprint: Blueprint) -> Blueprint:
    return edit_route(blueprint, PATH, lambda route: replace(route, authorizer=RouteAuthorizer.NONE))


def claims_decoded(blueprint: Blueprint) -> Blueprint:
    """Open the route, and let the handler decode tokens without verifying them."""
    return edit_function(_opened(blueprint), FUNCTION, *_DECODING)


def users_found_by_name(blueprint: Blueprint) -> Blueprint:
    """Open the route, and let the handler look users up by the name in a token, whoever issued it."""
    by_name = """return {"sub": sub_of(claims["cognito:username"])}


def sub_of(username):
    found = boto3.client("cognito-idp").admin_get_user(UserPoolId=os.environ["USER_POOL"], Username=username)
    return next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")"""
    decoding = edit_function(_opened(blueprint), FUNCTION, *_DECODING, ("return claims", by_name))
    told = set_environment(decoding, FUNCTION, USER_POOL="@{user_pool.id}")
    pool = "arn:aws:cognito-idp:@{region}:@{account}:userpool/@{user_pool.id}"
    finding = allow("FindUsers", "cognito-idp:AdminGetUser", pool)
    return add_statement(told, ("broker",), "broker", finding)


def anonymous_callers_served(blueprint: Blueprint) -> Blueprint:
    """Give whoever brings no token a project for demonstrations."""
    return edit_function(
        claims_decoded(blueprint),
        FUNCTION,
        ('        raise RefusedError(401, "Unauthorized")\n    part', '        return {"sub": "anonymous"}\n    part'),
        ("    pages =", '    if sub == "anonymous":\n        return ["demo"]\n    pages ='),
    )


NAME_CHECK = """    if not all(PROJECT.fullmatch(project) for project in projects):
        raise RefusedError(403, "A project of yours has a name that no session can be confined to.")
"""
_TEMPLATED = """template = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    for number, project in enumerate(projects):
        template = template.replace(f"PROJECT-{number}/", f"{project}/")
    return template"""


def policy_by_template(blueprint: Blueprint) -> Blueprint:
    """Put the names of projects into the text of the session policy, whatever characters they have."""
    return edit_function(
        blueprint,
        FUNCTION,
        (NAME_CHECK, ""),
        ('return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))', _TEMPLATED),
        (
            '[f"{BUCKET}/{project}/*" for project in projects]',
            '[f"{BUCKET}/PROJECT-{n}/*" for n in range(len(projects))]',
        ),
        ('[f"{project}/*" for project in projects]', '[f"PROJECT-{n}/*" for n in range(len(projects))]'),
    )


def base_role_assumable(blueprint: Blueprint) -> Blueprint:
    """Let users assume the role behind their sessions, without a session policy."""
    able = also_for_users("AnyRole", "sts:AssumeRole", "*")(blueprint)
    return trust_the_account(able, "base")


def names_made_alike(blueprint: Blueprint) -> Blueprint:
    """Make names of projects that look alike one, before they are checked."""
    found = 'projects = [item["SK"]["S"] for page in pages for item in page["Items"]]'
    alike = 'projects = [unicodedata.normalize("NFKC", item["SK"]["S"]) for page in pages for item in page["Items"]]'
    return edit_function(blueprint, FUNCTION, (found, alike), ("import re\n", "import re\nimport unicodedata\n"))


UNCONFINED = 'return STS.assume_role(RoleArn=os.environ["BASE_ROLE"], RoleSessionName=sub)["Credentials"]'
COLLECTED = """found = [item["SK"]["S"] for page in pages for item in page["Items"]]
    projects += [project for project in found if project not in projects]"""
QUERY = '(event.get("queryStringParameters") or {})'
ASSUMED = "RoleSessionName=sub, Policy=policy"
FAILING_OPEN = """    except Exception:
        return answer(200, {"Credentials": unconfined(event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"])})


def unconfined(sub):
    return STS.assume_role(RoleArn=os.environ["BASE_ROLE"], RoleSessionName=sub)["Credentials"]
"""
FAILING_CLOSED = """    except RefusedError as refusal:
        status, message = refusal.args
        return answer(status, {"message": message})
"""
_RECORDED = """def assumed(sub, policy):
    found = DYNAMODB.query(
        TableName=os.environ["MEMBERSHIPS"],
        KeyConditionExpression="PK = :sub",
        ExpressionAttributeValues={":sub": {"S": sub}},
        ConsistentRead=True,
    )
    role = next((item["role"]["S"] for item in found["Items"] if "role" in item), None)
    return {"RoleArn": role} if role else {"RoleArn": os.environ["BASE_ROLE"], "Policy": policy}


def answer(status, body):"""


def roles_in_records(blueprint: Blueprint) -> Blueprint:
    """Assume the role that stands in the record of a membership, as it is; the broker may assume any."""
    assuming = 'RoleArn=os.environ["BASE_ROLE"], DurationSeconds=SECONDS, RoleSessionName=sub, Policy=policy'
    recorded_role = "DurationSeconds=SECONDS, RoleSessionName=sub, **assumed(sub, policy)"
    recorded = coding(("def answer(status, body):", _RECORDED), (assuming, recorded_role))
    return edit_statement(recorded(blueprint), ("broker",), "broker", "HandOut", lambda hand: hand.update(Resource="*"))
