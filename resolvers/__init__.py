"""Use cases: how each question is answered and each act done. No GraphQL, no HTTP."""
