// Reads lists of answers as JSON from standard input and prints, for each list, what in it does not fit GitHub's
// description of its API. An answer: { operation, status, headers, body }; the operation is a path of the description.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const description = JSON.parse(readFileSync("node_modules/@octokit/openapi/generated/api.github.com.json", "utf8"));

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
for (const name of ["repo.nwo", "timestamp", "ssh-key", "ip/cidr", "markdown"]) ajv.addFormat(name, true);

// Of its many schemas, those that are referred to.
const added = new Set();
const named = (reference) => {
  const name = reference.replace("#/components/schemas/", "");
  if (!added.has(name)) {
    added.add(name);
    ajv.addSchema(converted(description.components.schemas[name]), name);
  }
  return name;
};

// OpenAPI 3.0 says `nullable` where JSON Schema has the type null.
const converted = (schema) => {
  if (Array.isArray(schema)) return schema.map(converted);
  if (schema === null || typeof schema !== "object") return schema;
  if (typeof schema.$ref === "string") return { $ref: named(schema.$ref) };
  const { nullable, example, examples, discriminator, ...rest } = schema;
  const made = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, converted(value)]));
  if (nullable !== true) return made;
  if (typeof made.type !== "string") return { anyOf: [made, { type: "null" }] };
  if (made.enum) made.enum = [...made.enum, null];
  return { ...made, type: [made.type, "null"] };
};

const resolved = (node) => {
  while (node?.$ref) node = node.$ref.slice(2).split("/").reduce((at, step) => at[step], description);
  return node;
};
const compiled = new Map();
const validator = (key, schema) => {
  if (!compiled.has(key)) compiled.set(key, ajv.compile(converted(schema)));
  return compiled.get(key);
};

// What the description does not know: a misspelt field would pass a schema that forbids nothing.
const unknown = (value, schema, at) => {
  schema = resolved(schema);
  if (value === null || typeof value !== "object" || !schema) return [];
  if (Array.isArray(value)) return value.flatMap((one) => unknown(one, schema.items, `${at}[]`));
  if (!schema.properties) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name in schema.properties ? unknown(inner, schema.properties[name], `${at}.${name}`) : [`${at}.${name} is unknown`],
  );
};

// Recorded refusals have these, and the description leaves them out.
const RECORDED = new Set([".status is unknown", ".block is unknown"]);

const checked = (answers) => {
  const problems = [];
  const seen = {};
  for (const { operation, status, headers, body } of answers) {
    const responses = description.paths[operation].get.responses;
    const described = resolved(responses[status]);
    const schema = described
      ? described.content?.["application/json"]?.schema
      : { $ref: "#/components/schemas/basic-error" };
    const name = `${operation} ${status}`;
    seen[name] = (seen[name] ?? 0) + 1;
    const tell = (words) => problems.push(`${name}: ${words}`);
    if (!schema) {
      if (body !== null) tell("has a body");
      continue;
    }
    const valid = validator(`${name} ${!described}`, schema);
    if (!valid(body)) for (const { instancePath, message, params } of valid.errors.slice(0, 3)) tell(`${instancePath} ${message} ${JSON.stringify(params)}`);
    for (const words of new Set(unknown(body, schema, ""))) if (status < 400 || !RECORDED.has(words)) tell(words);
    for (const [header, one] of Object.entries(described?.headers ?? {})) {
      const given = headers[header.toLowerCase()];
      const type = resolved(one).schema.type;
      if (given === undefined ? header !== "Link" : type === "integer" && !/^\d+$/.test(given)) tell(`header ${header}: ${given}`);
    }
  }
  return { problems: [...new Set(problems)], seen };
};
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(checked)));
