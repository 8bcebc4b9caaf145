"""The questions in the words of the schema that PostGraphile reads out of the tables: amounts are cents."""

from __future__ import annotations

DASHBOARD = """query Dashboard($customer: BigInt!) {
  customer: customerByRowId(rowId: $customer) {
    id: rowId title firstNames lastName birthDate
    contracts: contractsByCustomerIdList(orderBy: [SIGNED_ON_DESC, PRIMARY_KEY_DESC]) {
      id: rowId version kind status label currency signedOn apr: aprYearly
      borrowingRate: borrowingRateYearly outstandingPrincipal: outstandingCents overdue: overdueCents
      statements: statementsByCustomerIdAndContractId(first: 1, orderBy: [CLOSED_ON_DESC, PRIMARY_KEY_DESC]) {
        nodes {
          id: rowId number openedOn closedOn paymentOn openingBalance: openingBalanceCents
          closingBalance: closingBalanceCents totalDue: totalDueCents
        }
      }
      operations: operationsByCustomerIdAndContractId(
        first: 20, orderBy: [OCCURRED_ON_DESC, PRIMARY_KEY_DESC]
      ) {
        edges { cursor node { id: rowId kind occurredOn label category amount: amountCents } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
}"""
PROFILE = """query Profile($customer: BigInt!) {
  customer: customerByRowId(rowId: $customer) { title firstNames lastName birthDate locale }
}"""
PAGE = """query Page($customer: BigInt!, $after: Cursor, $kinds: [String!], $amountMinCents: Int) {
  operations: allOperations(
    first: 100, after: $after, orderBy: [OCCURRED_ON_DESC, PRIMARY_KEY_DESC]
    condition: { customerId: $customer, kinds: $kinds, amountMinCents: $amountMinCents }
  ) {
    edges { cursor node { id: rowId kind occurredOn label amount: amountCents } }
    pageInfo { hasNextPage startCursor endCursor }
  }
}"""
PLACE = """query Place($customer: BigInt!, $to: String) {
  operations: allOperations(
    first: 1, orderBy: [OCCURRED_ON_DESC, PRIMARY_KEY_DESC]
    condition: { customerId: $customer, occurredTo: $to }
  ) { pageInfo { endCursor } }
}"""
TEXTS = {"DASHBOARD": DASHBOARD, "PROFILE": PROFILE, "PAGE": PAGE, "PLACE": PLACE}
