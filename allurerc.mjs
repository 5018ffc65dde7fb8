// Settings of the Allure page. A plain object: nothing is imported, so this file is valid before Allure is installed.

const labelled = (name, value) => ({ labels }) =>
  labels.some((label) => label.name === name && label.value === value);

export default {
  name: "Tenant isolation",
  output: "./reports/allure-report",
  historyPath: "./reports/history.jsonl",
  historyLimit: 10,
  appendHistory: true,
  // The matrix and the machine-readable run, on a tab of their own.
  globalAttachments: ["./reports/*.html", "./reports/verdicts.json"],
  // Without environments, the results of two targets would be taken for retries of each other.
  environments: {
    embedded: { name: "embedded", matcher: labelled("target", "embedded") },
    localstack: { name: "localstack", matcher: labelled("target", "localstack") },
    sandbox: { name: "sandbox", matcher: labelled("target", "sandbox") },
  },
  // A result belongs to the first category that fits.
  categories: [
    {
      name: "LEAK: a tenant reached what the contract does not give",
      matchers: { labels: { verdict: /^LEAK$/ } },
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
      name: "INCONCLUSIVE: no judgement, for the reason given",
      matchers: { labels: { verdict: /^INCONCLUSIVE$/ } },
      groupBy: [{ label: "plane" }],
      groupByMessage: true,
    },
    {
      name: "Broken: the harness or the target failed",
      matchers: { statuses: ["broken"] },
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
