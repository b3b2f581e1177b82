// Usage: node websocket.mjs URL QUERY VARIABLES
// Subscribes with the reference client of graphql-transport-ws. Prints "connected", then each result as one line of
// JSON, and "complete" at the end. Exit status 1 if the server refuses.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, query, variables] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  on: { connected: () => console.log("connected") },
});
client.subscribe(
  { query, variables: JSON.parse(variables) },
  {
    next: (result) => console.log(JSON.stringify(result)),
    error: (error) => {
      console.log(JSON.stringify(error));
      process.exit(1);
    },
    complete: async () => {
      console.log("complete");
      await client.dispose();
    },
  },
);
