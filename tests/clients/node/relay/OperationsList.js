import { graphql } from "relay-runtime";

export const customer = graphql`
  fragment OperationsList_customer on Customer
  @argumentDefinitions(first: { type: "Int", defaultValue: 7 }, after: { type: "String" }, filter: { type: "OperationFilter" })
  @refetchable(queryName: "OperationsListPaginationQuery") {
    operations(first: $first, after: $after, filter: $filter, order: NEWEST_FIRST)
      @connection(key: "OperationsList_operations", filters: ["filter", "order"]) {
      totalCount
      edges { node { id occurredOn label amount contract { id } } }
    }
  }
`;
