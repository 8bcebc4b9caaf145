// Starts GraphiQL on the endpoint that served this page. The session cookie goes along, to this origin only.
"use strict";

const root = document.getElementById("graphiql");

const fetcher = async (parameters, options) => {
  const response = await fetch(root.dataset.endpoint, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "Content-Type": "application/json",
      ...(options?.headers ?? {}),
    },
    body: JSON.stringify(parameters),
  });
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
