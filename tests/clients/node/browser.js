// What a browser does around a client and Node's `fetch` does not: it keeps cookies. What was asked is noted.
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

export class Browser {
  constructor(cookie = "") {
    this.cookies = new Map(cookie.split("; ").filter(Boolean).map((pair) => split(pair)));
    this.exchanges = [];
    this.fetch = this.fetch.bind(this);
  }

  get cookie() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async fetch(url, options = {}) {
    const headers = new Headers(options.headers);
    if (this.cookies.size) headers.set("Cookie", this.cookie);
    headers.set("Sec-Fetch-Site", "same-origin");
    const response = await fetch(url, { ...options, headers });
    for (const given of response.headers.getSetCookie()) {
      const [name, value] = split(given.split(";")[0]);
      if (/;\s*max-age=0/i.test(given)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    this.exchanges.push({
      method: options.method ?? "GET",
      query: /^\{/.test(options.body ?? "") ? "query" in JSON.parse(options.body) : url.includes("query="),
      status: response.status,
      type: response.headers.get("Content-Type"),
    });
    return response;
  }
}

function split(pair) {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

// The code of the SMS that repeats a reference, as development keeps what it sends.
export async function smsCode(messages, reference) {
  for (let tries = 0; tries < 500; tries++) {
    const lines = (await readFile(messages, "utf8").catch(() => "")).split("\n").filter(Boolean);
    const text = lines.map((line) => JSON.parse(line).body).findLast((body) => body.includes(`. ${reference})`));
    if (text) return /code (\d{6})\b/.exec(text)[1];
    await pause(20);
  }
  throw new Error(`no SMS with reference ${reference}`);
}
