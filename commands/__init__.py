"""The `portal` command line: each command does one thing and ends in a plain sentence."""
