// Runs one scenario of a client and prints what it saw as JSON:
//   node scenario.js apollo.js dashboard '{"url": "http://127.0.0.1:8000/graphql", "cookie": "session=…"}'
const [script, name, given] = process.argv.slice(2);
const scenarios = await import(new URL(script, import.meta.url));
const seen = await scenarios[name](JSON.parse(given));
await new Promise((written) => process.stdout.write(JSON.stringify(seen), written));
process.exit(0); // whatever sockets a client keeps open
