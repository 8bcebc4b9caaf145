"""Compiled execution: a query of the schema as a Python function, with graphql-core as the judge.

What is compiled answers a query that goes well. Whatever is unusual (an exception, a null where none may be,
a value of no known kind) is a `Miss`, and graphql-core runs the query: it alone owns errors.
"""
