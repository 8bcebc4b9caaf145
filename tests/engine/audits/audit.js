// Prints each audit's outcome as JSON: node audit.js http://127.0.0.1:PORT/graphql
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const outcomes = results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }));
console.log(JSON.stringify(outcomes));
