"""What GraphiQL opens on, in development: the demo login explained, then a first query."""

from __future__ import annotations

INTRO = """\
# Run one operation after the other with the round button.
#
# 1. `LogIn`: the answer shows ten keys, in another order each
#    time. On this accessible keypad every key has a label.
# 2. `EnterCode`: fill in the flowId, the challengeId, and the
#    positions of the six keys of the demo code, 274916.
# 3. This browser is not known yet: `EnterSmsCode` with the code
#    that the server's terminal printed. From then on the code
#    on the keypad is enough here.
# 4. The answer sets the session's cookie: run `Dashboard`.

mutation LogIn {
  logIn(
    identifier: { cardOrCreditNumber: "30601020304050600" }
    accessibleKeypad: true
  ) {
    ... on KeypadStep {
      flowId
      keypad { challengeId keys { label position } }
    }
    ... on Problem { code message(locale: EN_GB) }
  }
}

mutation EnterCode {
  enterCode(
    flowId: ""
    entry: { challengeId: "", positions: [] }
  ) {
    ... on SmsCodeStep { flowId smsReference }
    ... on SignedIn { customer { firstNames } }
    ... on Problem { code message(locale: EN_GB) }
  }
}

mutation EnterSmsCode {
  enterSmsCode(flowId: "", code: "") {
    ... on SignedIn { customer { firstNames } }
    ... on Problem { code message(locale: EN_GB) }
  }
}

query Dashboard {
  customer {
    firstNames
    contracts {
      label
      outstandingPrincipal
      nextInstalment { dueOn payment }
      statements(first: 1) { nodes { closedOn closingBalance } }
      operations(first: 5) { nodes { occurredOn label amount } }
    }
  }
}
"""
