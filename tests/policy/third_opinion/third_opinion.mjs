// Answers IAM questions with an engine that nobody here wrote: JSON lines in (as `harness decide` takes them), JSON
// lines out. It runs as a process of its own; nothing of the engine is part of this project.
import { createInterface } from "node:readline";
import { loadPolicy } from "@cloud-copilot/iam-policy";

// The core engine is not among the package's exports; its front end drops condition keys that it does not know.
const at = (path) => new URL(path, import.meta.resolve("@cloud-copilot/iam-simulate"));
const { authorize } = await import(at("./core_engine/CoreSimulatorEngine.js"));
const { AwsRequestImpl } = await import(at("./request/request.js"));
const { RequestContextImpl } = await import(at("./requestContext.js"));
const { DiscoveryContextKeyConstraints } = await import(at("./context_keys/discoveryContextKeyConstraints.js"));

const named = (policies) => (policies ?? []).map((policy, number) => loadPolicy(policy, { name: `p${number}` }));
const levels = (policies) => (policies == null ? [] : [{ orgIdentifier: "o", policies: named(policies) }]);

// It tells keys with several values by the form in which they come.
const MULTIVALUED = /^(aws:tagkeys|dynamodb:(leadingkeys|attributes)|cognito-identity\.amazonaws\.com:amr)$/i;
const asTheyCome = (key, values) => (values.length === 1 && !MULTIVALUED.test(key) ? values[0] : values);
const contextOf = (request) =>
  Object.fromEntries(Object.entries(request.context ?? {}).map(([key, values]) => [key, asTheyCome(key, values)]));

function answer({ policies, request }) {
  const resource = { resource: request.resource, accountId: request.resource_account };
  const context = new RequestContextImpl(contextOf(request));
  const analysis = authorize({
    request: new AwsRequestImpl(request.principal, resource, request.action, context),
    sessionPolicy: policies.session == null ? undefined : named(policies.session)[0],
    identityPolicies: named(policies.identity),
    serviceControlPolicies: levels(policies.scp),
    resourceControlPolicies: levels(policies.rcp),
    resourcePolicy: named(policies.resource)[0],
    permissionBoundaries: policies.boundary == null ? undefined : named(policies.boundary),
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: "Strict",
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
    },
  });
  return { Allowed: "allow", ExplicitlyDenied: "explicit_deny", ImplicitlyDenied: "implicit_deny" }[analysis.result];
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let decision;
  try {
    decision = answer(asked);
  } catch (error) {
    decision = `error: ${error.message}`;
  }
  console.log(JSON.stringify({ id: asked.id, decision }));
}
