// Usage: node http.mjs URL
// Runs graphql-http's audits of GraphQL over HTTP and prints each one that is not ok. Exit status 1 if there is any.
import { serverAudits } from "graphql-http";

const url = process.argv[2];
const audits = serverAudits({ url, fetchFn: fetch });
const failed = [];
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== "ok") failed.push(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
}
if (failed.length) console.log(failed.join("\n"));
console.log(`${audits.length - failed.length} of ${audits.length} audits ok`);
process.exit(failed.length ? 1 : 0);
