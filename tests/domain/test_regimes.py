"""Which law governs a contract."""

from __future__ import annotations

from datetime import date

import pytest

from domain.regimes import Regime, regime_of


@pytest.mark.parametrize(
    ("signed_on", "regime"),
    [
        pytest.param(date(2011, 5, 1), Regime.LAGARDE_2011, id="long ago"),
        pytest.param(date(2026, 11, 19), Regime.LAGARDE_2011, id="the eve"),
        pytest.param(date(2026, 11, 20), Regime.CCD2_2026, id="the day"),
        pytest.param(date(2030, 1, 1), Regime.CCD2_2026, id="later"),
    ],
)
def test_the_day_of_signature_decides(signed_on: date, regime: Regime) -> None:
    assert regime_of(signed_on) is regime
