"""A customer at a web client: cookies kept, keys of the keypad found by their labels and pressed."""

from __future__ import annotations

from typing import Any, Self

import httpx

STEP = """
  __typename
  ... on KeypadStep { flowId keypad { ...Keys } }
  ... on PhoneStep { flowId }
  ... on SmsCodeStep { flowId smsReference }
  ... on NewCodeStep { flowId first { ...Keys } second { ...Keys } }
  ... on SignedIn { customer { id version firstNames lastName } }
"""
ACCESS = f"""{STEP}
  ... on Problem {{ code message }}
  ... on WrongCredentials {{ attemptsLeft next {{ {STEP} }} }}
  ... on CodesDiffer {{ next {{ {STEP} }} }}
  ... on AccountLocked {{ until }}
  ... on InvalidInput {{ fields {{ field rule }} }}
  ... on TemporarilyUnavailable {{ retryAfterSeconds }}
  ... on Throttled {{ retryAfterSeconds }}
"""
KEYS = " fragment Keys on Keypad { challengeId keys { position label glyph } }"

BEGIN = f"""
mutation($given: Identifier!) {{ step: ACT(identifier: $given, accessibleKeypad: true) {{ {ACCESS} }} }}
"""
ENTER_CODE = f"""
mutation($flow: ID!, $entry: KeypadEntry!) {{ step: enterCode(flowId: $flow, entry: $entry) {{ {ACCESS} }} }}
"""
CONFIRM_PHONE = f"""
mutation($flow: ID!, $phone: String!) {{ step: confirmPhone(flowId: $flow, phone: $phone) {{ {ACCESS} }} }}
"""
ENTER_SMS_CODE = f"""
mutation($flow: ID!, $code: String!) {{ step: enterSmsCode(flowId: $flow, code: $code) {{ {ACCESS} }} }}
"""
CHOOSE_CODE = f"""
mutation($flow: ID!, $first: KeypadEntry!, $second: KeypadEntry!) {{
  step: chooseCode(flowId: $flow, first: $first, second: $second) {{ {ACCESS} }} }}
"""

Step = dict[str, Any]
FAST: dict[str, Any] = {"trust_env": False, "verify": False}  # plain HTTP: no certificates to load


def identifier(number: str) -> dict[str, str]:
    """A number as the client's form sorts it."""
    return {"cardOrCreditNumber" if number.startswith("3060") else "fileNumber": number}


def pressed(keypad: dict[str, Any], code: str) -> dict[str, Any]:
    """The code as positions on the keypad that is shown."""
    position_of = {key["label"]: key["position"] for key in keypad["keys"]}
    return {"challengeId": keypad["challengeId"], "positions": [position_of[digit] for digit in code]}


class Browser:
    """Asks a running server. Cookies come and go as in a browser, also those for https only."""

    def __init__(self, url: str, *, cookie: str = "", headers: dict[str, str] | None = None) -> None:
        self.cookie = cookie
        self.set_cookies: list[str] = []
        self.request_ids: list[str] = []
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=30, **FAST)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def send(self, document: str, **variables: Any) -> httpx.Response:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = {"query": document, "variables": variables}
        response = await self.http.post("/graphql", json=body, headers=headers)
        self.http.cookies.clear()
        self.request_ids.append(response.headers["X-Request-Id"])
        if (given := response.headers.get("Set-Cookie")) is not None:
            self.set_cookies.append(given)
            self.cookie = "" if "Max-Age=0" in given else given.partition(";")[0]
        return response

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must hold no error."""
        answer = (await self.send(document, **variables)).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def begin(self, act: str, number: str) -> Step:
        """`logIn`, `recoverCode` or `connectFirstTime`."""
        return await self._step(BEGIN.replace("ACT", act) + KEYS, given=identifier(number))

    async def enter_code(self, step: Step, code: str) -> Step:
        entry = pressed(step["keypad"], code)
        return await self._step(ENTER_CODE + KEYS, flow=step["flowId"], entry=entry)

    async def confirm_phone(self, step: Step, phone: str) -> Step:
        return await self._step(CONFIRM_PHONE + KEYS, flow=step["flowId"], phone=phone)

    async def enter_sms_code(self, step: Step, code: str) -> Step:
        return await self._step(ENTER_SMS_CODE + KEYS, flow=step["flowId"], code=code)

    async def choose_code(self, step: Step, code: str, again: str | None = None) -> Step:
        first, second = pressed(step["first"], code), pressed(step["second"], again or code)
        return await self._step(CHOOSE_CODE + KEYS, flow=step["flowId"], first=first, second=second)

    async def sign_in(self, number: str, code: str) -> Step:
        """Both steps of an ordinary sign-in; the last answer."""
        step = await self.begin("logIn", number)
        return await self.enter_code(step, code) if step["__typename"] == "KeypadStep" else step

    async def _step(self, document: str, **variables: Any) -> Step:
        step: Step = (await self.ask(document, **variables))["step"]
        return step
