import { graphql } from "relay-runtime";

export const query = graphql`
  query ticketsQuery($tenant: String!, $id: ID!) {
    ...tickets_list @arguments(tenant: $tenant)
    node(id: $id) {
      ...tickets_card @alias(as: "ticket")
    }
  }
`;

export const list = graphql`
  fragment tickets_list on Query
  @argumentDefinitions(tenant: { type: "String!" }, count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "ticketsPageQuery") {
    tickets(tenantId: $tenant, first: $count, after: $cursor) @connection(key: "list_tickets") {
      totalCount
      edges {
        node {
          ...tickets_card
        }
      }
    }
  }
`;

export const card = graphql`
  fragment tickets_card on Ticket @refetchable(queryName: "ticketsCardQuery") {
    subject
    urgency
    customer {
      ...tickets_customer
    }
  }
`;

export const customer = graphql`
  fragment tickets_customer on Customer
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" })
  @refetchable(queryName: "ticketsCustomerQuery") {
    tickets(first: $count, after: $cursor) @connection(key: "customer_tickets") {
      edges {
        node {
          id
        }
      }
    }
  }
`;

export const mutation = graphql`
  mutation ticketsStartMutation($input: StartIngestionInput!) {
    startIngestion(input: $input) {
      __typename
      ... on IngestionStarted {
        job {
          status
        }
      }
      ... on UserError {
        message
      }
    }
  }
`;

export const subscription = graphql`
  subscription ticketsProgressSubscription($job: String!) {
    ingestionProgress(jobId: $job) {
      progress
      status
    }
  }
`;

export const board = graphql`
  subscription ticketsBoardSubscription($tenant: String!, $filter: TicketFilter) {
    ticketsChanged(tenantId: $tenant, filter: $filter) {
      hasMore
      updates {
        kind
        globalId
        ticket {
          ...tickets_card
        }
      }
    }
  }
`;

export const viewer = graphql`
  query ticketsViewerQuery {
    viewer {
      name
      scopes
      tenants {
        id
        tenantId
      }
    }
  }
`;
