// Usage: node apollo.mjs ADDRESS TENANT
// Asks, pages, changes and follows with Apollo Client, persisted queries switched on, and prints as JSON what came.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import { OperationTypeNode } from "graphql";
import WebSocket from "ws";

const [address, tenant] = process.argv.slice(2);
const requests = [];
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const counting = async (url, options) => {
  requests.push(JSON.parse(options.body).query ? "document" : "hash");
  return fetch(url, options);
};
const http = new PersistedQueryLink({ sha256 }).concat(
  new HttpLink({ uri: `http://${address}/graphql`, fetch: counting }),
);
const socket = createClient({ url: `ws://${address}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    http,
  ),
  cache: new InMemoryCache({
    typePolicies: { Query: { fields: { tickets: relayStylePagination(["tenantId"]) } } },
  }),
});

const LIST = gql`
  query List($tenant: String!, $after: String) {
    tickets(tenantId: $tenant, first: 2, after: $after) {
      edges { node { id externalId } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const list = client.watchQuery({ query: LIST, variables: { tenant } });
const first = await list.refetch();
await list.fetchMore({ variables: { after: first.data.tickets.pageInfo.endCursor } });
const edges = list.getCurrentResult().data.tickets.edges;

const failed = await client
  .query({ query: gql`query { ticket(tenantId: "nobody", externalId: "none") { id } }` })
  .catch((error) => error);
const { data: changed } = await client.mutate({
  mutation: gql`
    mutation Start($tenant: String!) {
      startIngestion(input: { tenantId: $tenant }) {
        ... on IngestionStarted { job { id status } }
        ... on UserError { message }
      }
    }
  `,
  variables: { tenant },
});
const followed = await new Promise((resolve, reject) => {
  const following = client
    .subscribe({
      query: gql`subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets } }`,
      variables: { tenant },
    })
    .subscribe({ next: (result) => (resolve(result.data), following.unsubscribe()), error: reject });
});
// The first event says that changes are followed from now on; then a ticket comes.
const ticket = { id: "b1", subject: "s", message: "m", customer_id: "c", created_at: new Date().toISOString() };
const send = () =>
  fetch(`http://${address}/ingest/batch?tenant_id=board`, {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson" },
    body: JSON.stringify(ticket),
  });
const board = await new Promise((resolve, reject) => {
  const following = client
    .subscribe({
      query: gql`
        subscription {
          ticketsChanged(tenantId: "board") {
            updates { kind ticket { id externalId } }
          }
        }
      `,
    })
    .subscribe({
      next: ({ data: { ticketsChanged: { updates } } }) => {
        if (updates.length === 0) send().catch(reject);
        else (resolve(updates.map(({ kind, ticket }) => [kind, ticket.externalId])), following.unsubscribe());
      },
      error: reject,
    });
});
console.log(
  JSON.stringify({
    shown: edges.map((edge) => edge.node.externalId),
    failed: CombinedGraphQLErrors.is(failed) ? failed.errors[0].extensions.code : String(failed),
    changed: changed.startIngestion.__typename,
    followed: followed.tenantStatsChanged.totalTickets,
    told: board,
    requests,
  }),
);
await socket.dispose();
client.stop();
