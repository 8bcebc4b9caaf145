import { graphql } from "./generated";

export const CONTRACT = graphql(`
  fragment ContractCard on Contract {
    __typename
    id
    label
    kind
    outstandingPrincipal
    nextInstalment { dueOn payment }
    ... on CardAccount { creditLimit }
  }
`);

export const DASHBOARD = graphql(`
  query Dashboard {
    customer { id firstNames contracts { __typename ...ContractCard } }
  }
`);

export const OPERATIONS = graphql(`
  query Operations($first: Int!, $after: String, $filter: OperationFilter) {
    operations(first: $first, after: $after, filter: $filter) {
      edges { cursor node { id kind status occurredOn amount merchant } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const LOG_IN = graphql(`
  mutation LogIn($identifier: Identifier!) {
    logIn(identifier: $identifier, accessibleKeypad: true) {
      __typename
      ... on KeypadStep { flowId keypad { challengeId keys { position label glyph } } }
      ... on Problem { code message(locale: EN_GB) }
      ... on AccountLocked { until }
      ... on Throttled { retryAfterSeconds }
    }
  }
`);

export const CHANGE_ADDRESS = graphql(`
  mutation ChangeAddress($version: Int!, $address: AddressInput!) {
    changeAddress(expectedVersion: $version, address: $address) {
      __typename
      ... on AddressChanged { customer { id version } }
      ... on NotSignedIn { code }
      ... on StepUpRequired { assurance next { __typename ... on SmsCodeStep { flowId smsReference } } }
      ... on NoPhone { message }
      ... on InvalidInput { fields { field rule message } }
      ... on VersionConflict { currentVersion }
      ... on Throttled { retryAfterSeconds }
      ... on TemporarilyUnavailable { retryAfterSeconds }
    }
  }
`);
