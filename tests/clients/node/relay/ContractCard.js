import { graphql } from "relay-runtime";

// Refetched by `node`: an interface will do, since it implements Node.
export const contract = graphql`
  fragment ContractCard_contract on Contract @refetchable(queryName: "ContractCardRefetchQuery") {
    __typename
    label
    outstandingPrincipal
    nextInstalment { dueOn payment }
    ... on CardAccount { cards { id maskedNumber } }
  }
`;
