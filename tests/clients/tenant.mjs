// What a web application does for a signed-in user, with the AWS SDK for JavaScript as its documentation shows it.
// Reads its settings as JSON from the first argument and prints what happened as JSON.
import { CognitoIdentityProviderClient, InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { fromCognitoIdentity, fromCognitoIdentityPool } from "@aws-sdk/credential-providers";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";

const settings = JSON.parse(process.argv[2]);
const clientConfig = { endpoint: settings.endpoint, region: settings.region, maxAttempts: 1 };

const users = new CognitoIdentityProviderClient(clientConfig);
const signedIn = await users.send(
  new InitiateAuthCommand({
    ClientId: settings.clientId,
    AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: settings.username, PASSWORD: settings.password },
  }),
);
const logins = { [settings.provider]: signedIn.AuthenticationResult.IdToken };
const fromPool = fromCognitoIdentityPool({ clientConfig, identityPoolId: settings.identityPoolId, logins });
const { identityId } = await fromPool();

const TableName = settings.table;
const outcome = async (command, credentials = fromPool) => {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ ...clientConfig, credentials }));
  try {
    const { Item, Items, $metadata } = await documents.send(command);
    return { status: $metadata.httpStatusCode, Item, Items };
  } catch (error) {
    return { status: error.$metadata?.httpStatusCode, error: error.name, message: error.message };
  }
};

const own = { PK: identityId, SK: "1", text: "own", numbers: [1, 2.5], nested: { yes: true, nothing: null } };
const bounded = { KeyConditionExpression: "PK = :own", ExpressionAttributeValues: { ":own": identityId } };
const fromIdentity = fromCognitoIdentity({ clientConfig, identityId, logins });
console.log(
  JSON.stringify({
    identityId,
    put: await outcome(new PutCommand({ TableName, Item: own })),
    get: await outcome(new GetCommand({ TableName, Key: { PK: identityId, SK: "1" } })),
    query: await outcome(new QueryCommand({ TableName, ...bounded })),
    again: await outcome(new GetCommand({ TableName, Key: { PK: identityId, SK: "1" } }), fromIdentity),
    foreign: await outcome(new GetCommand({ TableName, Key: { PK: "foreign", SK: "1" } })),
    overwrite: await outcome(new PutCommand({ TableName, Item: { ...own, PK: "foreign" } }), fromIdentity),
  }),
);
