"""GraphQL types and root fields: what can be asked, in names and words. No decision is taken here."""
