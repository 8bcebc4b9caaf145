// Apollo Client 4 as its documentation sets it up, without React.
import { createHash } from "node:crypto";
import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
  ServerError,
  gql,
} from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import { relayStylePagination } from "@apollo/client/utilities";
import { filter, firstValueFrom, timeout } from "rxjs";
import { Browser, smsCode } from "./browser.js";

const STEP = gql`
  fragment Step on AccessResult {
    ... on KeypadStep { flowId keypad { challengeId keys { position label } } }
    ... on SmsCodeStep { flowId smsReference }
    ... on SignedIn { customer { id firstNames lastName } session { id assurance } }
    ... on Problem { code message }
  }
`;
const LOG_IN = gql`
  mutation LogIn($identifier: Identifier!) { step: logIn(identifier: $identifier, accessibleKeypad: true) { ...Step } }
  ${STEP}
`;
const ENTER_CODE = gql`
  mutation EnterCode($flowId: ID!, $entry: KeypadEntry!) { step: enterCode(flowId: $flowId, entry: $entry) { ...Step } }
  ${STEP}
`;
const ENTER_SMS_CODE = gql`
  mutation EnterSmsCode($flowId: ID!, $code: String!) { step: enterSmsCode(flowId: $flowId, code: $code) { ...Step } }
  ${STEP}
`;
const DASHBOARD = gql`
  query Dashboard {
    customer {
      id
      firstNames
      lastName
      contracts {
        id
        kind
        label
        outstandingPrincipal
        nextInstalment { id dueOn payment }
      }
    }
  }
`;
const OPERATIONS = gql`
  query Operations($first: Int!, $after: String, $filter: OperationFilter) {
    operations(first: $first, after: $after, filter: $filter) {
      totalCount
      edges { cursor node { id occurredOn label amount } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const CONTRACT = gql`
  query Contract($id: ID!) { node(id: $id) { ... on Contract { id version label maskedNumber } } }
`;
const ADDRESS = gql`
  query Address { customer { id version postalAddress { lines city } } }
`;
const CHANGE_ADDRESS = gql`
  mutation ChangeAddress($version: Int!, $address: AddressInput!) {
    changed: changeAddress(expectedVersion: $version, address: $address) {
      ... on AddressChanged { customer { id version postalAddress { lines city } } }
      ... on Problem { code message(locale: EN_GB) }
      ... on VersionConflict { currentVersion }
      ... on InvalidInput { fields { field rule } }
    }
  }
`;
// As Apollo's documentation generates them.
const POSSIBLE_TYPES = gql`
  query PossibleTypes { __schema { types { kind name possibleTypes { name } } } }
