"""A customer at a web client: cookies kept, keys found on the keypad and pressed, texts read."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import httpx

from schema.glyphs import GLYPHS
from tests.gateways.conftest import Service
from tests.journeys.personal import phones
from tests.journeys.portal import Portal

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
  ... on WrongCredentials {{ attemptsLeft next {{ ...Next }} }}
  ... on CodesDiffer {{ next {{ ...Next }} }}
  ... on WeakCode {{ weakness next {{ ...Next }} }}
  ... on KeypadOver {{ next {{ ...Next }} }}
  ... on StepUpRequired {{ assurance next {{ ...Next }} }}
  ... on WrongCode {{ attemptsLeft }}
  ... on AccountLocked {{ until }}
  ... on InvalidInput {{ fields {{ field rule }} }}
  ... on TemporarilyUnavailable {{ retryAfterSeconds }}
  ... on Throttled {{ retryAfterSeconds }}
"""
STEPS = f"""
fragment Next on AccessStep {{ {STEP} }}
fragment Keys on Keypad {{ challengeId keys {{ position label glyph }} }}
"""

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
RESUME = f"""
mutation($flow: ID!) {{ step: resumeAccess(flowId: $flow) {{ {ACCESS} }} }}
"""
STEP_UP = f"""
mutation {{ step: stepUp(accessibleKeypad: true) {{ {ACCESS} }} }}
"""
CHANGE_CODE = f"""
mutation {{ step: changeCode(accessibleKeypad: true) {{ {ACCESS} }} }}
"""

# All that a browser asks by itself: the operations of a client of its own, beside the web client's.
OPERATIONS = (
    *(BEGIN.replace("ACT", act) + STEPS for act in ("logIn", "recoverCode", "connectFirstTime")),
    *(document + STEPS for document in (ENTER_CODE, CONFIRM_PHONE, ENTER_SMS_CODE, CHOOSE_CODE)),
    *(document + STEPS for document in (RESUME, STEP_UP, CHANGE_CODE)),
)

Step = dict[str, Any]
SMS_SECONDS_MAX = 10
CODE_IN_TEXT = re.compile(r"code ([0-9]{10}|[0-9]{6})\b")
TOKEN_IN_ANSWER = re.compile(r'"(?:flowId|challengeId)":"([^"]+)"')
DIGIT_OF = {glyph: digit for digit, glyph in GLYPHS.items()}
FAST: dict[str, Any] = {"trust_env": False, "verify": False}  # plain HTTP: no certificates to load


@dataclass(frozen=True)
class Text:
    """A message as whoever it was sent to reads it."""

    to: str
    body: str


def texts_of(service: Service) -> Callable[[], list[Text]]:
    """What production gave a service to send."""
    return lambda: [Text(request["to"], request["message"]) for request in list(service.requests)]


def manifest(folder: Path, *documents: str) -> dict[str, Path]:
    """The setting that lets customers of production ask what browsers ask, and these documents."""
    path = folder / "persisted-documents.json"
    texts = {sha256(text.encode()).hexdigest(): text for text in (*OPERATIONS, *documents)}
    path.write_text(json.dumps(texts), encoding="utf-8")
    return {"trusted_documents": path}


def identifier(number: str) -> dict[str, str]:
    """A number as the client's form sorts it."""
    return {"cardOrCreditNumber" if number.startswith("3060") else "fileNumber": number}


def pressed(keypad: dict[str, Any], code: str) -> dict[str, Any]:
    """The code as positions on the keypad that is shown, whose keys are known by their labels or pictures."""
    position_of = {key["label"] or DIGIT_OF[key["glyph"]]: key["position"] for key in keypad["keys"]}
    return {"challengeId": keypad["challengeId"], "positions": [position_of[digit] for digit in code]}


