"""`make bench`: start and load, measured in one sitting; `with=--quick` for a smaller load."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks import load, start

LATEST = Path(__file__).with_name("latest.json")
ROUNDS, QUICK_ROUNDS = 9, 5
