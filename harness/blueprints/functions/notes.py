"""Shows one note of an organisation; IAM has already decided that the caller may see the path it stands under."""

import json
import os

import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    """Answer GET /{org}/notes/{proxy+}."""
    path = event["pathParameters"]
    found = TABLE.get_item(Key={"PK": f"{path['org']}#notes", "SK": path["proxy"]}).get("Item")
    return {
        "statusCode": 200 if found else 404,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(found or {"message": "there is no such note"}),
    }
