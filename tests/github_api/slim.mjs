// Removes what the tests do not read of GitHub's description: 400 MB of other versions.
import { readdirSync, rmSync } from "node:fs";

const folder = "node_modules/@octokit/openapi/generated/";
for (const name of readdirSync(folder)) if (name !== "api.github.com.json") rmSync(folder + name);
