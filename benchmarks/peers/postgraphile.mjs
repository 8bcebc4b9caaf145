// PostGraphile 5 in production: the schema as it comes out of the tables, lists where a list is asked for, two
// conditions added with its own helper, persisted operations only, no GraphiQL, no pgSettings (which would
// open a transaction for each request), prepared statements, a process for each core.
// `node postgraphile.mjs`, with DATABASE_URL, POOL (connections a process), PORT, WORKERS and DOCUMENTS (JSON of
// texts by id) in the environment. The documents take the customer as a variable.

import cluster from "node:cluster";
import { createServer } from "node:http";
import persisted from "@grafserv/persisted";
import { TYPES, listOfCodec } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { postgraphile } from "postgraphile";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { addPgTableCondition } from "postgraphile/utils";

const { DATABASE_URL, DOCUMENTS, POOL, PORT, WORKERS } = process.env;
const OPERATION = { schemaName: "public", tableName: "operation" };

const kinds = addPgTableCondition(
  OPERATION,
  "kinds",
  ({ graphql: { GraphQLList, GraphQLNonNull, GraphQLString } }) => ({
    type: new GraphQLList(new GraphQLNonNull(GraphQLString)),
  }),
  (value, { sql, sqlTableAlias, sqlValueWithCodec }) =>
    value && sql`${sqlTableAlias}.kind = ANY(${sqlValueWithCodec(value, listOfCodec(TYPES.text))})`,
);
const amountMinCents = addPgTableCondition(
  OPERATION,
  "amountMinCents",
  ({ graphql: { GraphQLInt } }) => ({ type: GraphQLInt }),
  (value, { sql, sqlTableAlias, sqlValueWithCodec }) =>
    value == null ? null : sql`${sqlTableAlias}.amount_cents >= ${sqlValueWithCodec(value, TYPES.bigint)}`,
);
const occurredTo = addPgTableCondition(
  OPERATION,
  "occurredTo",
  ({ graphql: { GraphQLString } }) => ({ type: GraphQLString }),
  (value, { sql, sqlTableAlias, sqlValueWithCodec }) =>
    value && sql`${sqlTableAlias}.occurred_on <= ${sqlValueWithCodec(value, TYPES.date)}`,
);

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [persisted.default ?? persisted, kinds, amountMinCents, occurredTo],
  disablePlugins: ["PgIndexBehaviorsPlugin"], // orders and conditions on columns that no index begins with
  schema: { defaultBehavior: "+list +connection" },
  grafast: { explain: false },
  grafserv: {
    graphiql: false,
    websockets: false,
    watch: false,
    persistedOperations: JSON.parse(DOCUMENTS),
    allowUnpersistedOperation: false,
  },
  pgServices: [
    makePgService({ connectionString: DATABASE_URL, schemas: ["public"], poolConfig: { max: Number(POOL) } }),
  ],
};

async function serve() {
  const instance = postgraphile(preset);
  const server = createServer();
  await instance.createServ(grafserv).addTo(server);
  server.listen(Number(PORT), "127.0.0.1");
  process.on("SIGTERM", () => process.exit(0));
}

if (cluster.isPrimary) {
  for (let n = 0; n < Number(WORKERS); n += 1) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  await serve();
}
