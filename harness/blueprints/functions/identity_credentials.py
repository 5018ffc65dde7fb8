"""Hands the identity pool's credentials to whoever the API's authorizer has let in with an ID token.

The token itself goes to Cognito, which verifies it again; nothing else of the request is believed.
"""

import json
import os

import boto3

COGNITO = boto3.client("cognito-identity")


def handler(event, context):
    """Answer a request for credentials."""
    token = token_of(event)
    try:
        if token:
            return answer(200, credentials_for({os.environ["PROVIDER"]: token}))
    except COGNITO.exceptions.NotAuthorizedException:
        pass
    return answer(401, {"message": "Unauthorized"})


def credentials_for(logins):
    """Return the identity that the token stands for, and its credentials."""
    identity = COGNITO.get_id(IdentityPoolId=os.environ["IDENTITY_POOL"], Logins=logins)["IdentityId"]
    given = COGNITO.get_credentials_for_identity(IdentityId=identity, Logins=logins)
    return {"IdentityId": given["IdentityId"], "Credentials": given["Credentials"]}


def answer(status, body):
    """Return what the API answers; nobody on the way may keep it."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body, default=str),
    }


def token_of(event):
    """Return the bearer token; header names come in any case."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return headers.get("authorization", "").removeprefix("Bearer ").strip()
