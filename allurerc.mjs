// Settings of the Allure page. Only Node itself is imported, so this file is valid before Allure is installed.
import { readFileSync } from "node:fs";

const labelled = (name, value) => ({ labels }) =>
  labels.some((label) => label.name === name && (value === undefined || label.value === value));

// What the run writes for quality gates: how many verdicts it owes, and which leaks its blueprints declare.
const readGate = () => {
  try {
    return JSON.parse(readFileSync(new URL("./reports/gate.json", import.meta.url), "utf8"));
  } catch {
    return { minimum_verdicts: 0, declared_leaks: [] };
  }
};
const gate = readGate();
const declaredAttempts = gate.declared_leaks.flatMap(({ attempts }) => attempts);

export default {
  name: "Tenant isolation",
  output: "./reports/allure-report",
  historyPath: "./reports/history.jsonl",
  historyLimit: 10,
  // Each page built is a point of the trend; one built anew from the same results is none (see build-allure.sh).
  appendHistory: process.env.ISOLATION_SAME_RESULTS !== "yes",
  // The matrix and the machine-readable run, on a tab of their own.
  globalAttachments: ["./reports/*.html", "./reports/verdicts.json"],
  // Without environments, the results of two targets would be taken for retries of each other.
  environments: {
    embedded: { name: "embedded", matcher: labelled("target", "embedded") },
    localstack: { name: "localstack", matcher: labelled("target", "localstack") },
    sandbox: { name: "sandbox", matcher: labelled("target", "sandbox") },
  },
  // A leak that a blueprint declares is shown as failed, because it is a leak, and as accepted, with the declared
  // reason. It is known by the attempt and by what the harness says of it: if the same attempt fails otherwise, for
  // one because the leak is gone, that is not accepted.
  resolutions: {
    knownIssuesPath: "./reports/known-issues.json",
    rules: gate.declared_leaks.map(({ blueprint, reason, attempts }) => ({
      resolution: "accepted",
      testCaseId: attempts,
      messageRegexp: "^EXPECTED LEAK: ",
      comment: `Declared by ${blueprint}: ${reason}`,
    })),
  },
  // For `allure quality-gate`, which needs Node 22. The gate everywhere is the exit status of the run.
  qualityGate: {
    rules: [
      // Accepted failures do not count, so that a leak is one that nobody declared.
      { id: "no leak, lockout or broken test", maxFailures: 0 },
      {
        id: "enough verdicts",
        minTestsCount: Math.max(1, gate.minimum_verdicts - declaredAttempts.length),
        filter: labelled("attacker"),
      },
    ],
  },
  // A result belongs to the first category that fits.
  categories: [
    {
      name: "LEAK: a tenant reached what the contract does not give",
      matchers: { labels: { verdict: /^(LEAK|leaked)$/ } },
      groupBy: ["severity", { label: "attacker" }],
      groupByMessage: false,
      expand: true,
    },
    {
      name: "LOCKOUT: a tenant was refused their own access",
      matchers: { labels: { verdict: /^LOCKOUT$/ } },
      groupBy: [{ label: "blueprint" }, { label: "attacker" }],
      groupByMessage: false,
      expand: true,
    },
    {
      name: "EXPECTED LEAK: declared by the blueprint with its reason",
      matchers: { labels: { verdict: /^expected LEAK$/ } },
      groupBy: [{ label: "blueprint" }, { label: "attacker" }],
      groupByMessage: false,
    },
    {
      name: "Broken: the harness or the target failed",
      matchers: { statuses: ["broken"] },
      groupByMessage: true,
    },
    {
      name: "INCONCLUSIVE: no judgement, for the reason given",
      matchers: { labels: { verdict: /^(INCONCLUSIVE|not judged)$/ } },
      groupBy: [{ label: "plane" }],
      groupByMessage: true,
    },
  ],
  plugins: {
    awesome: {
      options: {
        reportName: "Tenant isolation",
        singleFile: false,
        reportLanguage: "en",
        groupBy: ["epic", "feature", "attacker", "victim"],
      },
    },
  },
};