class Browser:
    """Asks a running server. Cookies come and go as in a browser, also those for https only.

    `texts` are the messages that were sent. What was held and the errors received are noted at the portal.
    """

    def __init__(
        self,
        portal: Portal,
        *,
        cookie: str = "",
        headers: dict[str, str] | None = None,
        texts: Callable[[], list[Text]] | None = None,
    ) -> None:
        self.portal = portal
        self.cookies = dict(part.split("=", 1) for part in cookie.split("; ") if part)
        self.texts = texts or (lambda: [Text(sent["to"], sent["body"]) for sent in portal.messages()])
        self.texts_before = 0
        self.phone = ""
        self.set_cookies: list[str] = []
        self.request_ids: list[str] = []
        watch: dict[str, Any] = {"response": [self._watch]}
        self.http = httpx.AsyncClient(
            base_url=portal.url, headers=headers, timeout=30, event_hooks=watch, **FAST
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def send(self, document: str, **variables: Any) -> httpx.Response:
        return await self.post({"query": document, "variables": variables})

    async def post(self, body: dict[str, Any]) -> httpx.Response:
        headers = {"Cookie": self.cookie} if self.cookies else {}
        response = await self.http.post("/graphql", json=body, headers=headers)
        self.http.cookies.clear()
        self.request_ids.append(response.headers["X-Request-Id"])
        for given in response.headers.get_list("Set-Cookie"):
            self.set_cookies.append(given)
            name, _, value = given.partition(";")[0].partition("=")
            if "Max-Age=0" in given:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
                self.portal.held |= {value, value.rpartition(".")[2]}
        return response

    async def _watch(self, response: httpx.Response) -> None:
        await response.aread()
        self.portal.held |= set(TOKEN_IN_ANSWER.findall(response.text))
        is_json = "json" in response.headers.get("Content-Type", "")
        if is_json and (errors := response.json().get("errors")):
            asked = f"{response.request.url} {response.request.content.decode()}"
            self.portal.refusals.append((asked, json.dumps(errors, ensure_ascii=False)))

    @property
    def cookie(self) -> str:
        """The header that goes with the next request."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def session(self) -> str | None:
        """The session cookie's value."""
        return next((value for name, value in self.cookies.items() if name.endswith("session")), None)

    @property
    def devices(self) -> dict[str, str]:
        """The cookie by which the browser is known, by its name."""
        return {name: value for name, value in self.cookies.items() if name.endswith("device")}

    @property
    def set_sessions(self) -> list[str]:
        """What answers did to the session cookie."""
        return [given for given in self.set_cookies if "session=" in given.partition(";")[0]]

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must hold no error."""
        answer = (await self.send(document, **variables)).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def begin(self, act: str, number: str) -> Step:
        """`logIn`, `recoverCode` or `connectFirstTime`."""
        self.phone = phones().get(number, "")
        self.phone = phones().get(number, "")
        return await self._step(BEGIN.replace("ACT", act) + STEPS, given=identifier(number))

    async def enter_code(self, step: Step, code: str) -> Step:
        self.portal.held.add(code)
        entry = pressed(step["keypad"], code)
        return await self._step(ENTER_CODE + STEPS, flow=step["flowId"], entry=entry)

    async def confirm_phone(self, step: Step, phone: str) -> Step:
        self.portal.held.add(phone)
        return await self._step(CONFIRM_PHONE + STEPS, flow=step["flowId"], phone=phone)

    async def enter_sms_code(self, step: Step, code: str) -> Step:
        return await self._step(ENTER_SMS_CODE + STEPS, flow=step["flowId"], code=code)

    async def choose_code(self, step: Step, code: str, again: str | None = None) -> Step:
        self.portal.held |= {code, again or code}
        first, second = pressed(step["first"], code), pressed(step["second"], again or code)
        return await self._step(CHOOSE_CODE + STEPS, flow=step["flowId"], first=first, second=second)

    async def resume(self, flow_id: str) -> Step:
        return await self._step(RESUME + STEPS, flow=flow_id)

    async def step_up(self) -> Step:
        return await self._step(STEP_UP + STEPS)

    async def change_code(self) -> Step:
        return await self._step(CHANGE_CODE + STEPS)

    async def sign_in(self, number: str, code: str, *, surely: bool = False) -> Step:
        """All steps of a sign-in; the last answer.

        Whoever signed in before does so in the browser that was trusted then, `surely` in this one by SMS.
        """
        if not surely:
            self.cookies |= self.portal.trusted.get(number, {})
        step = await self.begin("logIn", number)
        if step["__typename"] == "KeypadStep":
            step = await self.enter_code(step, code)
        if step["__typename"] == "SmsCodeStep":
            step = await self.enter_sms_code(step, await self.sms_code(step))
            self.portal.trusted[number] = self.devices
        return step

    async def sms_code(self, step: Step) -> str:
        """The code of the SMS to the customer's phone on file that repeats the last step's reference."""
        limit = time.monotonic() + SMS_SECONDS_MAX
        while time.monotonic() < limit:
            for text in self.texts()[self.texts_before :]:
                if text.to == self.phone and f". {step['smsReference']})" in text.body:
                    (code,) = CODE_IN_TEXT.findall(text.body)
                    self.portal.held.add(code)
                    return str(code)
            await asyncio.sleep(0.02)
        raise AssertionError(f"no SMS with reference {step['smsReference']}")

    async def _step(self, document: str, **variables: Any) -> Step:
        self.texts_before = len(self.texts())
        step: Step = (await self.ask(document, **variables))["step"]
        return step
