// Starts GraphiQL on the endpoint that served this page. The session cookie goes along, to this origin only.
"use strict";

const root = document.getElementById("graphiql");

const ask = (parameters, options, accept, signal) =>
  fetch(root.dataset.endpoint, {
    method: "POST",
    credentials: "same-origin",
    headers: { Accept: accept, "Content-Type": "application/json", ...(options?.headers ?? {}) },
    body: JSON.stringify(parameters),
    signal,
  });

const isSubscription = ({ operationName }, options) =>
  (options?.documentAST?.definitions ?? []).some(
    ({ operation, name }) => operation === "subscription" && (!operationName || name?.value === operationName),
  );

// The results of an event stream. Comments only keep it alive; without `complete` the server ended it.
async function* results(parameters, options, signal) {
  try {
    const response = await ask(parameters, options, "text/event-stream", signal);
    if (!response.headers.get("Content-Type").startsWith("text/event-stream")) {
      yield await response.json();
      return;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        if (event.startsWith("event: complete")) return;
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice("data: ".length));
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

// A generator that waits for an event cannot be told to return, so the request is aborted beneath it.
const subscribe = (parameters, options) => {
  const control = new AbortController();
  const following = results(parameters, options, control.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => following.next(),
    return: () => {
      control.abort();
      return following.return();
    },
  };
};

const fetcher = async (parameters, options) => {
  if (isSubscription(parameters, options)) return subscribe(parameters, options);
  const response = await ask(
    parameters,
    options,
    "application/graphql-response+json, application/json;q=0.9",
  );
  return response.json();
};

ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: root.dataset.intro || undefined,
    defaultEditorToolsVisibility: "variables",
    shouldPersistHeaders: false,
  }),
);
