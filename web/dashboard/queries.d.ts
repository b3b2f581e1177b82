/** The operations in `queries/`, by the names of their files; the service makes the module. */
declare const operations: Record<string, string>;
export default operations;
