"""The two ways of a query, for what must hold on both."""

from __future__ import annotations

import pytest

COMPILED, ORDINARY = "compiled", "graphql-core"

# For a module: its tests that ask are run each way, others once.
BOTH_WAYS = pytest.mark.both_ways
