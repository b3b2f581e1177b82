// Usage: node walk.mjs ADDRESS TOKEN OWNER REPOSITORY DELETED TRANSFERRED
// Reads the whole repository with GitHub's own client and prints as JSON what came, and which limits it met.
import { Octokit } from "octokit";

const [baseUrl, auth, owner, repo, deleted, transferred] = process.argv.slice(2);
const limits = [];
const met = (kind) => (retryAfter) => (limits.push([kind, retryAfter]), limits.length < 3);
const octokit = new Octokit({
  auth,
  baseUrl,
  throttle: { onRateLimit: met("primary"), onSecondaryRateLimit: met("secondary") },
  retry: { retryAfterBaseValue: 10 },
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const { issues, repos, users } = octokit.rest;
const where = { owner, repo, per_page: 100 };
const status = (asked) => asked.then(({ status, url }) => [status, new URL(url).pathname], (error) => [error.status]);

console.log(
  JSON.stringify({
    login: (await users.getAuthenticated()).data.login,
    repository: (await repos.get({ owner, repo })).data.full_name,
    issues: await octokit.paginate(issues.listForRepo, { ...where, state: "all", sort: "updated", direction: "asc" }),
    comments: await octokit.paginate(issues.listCommentsForRepo, where),
    events: (await octokit.paginate(issues.listEventsForRepo, where)).map(({ id }) => id),
    deleted: await status(issues.get({ owner, repo, issue_number: deleted })),
    transferred: await status(issues.get({ owner, repo, issue_number: transferred })),
    limits,
  }),
);
