"""The GraphQL endpoint under a Strawberry schema: HTTP in, one bounded operation, HTTP out."""
