"""The one way to an answer, whatever the transport."""
