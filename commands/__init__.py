"""The `portal` command line: each command reads the settings, does one thing, and ends in a plain sentence."""
