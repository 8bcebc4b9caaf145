"""A GraphQL endpoint under a Strawberry schema: from bytes to one bounded operation, and back.

The way of a request, file by file:

- the connection: `connections`, `heads`, `admission`, `wires`, `security_headers`, `observing`;
- the transports, between which `endpoint` chooses: `exchanges` with `negotiation`, `origins`, `bodies`,
  `requests` and `responses` for HTTP, `event_streams` for graphql-sse, `websockets` with `sockets`,
  `socket_messages` and `socket_protocol` for graphql-transport-ws, `open_streams` for the end of both;
- the one way to an answer: `answering`, through `trusted_documents`, `documents`, `limits`, `sensitive` and
  `costs` with `prices` and `cost_directives`, then `operations` with `executors`; `errors` has the words;
- sharing the loop: `callers`, `overload`, `turns`, `interpreter`.
"""