`;

async function possibleTypes(client) {
  const { data } = await client.query({ query: POSSIBLE_TYPES, fetchPolicy: "no-cache" });
  const abstract = data.__schema.types.filter((type) => type.possibleTypes);
  return Object.fromEntries(abstract.map((type) => [type.name, type.possibleTypes.map((possible) => possible.name)]));
}

async function connected({ url, cookie }, ...links) {
  const browser = new Browser(cookie);
  const http = new HttpLink({ uri: url, fetch: browser.fetch });
  const simple = new ApolloClient({ link: http, cache: new InMemoryCache() });
  const cache = new InMemoryCache({
    possibleTypes: await possibleTypes(simple),
    typePolicies: { Query: { fields: { operations: relayStylePagination(["filter", "order"]) } } },
  });
  browser.exchanges.length = 0;
  return { browser, client: new ApolloClient({ link: ApolloLink.from([...links, http]), cache }) };
}

// What a component would show next that is so.
const next = (shown, isSo) => firstValueFrom(shown.pipe(filter(isSo), timeout(10_000)));
const complete = (shown) => next(shown, (result) => result.dataState === "complete");

export async function signIn({ url, number, code, messages }) {
  const { browser, client } = await connected({ url });
  const steps = [];
  const take = async (mutation, variables) => {
    const { data } = await client.mutate({ mutation, variables });
    steps.push(data.step.__typename);
    return data.step;
  };

  const keypad = await take(LOG_IN, { identifier: { cardOrCreditNumber: number } });
  const positions = [...code].map((digit) => keypad.keypad.keys.find((key) => key.label === digit).position);
  const entry = { challengeId: keypad.keypad.challengeId, positions };
  const sms = await take(ENTER_CODE, { flowId: keypad.flowId, entry });
  const sent = await smsCode(messages, sms.smsReference);
  const signedIn = await take(ENTER_SMS_CODE, { flowId: sms.flowId, code: sent });
  const { data } = await client.query({ query: DASHBOARD });
  return {
    steps,
    cookies: [...browser.cookies.keys()].sort(),
    assurance: signedIn.session.assurance,
    customer: data.customer,
  };
}

export async function pages({ url, cookie, first, only }) {
  const { client } = await connected({ url, cookie });
  const shown = client.watchQuery({ query: OPERATIONS, variables: { first, filter: only } });
  const subscription = shown.subscribe(() => {});
  const page = (await complete(shown)).data.operations;
  await shown.fetchMore({ variables: { after: page.pageInfo.endCursor } });
  const { data } = await next(shown, (result) => result.data.operations.edges.length > first);
  const both = data.operations;
  subscription.unsubscribe();
  return {
    totalCount: both.totalCount,
    hasNextPage: both.pageInfo.hasNextPage,
    first: page.edges.map((edge) => edge.node),
    both: both.edges.map((edge) => edge.node),
  };
}

export async function cache({ url, cookie }) {
  const { browser, client } = await connected({ url, cookie });
  const { data } = await client.query({ query: DASHBOARD });
  const loan = data.customer.contracts.find((contract) => contract.__typename === "PersonalLoan");
  const again = await client.query({ query: DASHBOARD });
  const asked = browser.exchanges.length;
  const { data: refetched } = await client.query({ query: CONTRACT, variables: { id: loan.id } });
  const reference = client.cache.identify(refetched.node);
  // Known by the interface alone: this needs `possibleTypes`.
  const fragment = gql`fragment Shown on Contract { label outstandingPrincipal maskedNumber }`;
  return {
    asked,
    isSame: JSON.stringify(again.data) === JSON.stringify(data),
    reference,
    merged: client.cache.readFragment({ id: reference, fragment }),
    kept: Object.keys(client.cache.extract()).map((key) => key.split(":")[0]),
  };
}

export async function mutation({ url, cookie, address }) {
  const { client } = await connected({ url, cookie });
  const watched = [];
  const shown = client.watchQuery({ query: ADDRESS });
  const subscription = shown.subscribe(({ data }) => data?.customer && watched.push(data.customer));
  const before = (await complete(shown)).data.customer;
  const change = async (version, given) =>
    (await client.mutate({ mutation: CHANGE_ADDRESS, variables: { version, address: given } })).data.changed;

  const outcomes = {
    conflict: await change(before.version + 7, address),
    invalid: await change(before.version, { ...address, postalCode: "7" }),
    changed: await change(before.version, address),
  };
  const after = shown.getCurrentResult().data.customer;
  subscription.unsubscribe();
  return { before, ...outcomes, after, watched: watched.length };
}

export async function errors({ url, cookie }) {
  const { browser, client } = await connected({ url, cookie });
  const ask = async (query, context) => {
    try {
      const { data } = await client.query({ query, context, fetchPolicy: "no-cache" });
      return { data };
    } catch (error) {
      const { status } = browser.exchanges.at(-1);
      if (CombinedGraphQLErrors.is(error)) {
        return { class: error.name, status, codes: error.errors.map((each) => each.extensions.code), data: error.data };
      }
      if (ServerError.is(error)) return { class: error.name, status: error.statusCode, body: JSON.parse(error.bodyText) };
      throw error;
    }
  };
  return {
    unknownField: await ask(gql`{ custommer { firstNames } }`),
    pageTooLarge: await ask(gql`{ contact { phone } operations(first: 1000) { totalCount } }`),
    badToken: await ask(gql`{ staff { subject } }`, { headers: { authorization: "Bearer eyJ.e30.x" } }),
    foreignPage: await ask(gql`{ contact { phone } }`, { headers: { origin: "https://elsewhere.example" } }),
    elsewhere: await ask(gql`{ contact { phone } }`, { uri: new URL("/nowhere", url).href }),
    stranger: await ask(gql`{ contact { phone } }`),
  };
}

// The hash is sent alone, and the text only where the server asks for it.
export async function hashed({ url, cookie }) {
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const { browser, client } = await connected({ url, cookie }, new PersistedQueryLink({ sha256 }));
  const { data } = await client.query({ query: DASHBOARD });
  return { exchanges: browser.exchanges, customer: data.customer };
}

// The manifest says the ids, so nothing is hashed here and nothing but ids is sent.
export async function listed({ url, cookie, manifest, operations }) {
  const ids = generatePersistedQueryIdsFromManifest({ loadManifest: async () => manifest });
  const browser = new Browser(cookie);
  const links = [new PersistedQueryLink(ids), new HttpLink({ uri: url, fetch: browser.fetch })];
  const client = new ApolloClient({ link: ApolloLink.from(links), cache: new InMemoryCache() });
  const told = {};
  for (const { name, body, variables } of operations) {
    const query = gql(body);
    told[name] = (await client.query({ query, variables })).data;
  }
  const simple = new ApolloClient({ link: links[1], cache: new InMemoryCache() });
  const free = await simple.query({ query: DASHBOARD }).catch((error) => ({
    class: error.name,
    codes: error.errors.map((each) => each.extensions.code),
  }));
  return { told, free, exchanges: browser.exchanges };
}
