"""GraphiQL, the in-browser editor, served from our own files in development."""
