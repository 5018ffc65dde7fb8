"""Brokers and triggers as the seed designs have them: functions that call back into the cloud that runs them.

`project-broker` (article 003): a token becomes credentials for the projects a membership table names, and no more.
`identity-folder` (article 004): a function exchanges the token for credentials of the identity. `tenant-tagged`
(article 001): a post-confirmation function gives a user its organization; routes `/{org}/...` by execute-api.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from function_services import PASSWORD, REGION, FunctionServices, HttpApi, RestApi, allow, credentials_of

from harness.forgery import claims_of
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.targets.api import AwsCredentials

BROKER = """
    import boto3, json, os
    dynamodb, sts = boto3.client("dynamodb"), boto3.client("sts")

    def handler(event, context):
        user = claims_of(event)["sub"]
        key = {"user": {"S": user}}
        item = dynamodb.get_item(TableName=os.environ["TABLE"], Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return {"statusCode": 403, "body": json.dumps({"message": "no projects"})}
        prefixes = [f"arn:aws:s3:::{os.environ['BUCKET']}/{name}/*" for name in item["projects"]["SS"]]
        statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": prefixes}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        issued = sts.assume_role(RoleArn=os.environ["BASE"], RoleSessionName=user, Policy=policy)["Credentials"]
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return {"statusCode": 200, "body": json.dumps({name: issued[name] for name in names})}

    def claims_of(event):
        authorizer = event["requestContext"]["authorizer"]
        return authorizer["jwt"]["claims"] if "jwt" in authorizer else authorizer["claims"]
    """
FOLDER_BROKER = """
    import boto3, json, os
    cognito, s3 = boto3.client("cognito-identity"), boto3.client("s3")

    def handler(event, context):
        logins = {os.environ["PROVIDER"]: event["headers"]["Authorization"].removeprefix("Bearer ")}
        identity = cognito.get_id(IdentityPoolId=os.environ["IDENTITIES"], Logins=logins)["IdentityId"]
        issued = cognito.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
        s3.put_object(Bucket=os.environ["BUCKET"], Key=f"{identity}/made-by-broker", Body=b"x")
        answer = {
            "identity": identity,
            "AccessKeyId": issued["AccessKeyId"],
            "SecretAccessKey": issued["SecretKey"],
            "SessionToken": issued["SessionToken"],
        }
        return {"statusCode": 200, "body": json.dumps(answer)}
    """
POST_CONFIRMATION = """
    import boto3, os
    def handler(event, context):
        boto3.client("cognito-idp").admin_update_user_attributes(
            UserPoolId=event["userPoolId"],
            Username=event["userName"],
            UserAttributes=[{"Name": "custom:org", "Value": os.environ["ORG"]}],
        )
        return event
    """


class Broker:
    """The design of article 003: memberships, a base role that only the broker may assume, and both kinds of API."""

    def __init__(self, services: FunctionServices) -> None:
        self.services = services
        operate, account = services.operate, services.account
        key = {"AttributeName": "user", "KeyType": "HASH"}
        attributes = [{"AttributeName": "user", "AttributeType": "S"}]
        table = {"KeySchema": [key], "AttributeDefinitions": attributes, "BillingMode": "PAY_PER_REQUEST"}
        operate("dynamodb", "CreateTable", TableName="memberships", **table)
        operate("s3", "CreateBucket", Bucket=f"projects-{account}")
        self.bucket = f"projects-{account}"
        self.base = f"arn:aws:iam::{account}:role/base"
        execution = services.role(
            "broker",
            allow("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{account}:table/memberships"),
            allow("sts:AssumeRole", self.base),
        )
        services.role("base", allow("s3:*", "*"), trusts={"AWS": execution})
        environment = {"TABLE": "memberships", "BUCKET": self.bucket, "BASE": self.base}
        self.arn = services.function("broker", BROKER, execution, Environment={"Variables": environment})
        services.let_apis_invoke("broker")
        self.pool, self.client = services.user_pool("alice", "bob", "nobody")
        self.subs = {user: _claim(services.tokens(self.client, user)["IdToken"], "sub") for user in ("alice", "bob")}
        for user, projects in {"alice": ["red", "shared"], "bob": ["blue", "shared"]}.items():
            item = {"user": {"S": self.subs[user]}, "projects": {"SS": projects}}
            operate("dynamodb", "PutItem", TableName="memberships", Item=item)
        for project in ("red", "blue", "shared"):
            operate("s3", "PutObject", Bucket=self.bucket, Key=f"{project}/file", Body=project.encode())
        self.http: HttpApi = services.http_api(self.arn)
        jwt = self.http.jwt_authorizer(self.pool, self.client)
        self.http.route("GET /auths/resources", AuthorizationType="JWT", AuthorizerId=jwt)
        self.rest: RestApi = services.rest_api(self.arn)
        pool_arn = f"arn:aws:cognito-idp:{REGION}:{account}:userpool/{self.pool}"
        authorizer = self.rest.authorizer("COGNITO_USER_POOLS", providerARNs=[pool_arn])
        self.rest.method("resources", "COGNITO_USER_POOLS", authorizerId=authorizer)
        self.rest.deploy()

    def token(self, user: str) -> str:
        return self.services.tokens(self.client, user)["IdToken"]

    def credentials(self, user: str, url: str | None = None) -> AwsCredentials:
        answer = self.services.get(url or f"{self.http.url}/auths/resources", self.token(user))
        assert answer.status == 200, answer.body
        return credentials_of(answer.json())

    def readable(self, caller: AwsCredentials) -> set[str]:
        """Return the projects whose file the caller can read; every other read must be refused by authorization."""
        found = set()
        for project in ("red", "blue", "shared"):
            answer = self.services.call(caller, "s3", "GetObject", Bucket=self.bucket, Key=f"{project}/file")
            assert answer.error_code in (None, "AccessDenied")
            if answer.succeeded:
                found.add(project)
        return found


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    services = FunctionServices()
    yield Broker(services)
    services.target.close()


def _claim(token: str, name: str) -> Any:
    return claims_of(Secret(token))[name]


@pytest.mark.parametrize(("user", "projects"), [("alice", {"red", "shared"}), ("bob", {"blue", "shared"})])
@pytest.mark.parametrize("kind", ["http", "rest"])
def test_brokered_credentials_reach_ones_own_projects_only(
    broker: Broker, kind: str, user: str, projects: set[str]
) -> None:
    url = None if kind == "http" else f"{broker.rest.url}/resources"
    caller = broker.credentials(user, url)
    assert broker.readable(caller) == projects
    listing = broker.services.call(caller, "s3", "ListObjectsV2", Bucket=broker.bucket)
    assert listing.error_code == "AccessDenied"
    write = {"Bucket": broker.bucket, "Key": f"{min(projects)}/new", "Body": b"x"}
    assert broker.services.call(caller, "s3", "PutObject", **write).succeeded


@pytest.mark.parametrize("kind", ["http", "rest"])
def test_without_a_valid_token_the_broker_is_not_reached(broker: Broker, kind: str) -> None:
    url = f"{broker.http.url}/auths/resources" if kind == "http" else f"{broker.rest.url}/resources"
    for token in (None, "x.y.z", broker.token("alice")[:-4] + "AAAA"):
        answer = broker.services.get(url, token)
        assert (answer.status, answer.json()) == (401, {"message": "Unauthorized"})


def test_a_user_without_memberships_gets_nothing(broker: Broker) -> None:
    answer = broker.services.get(f"{broker.http.url}/auths/resources", broker.token("nobody"))
    assert (answer.status, answer.json()) == (403, {"message": "no projects"})


def test_a_membership_that_is_taken_away_is_gone_at_once(broker: Broker) -> None:
    put = {"TableName": "memberships", "Item": {"user": {"S": broker.subs["bob"]}, "projects": {"SS": ["shared"]}}}
    before = broker.credentials("bob")
    broker.services.operate("dynamodb", "PutItem", **put)
    assert broker.readable(broker.credentials("bob")) == {"shared"}
    assert broker.readable(before) == {"blue", "shared"}  # credentials live on until they expire
    put["Item"] = {"user": {"S": broker.subs["bob"]}, "projects": {"SS": ["blue", "shared"]}}
    broker.services.operate("dynamodb", "PutItem", **put)


def test_nobody_but_the_broker_assumes_the_base_role(broker: Broker) -> None:
    assume = {"RoleArn": broker.base, "RoleSessionName": "direct"}
    for caller in (broker.credentials("alice"), broker.services.session("user-role", allow("sts:AssumeRole", "*"))):
        answer = broker.services.call(caller, "sts", "AssumeRole", **assume)
        assert (answer.error_code, answer.status) == ("AccessDenied", 403)


def test_only_who_may_invoke_the_broker_can_forge_its_claims(broker: Broker) -> None:
    claims = {"jwt": {"claims": {"sub": broker.subs["bob"]}}}
    event = {"requestContext": {"authorizer": claims}}
    refused = broker.services.invoke(broker.arn, event, broker.credentials("alice"))
    assert (refused.error_code, refused.status) == ("AccessDeniedException", 403)
    weak = broker.services.session("weak-user-role", allow("lambda:InvokeFunction", broker.arn))
    leaked = json.loads(json.loads(broker.services.invoke(broker.arn, event, weak).data["Payload"])["body"])
    assert broker.readable(credentials_of(leaked)) == {"blue", "shared"}


def test_callers_at_the_same_time_get_their_own_credentials(broker: Broker) -> None:
    found: dict[int, set[str]] = {}
    users = ["alice", "bob"] * 4

    def ask(number: int) -> None:
        found[number] = broker.readable(broker.credentials(users[number]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(users))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own = {"alice": {"red", "shared"}, "bob": {"blue", "shared"}}
    assert found == {number: own[user] for number, user in enumerate(users)}


class Organizations:
    """The designs of articles 001 and 004: an identity pool with a tag map, and what it gives access to."""

    def __init__(self, services: FunctionServices) -> None:
        self.services = services
        operate, account = services.operate, services.account
        schema = [{"Name": "org", "AttributeDataType": "String", "Mutable": True}]
        self.pool, self.client = services.user_pool("ann", "ben", Schema=schema)
        for user, org in {"ann": "acme", "ben": "best"}.items():
            attributes = [{"Name": "custom:org", "Value": org}]
            named = {"UserPoolId": self.pool, "Username": user}
            operate("cognito-idp", "AdminUpdateUserAttributes", **named, UserAttributes=attributes)
        self.provider = f"cognito-idp.{REGION}.amazonaws.com/{self.pool}"
        self.identities = operate(
            "cognito-identity",
            "CreateIdentityPool",
            IdentityPoolName="identities",
            AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[{"ProviderName": self.provider, "ClientId": self.client}],
        )["IdentityPoolId"]
        tags = {"IdentityProviderName": self.provider, "UseDefaults": False, "PrincipalTags": {"org": "custom:org"}}
        operate("cognito-identity", "SetPrincipalTagAttributeMap", IdentityPoolId=self.identities, **tags)
        self.bucket = f"folders-{account}"
        operate("s3", "CreateBucket", Bucket=self.bucket)
        execution = services.role("folder-broker", allow("s3:PutObject", f"arn:aws:s3:::{self.bucket}/*"))
        environment = {"PROVIDER": self.provider, "IDENTITIES": self.identities, "BUCKET": self.bucket}
        arn = services.function("folders", FOLDER_BROKER, execution, Environment={"Variables": environment})
        services.let_apis_invoke("folders")
        self.rest: RestApi = services.rest_api(arn)
        pool_arn = f"arn:aws:cognito-idp:{REGION}:{account}:userpool/{self.pool}"
        authorizer = self.rest.authorizer("COGNITO_USER_POOLS", providerARNs=[pool_arn])
        self.rest.method("credentials", "COGNITO_USER_POOLS", authorizerId=authorizer)
        self.rest.deploy()
        echo = services.function("echo", "def handler(event, context): return event", execution)
        services.let_apis_invoke("echo")
        self.http: HttpApi = services.http_api(echo)
        self.http.route("ANY /{org}/{proxy+}", AuthorizationType="AWS_IAM")
        folder = f"arn:aws:s3:::{self.bucket}/${{cognito-identity.amazonaws.com:sub}}/*"
        route = f"arn:aws:execute-api:{REGION}:{account}:{self.http.id}/$default/GET/${{aws:PrincipalTag/org}}/*"
        services.role(
            "member",
            allow(["s3:GetObject", "s3:PutObject"], folder),
            allow("execute-api:Invoke", route),
            trusts={"Federated": "cognito-identity.amazonaws.com"},
            actions=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            condition={"StringEquals": {"cognito-identity.amazonaws.com:aud": self.identities}},
        )
        roles = {"authenticated": f"arn:aws:iam::{account}:role/member"}
        operate("cognito-identity", "SetIdentityPoolRoles", IdentityPoolId=self.identities, Roles=roles)

    def member(self, user: str) -> tuple[str, AwsCredentials]:
        """Return identity id and credentials, as the function behind the API hands them out."""
        token = self.services.tokens(self.client, user)["IdToken"]
        answer = self.services.get(f"{self.rest.url}/credentials", headers={"Authorization": Secret(token)})
        assert answer.status == 200, answer.body
        return answer.json()["identity"], credentials_of(answer.json())


@pytest.fixture(scope="module")
def organizations() -> Iterator[Organizations]:
    services = FunctionServices()
    yield Organizations(services)
    services.target.close()


def test_a_function_hands_out_credentials_for_ones_own_folder(organizations: Organizations) -> None:
    own, caller = organizations.member("ann")
    foreign, _ = organizations.member("ben")
    assert own != foreign
    read = {
        identity: {"Bucket": organizations.bucket, "Key": f"{identity}/made-by-broker"} for identity in (own, foreign)
    }
    assert organizations.services.call(caller, "s3", "GetObject", **read[own]).data["Body"] == b"x"
    refused = organizations.services.call(caller, "s3", "GetObject", **read[foreign])
    assert (refused.error_code, refused.status) == ("AccessDenied", 403)


def test_a_route_of_ones_own_organization_is_all_that_is_open(organizations: Organizations) -> None:
    identity, caller = organizations.member("ann")
    event = organizations.services.get(f"{organizations.http.url}/acme/items", caller).json()
    signed = event["requestContext"]["authorizer"]["iam"]["cognitoIdentity"]
    assert (signed["identityId"], signed["identityPoolId"]) == (identity, organizations.identities)
    assert signed["amr"][0] == "authenticated"
    for method, path in (
        ("GET", "best/items"),
        ("POST", "acme/items"),
        ("GET", "best/../acme/items"),
        ("GET", "ACME/x"),
    ):
        refused = organizations.services.get(f"{organizations.http.url}/{path}", caller, method=method)
        assert (method, path, refused.status, refused.json()) == (method, path, 403, {"message": "Forbidden"})


@pytest.fixture(scope="module")
def trigger() -> Iterator[FunctionServices]:
    services = FunctionServices()
    services.role("confirming", allow("cognito-idp:AdminUpdateUserAttributes", "*"))
    role = f"arn:aws:iam::{services.account}:role/confirming"
    services.function("confirming", POST_CONFIRMATION, role, Environment={"Variables": {"ORG": "acme"}})
    yield services
    services.target.close()


def _signed_up(services: FunctionServices, *, permission: str | None) -> tuple[Any, Mapping[str, str]]:
    """Return the answer to ConfirmSignUp or its refusal, and the attributes of the user afterwards."""
    arn = f"arn:aws:lambda:{REGION}:{services.account}:function:confirming"
    schema = [{"Name": "org", "AttributeDataType": "String", "Mutable": True}]
    config = {"Schema": schema, "LambdaConfig": {"PostConfirmation": arn}}
    pool = services.operate("cognito-idp", "CreateUserPool", PoolName="tagged", **config)["UserPool"]
    if permission is not None:
        granted = {"Action": "lambda:InvokeFunction", "Principal": "cognito-idp.amazonaws.com"}
        source = pool["Arn"] if permission == "own" else pool["Arn"] + "-other"
        services.operate(
            "lambda", "AddPermission", FunctionName=arn, StatementId=pool["Id"], SourceArn=source, **granted
        )
    client = services.operate("cognito-idp", "CreateUserPoolClient", UserPoolId=pool["Id"], ClientName="app")
    named = {"ClientId": client["UserPoolClient"]["ClientId"], "Username": "alice"}
    assert services.call(None, "cognito-idp", "SignUp", **named, Password=PASSWORD).succeeded
    user = {"UserPoolId": pool["Id"], "Username": "alice"}
    answer = services.call(services.operator, "cognito-idp", "AdminConfirmSignUp", **user)
    attributes = services.operate("cognito-idp", "AdminGetUser", **user)["UserAttributes"]
    return answer, {attribute["Name"]: attribute["Value"] for attribute in attributes}


def test_a_post_confirmation_function_gives_a_user_its_organization(trigger: FunctionServices) -> None:
    answer, attributes = _signed_up(trigger, permission="own")
    assert answer.succeeded, answer
    assert attributes["custom:org"] == "acme"


@pytest.mark.parametrize("permission", [None, "other"])
def test_a_trigger_needs_the_functions_leave_for_this_pool(trigger: FunctionServices, permission: str | None) -> None:
    answer, attributes = _signed_up(trigger, permission=permission)
    assert answer.error_code == "UnexpectedLambdaException"
    assert "custom:org" not in attributes


def test_a_trigger_can_do_no_more_than_its_role(trigger: FunctionServices) -> None:
    trigger.operate("iam", "DeleteRolePolicy", RoleName="confirming", PolicyName="p")
    answer, attributes = _signed_up(trigger, permission="own")
    assert answer.error_code == "UserLambdaValidationException"
    assert "AccessDeniedException" in answer.message
    assert "custom:org" not in attributes
