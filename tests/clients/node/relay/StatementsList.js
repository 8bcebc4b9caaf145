import { graphql } from "relay-runtime";

// Backward, and over a root field that may be null.
export const query = graphql`
  query StatementsListQuery($last: Int!, $before: String, $year: Int) {
    statements(last: $last, before: $before, year: $year) @connection(key: "StatementsList_statements") {
      edges { node { id closedOn closingBalance } }
    }
  }
`;
