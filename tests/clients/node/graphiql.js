// GraphiQL as a developer opens it, in Chromium.
import { chromium } from "playwright-core";

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function opened({ url, executable: executablePath, cookie = "" }) {
  const browser = await chromium.launch({ executablePath, args: QUIET });
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const pairs = cookie.split("; ").filter(Boolean).map((pair) => pair.split(/=(.*)/s));
  await context.addCookies(pairs.map(([name, value]) => ({ name, value, url })));
  const page = await context.newPage();
  const complaints = [];
  const asked = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    const { errorText } = request.failure();
    if (errorText !== "net::ERR_ABORTED") complaints.push(`${errorText}: ${request.url()}`); // a stream that was stopped
  });
  page.on("request", (request) => asked.push(new URL(request.url()).host));
  await page.goto(url, { waitUntil: "networkidle" });
  return { browser, page, complaints, asked };
}

async function typed(page, { name, query }) {
  await page.locator(".graphiql-query-editor .CodeMirror").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(query);
  await page.getByRole("tab", { name }).waitFor(); // it has read what was typed
}

async function result(page, text) {
  await page.locator(".result-window .CodeMirror-line", { hasText: text }).first().waitFor();
  const shown = () => document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
  return JSON.parse(await page.evaluate(shown));
}

export async function run({ query, subscription, ...given }) {
  const { browser, page, complaints, asked } = await opened(given);
  try {
    const title = await page.title();
    const intro = await page.locator(".graphiql-query-editor").innerText();
    await typed(page, query);
    await page.keyboard.press("Control+Enter");
    const answer = await result(page, query.until);

    await typed(page, subscription);
    await page.locator(".graphiql-execute-button").click();
    const told = await result(page, subscription.until);
    await page.getByRole("button", { name: "Stop query" }).click();
    await page.getByRole("button", { name: "Execute query" }).waitFor();

    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.locator(".graphiql-doc-explorer", { hasText: "Query" }).waitFor();
    const docs = await page.locator(".graphiql-doc-explorer").innerText();
    return { title, intro, answer, told, docs, complaints, hosts: [...new Set(asked)] };
  } finally {
    await browser.close();
  }
}
