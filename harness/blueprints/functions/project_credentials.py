"""Hands out credentials for the projects of whoever the API's authorizer has let in with an ID token.

The user is who the verified token names, the projects are those that the table of memberships gives the user. The
session policy confines the credentials to these; where none can be made that does, there are no credentials.
"""

import json
import os
import re

import boto3
from botocore.exceptions import ClientError

DYNAMODB = boto3.client("dynamodb")
STS = boto3.client("sts")
BUCKET = os.environ["BUCKET"]
SECONDS = 900  # STS gives nothing shorter; whoever leaves a project keeps its credentials as long
LONGEST_POLICY = 2048  # characters; STS takes no longer session policy
TOO_LARGE = ("PackedPolicyTooLarge", "ValidationError")
TOO_MANY = "You belong to more projects than one session can reach."
PROJECT = re.compile(r"[a-z0-9-]{1,40}")


class RefusedError(Exception):
    """No credentials for this request: the status of the answer, and what the user may know of the reason."""


def handler(event, context):
    """Answer a request for credentials."""
    try:
        sub = claims_of(event)["sub"]
        projects = projects_of(sub)
        policy = policy_for(projects)
        return answer(200, {"Credentials": credentials_of(sub, policy)})
    except RefusedError as refusal:
        status, message = refusal.args
        return answer(status, {"message": message})


def claims_of(event):
    """Return the claims of the token that the authorizer has verified; access tokens name nobody's application."""
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    if claims["token_use"] != "id":  # noqa: S105  not a secret
        raise RefusedError(401, "Unauthorized")
    return claims


def projects_of(sub):
    """Return the projects that the user belongs to now."""
    pages = DYNAMODB.get_paginator("query").paginate(
        TableName=os.environ["MEMBERSHIPS"],
        KeyConditionExpression="PK = :sub",
        ExpressionAttributeValues={":sub": {"S": sub}},
        ConsistentRead=True,
    )
    projects = [item["SK"]["S"] for page in pages for item in page["Items"]]
    if not projects:
        raise RefusedError(403, "You belong to no project.")
    if not all(PROJECT.fullmatch(project) for project in projects):
        raise RefusedError(403, "A project of yours has a name that no session can be confined to.")
    return projects


def policy_for(projects):
    """Return the session policy that confines a session to the projects."""
    statements = [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": [f"{BUCKET}/{project}/*" for project in projects],
        },
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": BUCKET,
            "Condition": {"StringLike": {"s3:prefix": [f"{project}/*" for project in projects]}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def credentials_of(sub, policy):
    """Return credentials that the session policy confines."""
    if len(policy) > LONGEST_POLICY:
        raise RefusedError(403, TOO_MANY)
    try:
        session = STS.assume_role(
            RoleArn=os.environ["BASE_ROLE"], DurationSeconds=SECONDS, RoleSessionName=sub, Policy=policy
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in TOO_LARGE:
            raise RefusedError(403, TOO_MANY) from None
        raise
    return session["Credentials"]


def answer(status, body):
    """Return what the API answers; nobody on the way may keep it."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body, default=str),
    }
