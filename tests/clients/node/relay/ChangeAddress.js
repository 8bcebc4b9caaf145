import { graphql } from "relay-runtime";

export const mutation = graphql`
  mutation ChangeAddressMutation($version: Int!, $address: AddressInput!) @raw_response_type {
    changeAddress(expectedVersion: $version, address: $address) {
      __typename
      ... on AddressChanged { customer { id version } }
      ... on VersionConflict { currentVersion }
      ... on Problem { code message(locale: EN_GB) }
    }
  }
`;
