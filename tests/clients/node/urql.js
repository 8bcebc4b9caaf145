// urql's core with its exchanges, which its bindings for React, Vue and Svelte all stand on.
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";
import { cacheExchange as graphcache } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { persistedExchange } from "@urql/exchange-persisted";
import { getIntrospectionQuery } from "graphql";
import { Browser } from "./browser.js";

const CONTRACTS = gql`
  query Contracts($kinds: [ContractKind!]) {
    customer { id firstNames contracts(kinds: $kinds) { id label outstandingPrincipal } }
  }
`;
const OPERATIONS = gql`
  query Operations($first: Int!, $after: String) {
    operations(first: $first, after: $after) {
      edges { cursor node { id occurredOn label amount } }
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
    }
  }
`;
const CHANGE_ADDRESS = gql`
  mutation ChangeAddress($version: Int!, $address: AddressInput!) {
    changed: changeAddress(expectedVersion: $version, address: $address) {
      ... on AddressChanged { customer { id version } }
      ... on Problem { code message(locale: EN_GB) }
    }
  }
`;
const EVERYTHING = { kinds: null };

// Queries go by GET unless they are long, as urql does it.
function connected({ url, cookie }, exchanges = [cacheExchange, fetchExchange], options = {}) {
  const browser = new Browser(cookie);
  return { browser, client: new Client({ url, fetch: browser.fetch, exchanges, ...options }) };
}

const told = ({ data, error }) => ({
  data,
  error: error && {
    class: error.name,
    status: error.response?.status,
    codes: error.graphQLErrors.map((each) => each.extensions.code),
  },
});
const methods = (browser) => browser.exchanges.map((exchange) => exchange.method);

export async function documents({ url, cookie }) {
  const { browser, client } = connected({ url, cookie });
  const first = told(await client.query(CONTRACTS, EVERYTHING));
  const again = told(await client.query(CONTRACTS, EVERYTHING));
  const cards = told(await client.query(CONTRACTS, { kinds: ["CARD_ACCOUNT"] }));
  return { first, again, cards, methods: methods(browser) };
}

export async function posted({ url, cookie }) {
  const { browser, client } = connected({ url, cookie }, undefined, { preferGetMethod: false });
  return { ...told(await client.query(CONTRACTS, EVERYTHING)), methods: methods(browser) };
}

export async function mutation({ url, cookie, version, address }) {
  const { browser, client } = connected({ url, cookie });
  await client.query(CONTRACTS, EVERYTHING);
  const changed = told(await client.mutation(CHANGE_ADDRESS, { version, address }));
  await client.query(CONTRACTS, EVERYTHING);
  return { ...changed, methods: methods(browser) };
}

export async function pages({ url, cookie, first }) {
  const schema = (await connected({ url }).client.query(getIntrospectionQuery(), {})).data;
  const cache = graphcache({ schema, resolvers: { Query: { operations: relayPagination() } } });
  const { client } = connected({ url, cookie }, [cache, fetchExchange]);
  const page = (await client.query(OPERATIONS, { first })).data.operations;
  const both = (await client.query(OPERATIONS, { first, after: page.pageInfo.endCursor })).data.operations;
  return { first: page.edges.map((edge) => edge.node), both: both.edges.map((edge) => edge.node) };
}

export async function errors({ url, cookie }) {
  const { client } = connected({ url, cookie });
  const ask = async (query) => told(await client.query(query, {}));
  return {
    unknownField: await ask(gql`{ custommer { firstNames } }`),
    pageTooLarge: await ask(gql`{ contact { phone } operations(first: 1000) { totalCount } }`),
  };
}

// The hash is sent alone, and the text only where the server asks for it.
export async function hashed({ url, cookie }) {
  const { browser, client } = connected({ url, cookie }, [persistedExchange(), fetchExchange]);
  return { ...told(await client.query(CONTRACTS, EVERYTHING)), exchanges: browser.exchanges };
}
