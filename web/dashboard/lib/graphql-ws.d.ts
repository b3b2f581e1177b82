/** What the page uses of graphql-ws; the file itself comes from npm. */
export function createClient(options: object): {
  subscribe(operation: { query: string; variables: object }, sink: object): () => void;
  terminate(): void;
};
