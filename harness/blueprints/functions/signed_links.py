"""Signs links to objects in the folder of whoever the API's authorizer has let in with an ID token.

A link is signed with the credentials of the user, so that it reaches no further than the user does; whose folder a key
is in is looked at all the same. Keys are literal: one with dots in it is nobody's.
"""

import json
import os
from urllib.parse import quote

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

COGNITO = boto3.client("cognito-identity")
REGION = os.environ["AWS_REGION"]
SECONDS = 60


def handler(event, context):
    """Answer a request for a link to the object `key`."""
    headers = {name.lower(): value for name, value in event["headers"].items()}
    logins = {os.environ["PROVIDER"]: headers.get("authorization", "").removeprefix("Bearer ").strip()}
    identity = COGNITO.get_id(IdentityPoolId=os.environ["IDENTITY_POOL"], Logins=logins)["IdentityId"]
    key = key_in_folder(identity, (event.get("queryStringParameters") or {}).get("key", ""))
    if key is None:
        return answer(403, {"message": "There is no such object of yours."})
    return answer(200, {"Url": signed(key, credentials_of(identity, logins))})


def key_in_folder(identity, key):
    """Return the key if it is one of the folder of the identity, None otherwise."""
    parts = key.split("/")
    return key if parts[0] == identity and not {"", ".", ".."} & set(parts) else None


def credentials_of(identity, logins):
    """Return the credentials of the user."""
    given = COGNITO.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretKey"], given["SessionToken"])


def signed(key, credentials):
    """Return a link that is good for reading the object, for a minute."""
    request = AWSRequest("GET", f"https://{os.environ['BUCKET']}.s3.{REGION}.amazonaws.com/{quote(key)}")
    S3SigV4QueryAuth(credentials, "s3", REGION, expires=SECONDS).add_auth(request)
    return request.url


def answer(status, body):
    """Return what the API answers; nobody on the way may keep it."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
