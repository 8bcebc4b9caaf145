import { graphql } from "relay-runtime";

export const query = graphql`
  query DashboardQuery {
    customer {
      id
      firstNames
      contracts {
        id
        ...ContractCard_contract
      }
      ...OperationsList_customer
    }
  }
`;
