// Mercurius with graphql-jit and postgres.js, as its authors run it for speed: compiled queries, persisted
// operations only, no log, a process for each core, one statement a level with prepared statements kept.
// `node mercurius.mjs`, with DATABASE_URL, POOL (connections a process), PORT, WORKERS and DOCUMENTS (JSON of
// texts by id) in the environment. The header x-customer says who asks.

import cluster from "node:cluster";
import Fastify from "fastify";
import mercurius from "mercurius";
import postgres from "postgres";

const { DATABASE_URL, DOCUMENTS, POOL, PORT, WORKERS } = process.env;
const DATE = 1082;
const INT8 = 20;

const schema = `
  type Query {
    customer: Customer
    operations(first: Int, after: String, filter: OperationFilter): OperationConnection
  }
  input DateRange { from: String, to: String }
  input MoneyRange { min: String, max: String }
  input OperationFilter { occurredOn: DateRange, amount: MoneyRange, kinds: [String!] }
  type Customer {
    id: ID!
    title: String
    firstNames: String!
    lastName: String!
    birthDate: String
    locale: String!
    contracts: [Contract!]!
  }
  type Contract {
    id: ID!
    version: Int!
    kind: String!
    status: String!
    label: String!
    currency: String!
    signedOn: String!
    apr: String
    borrowingRate: String
    outstandingPrincipal: String!
    overdue: String!
    statements(first: Int): StatementConnection!
    operations(first: Int): OperationConnection!
  }
  type StatementConnection { nodes: [Statement!]! }
  type Statement {
    id: ID!
    number: Int!
    openedOn: String!
    closedOn: String!
    paymentOn: String
    openingBalance: String!
    closingBalance: String!
    totalDue: String
  }
  type OperationConnection { edges: [OperationEdge!]!, pageInfo: PageInfo! }
  type OperationEdge { cursor: String!, node: Operation! }
  type Operation { id: ID!, kind: String!, occurredOn: String!, label: String!, category: String, amount: String! }
  type PageInfo { hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String }
`;

function money(cents) {
  if (cents === null) return null;
  const units = cents < 0 ? -cents : cents;
  const text = String(units).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${text.slice(0, -2)}.${text.slice(-2)}`;
}

function connection(rows, first, hasPreviousPage) {
  const hasNextPage = rows.length > first;
  const page = hasNextPage ? rows.slice(0, first) : rows;
  const edges = page.map((node) => ({ cursor: `${node.occurredOn}_${node.id}`, node }));
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: edges.length ? edges[0].cursor : null,
      endCursor: edges.length ? edges[edges.length - 1].cursor : null,
    },
  };
}

function byContract(queries, rows) {
  const found = new Map(queries.map(({ obj }) => [obj.id, []]));
  for (const row of rows) found.get(row.contractId).push(row);
  return queries.map(({ obj }) => found.get(obj.id));
}

function answers(sql) {
  const resolvers = {
    Query: {
      async customer(_root, _given, { customer }) {
        const [row] = await sql`
          SELECT id::text, title, first_names AS "firstNames", last_name AS "lastName",
            birth_date AS "birthDate", locale FROM customer WHERE id = ${customer}`;
        return row;
      },
      async operations(_root, { first = 20, after, filter = {} }, { customer }) {
        const { occurredOn = {}, amount = {}, kinds } = filter;
        const place = after ? after.split("_") : null;
        const rows = await sql`
          SELECT id::text, kind, occurred_on AS "occurredOn", label, category, amount_cents AS cents
          FROM operation WHERE customer_id = ${customer}
            ${kinds ? sql`AND kind = ANY(${kinds})` : sql``}
            ${amount.min ? sql`AND amount_cents >= ${Math.round(amount.min * 100)}` : sql``}
            ${occurredOn.to ? sql`AND occurred_on <= ${occurredOn.to}` : sql``}
            ${place ? sql`AND occurred_on <= ${place[0]} AND (occurred_on < ${place[0]} OR id < ${place[1]})` : sql``}
          ORDER BY occurred_on DESC, id DESC LIMIT ${first + 1}`;
        return connection(rows, first, place !== null);
      },
    },
    Customer: {
      contracts: (_customer, _given, { customer }) => sql`
        SELECT id::text, version, kind, status, label, currency, signed_on AS "signedOn", apr_yearly AS apr,
          borrowing_rate_yearly AS "borrowingRate", outstanding_cents AS "outstandingCents",
          overdue_cents AS "overdueCents"
        FROM contract WHERE customer_id = ${customer} ORDER BY signed_on DESC, id DESC`,
    },
    Contract: {
      outstandingPrincipal: (contract) => money(contract.outstandingCents),
      overdue: (contract) => money(contract.overdueCents),
    },
    Statement: {
      openingBalance: (statement) => money(statement.openingCents),
      closingBalance: (statement) => money(statement.closingCents),
      totalDue: (statement) => money(statement.totalDueCents),
    },
    Operation: { amount: (operation) => money(operation.cents) },
  };
  const loaders = {
    Contract: {
      statements: {
        async loader(queries, { customer }) {
          const contracts = queries.map(({ obj }) => obj.id);
          const rows = await sql`
            SELECT s.* FROM unnest(${contracts}::bigint[]) AS contract (id), LATERAL (
              SELECT id::text, contract_id::text AS "contractId", number, opened_on AS "openedOn",
                closed_on AS "closedOn", payment_on AS "paymentOn", opening_balance_cents AS "openingCents",
                closing_balance_cents AS "closingCents", total_due_cents AS "totalDueCents"
              FROM statement WHERE customer_id = ${customer} AND contract_id = contract.id
              ORDER BY closed_on DESC, statement.id DESC LIMIT ${queries[0].params.first}) AS s`;
          return byContract(queries, rows).map((nodes) => ({ nodes }));
        },
        opts: { cache: false },
      },
      operations: {
        async loader(queries, { customer }) {
          const contracts = queries.map(({ obj }) => obj.id);
          const { first } = queries[0].params;
          const rows = await sql`
            SELECT o.* FROM unnest(${contracts}::bigint[]) AS contract (id), LATERAL (
              SELECT id::text, contract_id::text AS "contractId", kind, occurred_on AS "occurredOn", label,
                category, amount_cents AS cents
              FROM operation WHERE customer_id = ${customer} AND contract_id = contract.id
              ORDER BY occurred_on DESC, operation.id DESC LIMIT ${first + 1}) AS o`;
          return byContract(queries, rows).map((found) => connection(found, first, false));
        },
        opts: { cache: false },
      },
    },
  };
  return { resolvers, loaders };
}

async function serve() {
  const sql = postgres(DATABASE_URL, {
    max: Number(POOL),
    types: {
      bigint: { to: INT8, from: [INT8], serialize: String, parse: Number }, // cents; ids are read as texts
      date: { to: DATE, from: [DATE], serialize: String, parse: String },
    },
  });
  const app = Fastify({ logger: false });
  app.register(mercurius, {
    schema,
    ...answers(sql),
    jit: 1,
    graphiql: false,
    onlyPersisted: true,
    persistedQueries: JSON.parse(DOCUMENTS),
    context: (request) => ({ customer: request.headers["x-customer"] }),
  });
  app.get("/health", async () => ({ ok: true }));
  await app.listen({ port: Number(PORT), host: "127.0.0.1" });
  process.on("SIGTERM", () => process.exit(0));
}

if (cluster.isPrimary) {
  for (let n = 0; n < Number(WORKERS); n += 1) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  await serve();
}
