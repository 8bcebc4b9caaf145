"""A browser at the real application: it keeps the cookies it is given, and sends them back."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

from models import Customer
from tests.resolvers.walking import codes_sent_to
from tests.schema.asking import Answer, Asker
from tests.schema.test_access import ENTER, SMS, pressed


class Browser:
    """`browser(query, **variables)` runs one operation; `cookies` are what it holds by now."""

    def __init__(self, ask: Asker, **cookies: str) -> None:
        self._ask = ask
        self.cookies = cookies
        self.given: dict[str, dict[str, str]] = {}

    async def __call__(self, query: str, **variables: Any) -> Answer:
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = await self._ask.send([("Cookie", held)] if held else [], query, **variables)
        for header in response.headers.get_list("set-cookie"):
            self._keep(header)
        body = response.json()
        return Answer(body.get("data"), body.get("errors", []), response.headers.get("set-cookie"))

    def _keep(self, header: str) -> None:
        for name, cookie in SimpleCookie(header).items():
            self.given[name] = {flag: str(value) for flag, value in cookie.items() if value}
            self.cookies.pop(name, None)
            if cookie.value:
                self.cookies[name] = cookie.value

    async def press(self, step: Any, code: str) -> Any:
        """Answer a keypad."""
        answer = await self(ENTER, flow=step["flowId"], entry=pressed(step["keypad"], code))
        return answer["enterCode"]

    async def give_back(self, step: Any, owner: Customer) -> Any:
        """Enter the code of the last SMS."""
        code = (await codes_sent_to(owner))[-1]
        return (await self(SMS, flow=step["flowId"], code=code))["enterSmsCode"]
