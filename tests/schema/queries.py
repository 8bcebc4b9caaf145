"""The queries a client begins with."""

from __future__ import annotations

DASHBOARD = """{ customer {
    firstNames
    contracts {
        __typename id label outstandingPrincipal
        nextInstalment { dueOn payment }
        statements(first: 3) { nodes { closedOn closingBalance } }
        operations(first: 5) {
            nodes { occurredOn label amount contract { id } statement { number } card { maskedNumber } } }
        ... on RevolvingCredit { availableCredit cards { maskedNumber } }
        ... on CardAccount { availableCredit cards { maskedNumber } }
        ... on PersonalLoan { amortisationTable { number } }
        ... on DebtConsolidation { amortisationTable { number } } } } }"""

TOTALS = """{ customer { contracts {
    statements(first: 2) { totalCount nodes { operations(first: 2) { totalCount } } }
    operations(first: 2) { totalCount } }
    statements(first: 2) { totalCount } operations(first: 2) { totalCount } } }"""
