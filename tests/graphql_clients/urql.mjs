// Usage: node urql.mjs ADDRESS TENANT
// Asks, changes and follows with urql, persisted queries switched on and operations named in WebSocket messages, and
// prints as JSON what came.
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [address, tenant] = process.argv.slice(2);
const requests = [];
const socket = createClient({ url: `ws://${address}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
const client = new Client({
  url: `http://${address}/graphql`,
  preferGetMethod: false,
  fetch: async (url, options) => {
    requests.push(JSON.parse(options.body).query ? "document" : "hash");
    return fetch(url, options);
  },
  exchanges: [
    cacheExchange,
    persistedExchange({ preferGetForPersistedQueries: false, enableForMutation: true }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, operationName: "" }, sink) }),
      }),
    }),
  ],
});

const LIST = gql`
  query List($tenant: String!) {
    tickets(tenantId: $tenant, first: 2) { nodes { id externalId } }
  }
`;
const shown = await client.query(LIST, { tenant }).toPromise();
const failed = await client.query(gql`query { ticket(tenantId: "nobody", externalId: "none") { id } }`, {}).toPromise();
const changed = await client
  .mutation(
    gql`mutation Start($tenant: String!) { startIngestion(input: { tenantId: $tenant }) { __typename } }`,
    { tenant },
  )
  .toPromise();
const followed = await new Promise((resolve) => {
  const { unsubscribe } = client
    .subscription(
      gql`subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets } }`,
      { tenant },
    )
    .subscribe((result) => (resolve(result), setImmediate(() => unsubscribe())));
});
const told = await new Promise((resolve) => {
  const { unsubscribe } = client
    .subscription(gql`subscription ($tenant: String!) { ingestionStarted(tenantId: $tenant) { status } }`, { tenant })
    .subscribe((result) => (resolve(result), setImmediate(() => unsubscribe())));
});
console.log(
  JSON.stringify({
    shown: shown.data?.tickets.nodes.map((node) => node.externalId) ?? String(shown.error),
    failed: failed.error?.graphQLErrors[0].extensions.code,
    changed: changed.data?.startIngestion.__typename ?? String(changed.error),
    followed: followed.data?.tenantStatsChanged.totalTickets ?? String(followed.error),
    told: told.data?.ingestionStarted.status ?? String(told.error),
    requests,
  }),
);
await socket.dispose();
