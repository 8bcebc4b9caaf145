"""The demonstration customer's login, known without inventing anybody."""

from __future__ import annotations

DEMO_NUMBER = "30601020304050600"  # passes Luhn's check, like every number of the sample
DEMO_CODE = "274916"
