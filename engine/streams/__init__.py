"""Answers that last: graphql-sse, and graphql-transport-ws over a WebSocket."""
