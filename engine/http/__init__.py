"""GraphQL over HTTP: from an ASGI scope to a request, and from a result to a reply."""
