"""Look-ahead reading for Strawberry types that are views of Tortoise rows.

A type says which columns its fields are read from (`fields.column`) and which relations it follows
(`relations.one`, `many`, `page`). That is enough for both ways to an answer: the ordinary one, in which
graphql-core asks each field and batches read with Tortoise (`ordinary`, `keysets`, `loaders`), and the
planned one, in which a whole operation becomes as few reads as the database allows.
"""
