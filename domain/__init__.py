"""The rules of consumer credit and of access, pure: no clock, no chance, no environment, no database."""
