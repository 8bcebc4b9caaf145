"""Which consumer-credit law governs a contract.

Source: ordonnance 2025-880, corrected by 2025-1154, and decree 2026-105: in force for contracts
signed from 20 November 2026; those running on that day stay under the earlier law ("loi Lagarde").
"""

from __future__ import annotations

from datetime import date
from enum import Enum

CCD2_SIGNED_FROM = date(2026, 11, 20)


class Regime(Enum):
    """The law a contract was signed under; it picks every rule that changed."""

    LAGARDE_2011 = "LAGARDE_2011"
    CCD2_2026 = "CCD2_2026"


def regime_of(signed_on: date) -> Regime:
    """The regime of a contract, for its whole life."""
    return Regime.CCD2_2026 if signed_on >= CCD2_SIGNED_FROM else Regime.LAGARDE_2011
