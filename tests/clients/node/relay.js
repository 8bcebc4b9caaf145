// Relay's runtime with what its compiler made of the documents in relay/.
import { createRequire } from "node:module";
import relay from "relay-runtime";
import { Browser } from "./browser.js";

const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery } = relay;
const { getSelector } = relay;

function connected({ url, cookie, artifacts }) {
  const { fetch } = new Browser(cookie);
  const network = Network.create(async ({ id, text }, variables) => {
    const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" };
    const asked = id ? { documentId: id } : { query: text };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ ...asked, variables }) });
    return response.json();
  });
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const require = createRequire(artifacts);
  const made = (name) => require(`${artifacts}/${name}.graphql.js`);
  return {
    environment,
    made,
    ask: async (name, variables = {}) => {
      environment.retain(createOperationDescriptor(made(name), variables));
      return fetchQuery(environment, made(name), variables).toPromise();
    },
    // What a component sees of its fragment.
    read: (name, reference) => {
      const { data, isMissingData } = environment.lookup(getSelector(made(name), reference));
      if (isMissingData) throw new Error(`${name}: data is missing`);
      return data;
    },
  };
}

const operationsOf = ({ operations }) => operations.edges.map(({ node }) => node);

export async function query(given) {
  const { ask, read } = connected(given);
  const { customer } = await ask("DashboardQuery");
  return {
    firstNames: customer.firstNames,
    isMasked: !("label" in customer.contracts[0]),
    contracts: customer.contracts.map((contract) => read("ContractCard_contract", contract)),
    operations: operationsOf(read("OperationsList_customer", customer)),
  };
}

export async function pages(given) {
  const { ask, read, made } = connected(given);
  const { customer } = await ask("DashboardQuery");
  const first = read("OperationsList_customer", customer);
  const after = first.operations.pageInfo.endCursor;
  await ask("OperationsListPaginationQuery", { id: customer.id, first: 5, after });
  const both = read("OperationsList_customer", customer);
  const { refetch } = made("OperationsList_customer").metadata;
  return {
    path: refetch.fragmentPathInResult,
    totalCount: both.operations.totalCount,
    hasNextPage: both.operations.pageInfo.hasNextPage,
    first: operationsOf(first),
    both: operationsOf(both),
  };
}

export async function backward(given) {
  const { ask } = connected(given);
  const { statements } = await ask("StatementsListQuery", { last: 3, year: given.year });
  const before = statements.pageInfo.startCursor;
  const again = await ask("StatementsListQuery", { last: 3, before, year: given.year });
  return {
    page: statements.edges.map(({ node }) => node),
    both: again.statements.edges.map(({ node }) => node),
  };
}

export async function refetch(given) {
  const { ask, read } = connected(given);
  const { customer } = await ask("DashboardQuery");
  const card = customer.contracts.map((contract) => read("ContractCard_contract", contract)).find(({ cards }) => cards);
  const { node } = await ask("ContractCardRefetchQuery", { id: card.id });
  const { node: none } = await ask("ContractCardRefetchQuery", { id: customer.id.replace(/.$/, "_") });
  return { isSame: JSON.stringify(read("ContractCard_contract", node)) === JSON.stringify(card), none, card };
}

export async function mutation(given) {
  const { environment, made } = connected(given);
  const { version, address } = given;
  return new Promise((onCompleted, onError) => {
    const variables = { version, address };
    const completed = (data, errors) => onCompleted({ data, errors });
    commitMutation(environment, { mutation: made("ChangeAddressMutation"), variables, onCompleted: completed, onError });
  });
}
