// The subscription `news` by the clients graphql-ws and graphql-sse. A feed is loaded once the stream stands.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createClient as createEventStreams } from "graphql-sse";
import { createClient as createWebSockets } from "graphql-ws";
import WebSocket from "ws";
import { Browser } from "./browser.js";

const NEWS = `subscription News($after: String) {
  news(after: $after) {
    __typename
    cursor
    ... on NewOperation { operation { id label amount occurredOn contract { label } } }
  }
}`;
const CONTACT = "{ contact { phone } }";
const CUSTOMER = "{ customer { firstNames } }";

function webSockets({ url, cookie }, closed) {
  // A browser's own WebSocket sends its cookies and origin; the one of `ws` is told to.
  class OwnWebSocket extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { headers: cookie ? { Cookie: cookie } : {}, origin: new URL(url).origin });
    }
  }
  return createWebSockets({
    url: url.replace("http", "ws"),
    webSocketImpl: OwnWebSocket,
    retryAttempts: 0,
    on: { closed: ({ code, reason }) => closed?.push({ code, reason }) },
  });
}

function eventStreams({ url, cookie }) {
  return createEventStreams({ url, fetchFn: new Browser(cookie).fetch, retryAttempts: 0 });
}

const CLIENTS = { webSockets, eventStreams };

// What comes until there is an operation; then the stream is left.
async function follow(client, after, begun) {
  const told = [];
  for await (const { data, errors } of client.iterate({ query: NEWS, variables: { after } })) {
    if (errors) return { told, codes: errors.map((error) => error.extensions.code) };
    told.push(data.news);
    if (data.news.__typename === "NewsBegun") await begun();
    else break;
  }
  return { told };
}

export async function news(given) {
  const client = CLIENTS[given.by](given);
  const { words, cwd, env } = given.load;
  let loaded;
  const { told } = await follow(client, undefined, () => {
    loaded = promisify(execFile)(words[0], words.slice(1), { cwd, env: { ...process.env, ...env } });
  });
  await loaded;
  // Cut off and back again: from the beginning of the first stream on, nothing is missed.
  const again = await follow(client, told[0].cursor, () => {});
  client.dispose();
  return { told, again: again.told };
}

export async function queries(given) {
  const closed = [];
  const client = CLIENTS[given.by](given, closed);
  const only = async (query) => {
    const results = [];
    for await (const result of client.iterate({ query })) results.push(result);
    return results;
  };
  const seen = { contact: await only(CONTACT), customer: await only(CUSTOMER) };
  const refused = await only("{ custommer { firstNames } }").catch((errors) => ({ refused: errors }));
  client.dispose();
  return { ...seen, refused, closed };
}

export async function stranger(given) {
  const client = CLIENTS[given.by](given);
  const outcome = await follow(client, undefined, () => {}).catch((errors) => ({ refused: errors }));
  client.dispose();
  return outcome;
}
