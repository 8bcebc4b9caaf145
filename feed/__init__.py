"""A lender's own rows coming in: the format, its checks, and the way into the tables, customers whole."""
