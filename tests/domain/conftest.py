"""Generated cases are the same on every run and every machine, and are never timed."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("domain", derandomize=True, deadline=None, database=None, max_examples=200)
settings.load_profile("domain")
