import { graphql } from "relay-runtime";

export const mutation = graphql`
  mutation LogInMutation($identifier: Identifier!) {
    logIn(identifier: $identifier) {
      ... on FlowStep { flowId purpose }
      ... on Problem { code }
    }
  }
`;
