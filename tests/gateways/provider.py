"""An OpenID provider on the other end of a real socket, which signs whatever a test wants signed."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from gateways.staff_tokens import ALGORITHMS
from gateways.token_rules import Algorithms

AUDIENCE = "portal"
SUBJECT = "adviser-7"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


@cache
def key(kind: str, place: int = 1) -> Key:
    """A private key for an algorithm; another one for each place."""
    match kind[:2]:
        case "RS" | "PS":
            return RSAKey.generate_key(2_048)
        case "ES":
            curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
            return ECKey.generate_key(curves[kind])
        case _:
            return OKPKey.generate_key("Ed25519")


def jwk(private: Key, **members: Any) -> dict[str, Any]:
    """A key as a provider publishes it; a member that is None is left out."""
    published = {**private.as_dict(private=False), "kid": "one", "use": "sig", **members}
    return {name: value for name, value in published.items() if value is not None}


def signed(header: dict[str, Any], payload: dict[str, Any] | bytes, private: Key) -> str:
    """Any header over any payload, as one who holds the key can make it."""
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return jws.serialize_compact(header, text, private, registry=Algorithms(ALGORITHMS))


class Provider:
    """Publishes `keys` and whatever else a test makes it say; keeps what it was asked for."""

    def __init__(self, now: Callable[[], datetime], path: str = "", certificate: Path | None = None) -> None:
        self._now = now
        self._certificate = certificate
        self._server: _Server | None = None
        self._path = path
        self._port = 0
        self.keys: list[Any] = [jwk(key("ES256"))]
        self.discovery: dict[str, Any] = {}
        self.bodies: dict[str, bytes] = {}
        self.status = 200
        self.headers: dict[str, str] = {}
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self._port}"

    @property
    def issuer(self) -> str:
        return f"{self.address}{self._path}"

    @property
    def fetched(self) -> int:
        """How often its keys were asked for."""
        return self.asked.count(KEYS)

    def token(self, header: dict[str, Any] | None = None, signer: Key | None = None, **claims: Any) -> str:
        """What it gives a member of staff; what is None is left out."""
        now = int(self._now().timestamp())
        given = {"iss": self.issuer, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + 300}
        given |= {"scope": "unlock", **claims}
        top = {"alg": "ES256", "kid": "one", "typ": "at+jwt", **(header or {})}
        return signed(_without_none(top), _without_none(given), signer or key("ES256"))

    def rotate(self, id: str, place: int) -> Key:
        """From now on another key is the only one; give it to sign with."""
        fresh = key("ES256", place)
        self.keys = [jwk(fresh, kid=id)]
        return fresh

    def answer(self, path: str) -> bytes:
        if path in self.bodies:
            return self.bodies[path]
        if path == KEYS:
            return json.dumps({"keys": self.keys}).encode()
        found = {"issuer": self.issuer, "jwks_uri": f"{self.address}{KEYS}", **self.discovery}
        return json.dumps(_without_none(found)).encode()

    def up(self) -> None:
        """Listen, again on the same port."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.provider = self
        self._port = self._server.server_port
        if self._certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def down(self) -> None:
        """Nobody listens any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def listening(
    now: Callable[[], datetime], path: str = "", certificate: Path | None = None
) -> Iterator[Provider]:
    """A provider for as long as the block runs, over TLS when it has a certificate."""
    provider = Provider(now, path, certificate)
    provider.up()
    try:
        yield provider
    finally:
        provider.may_answer.set()
        provider.down()


def certificate_in(folder: Path) -> Path:
    """A certificate of 127.0.0.1 for a day, with its key, that vouches for itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "provider.pem"
    path.write_bytes(private.private_bytes(encoding, form, plain) + made.public_bytes(encoding))
    return path


def _without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


class _Server(ThreadingHTTPServer):
    provider: Provider


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        provider = self.server.provider
        provider.asked.append(self.path)
        provider.may_answer.wait(20)
        body = provider.answer(self.path)
        try:
            self.send_response(provider.status)
            for name, value in provider.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever asked had enough

    def log_message(self, format: str, *args: Any) -> None:
        pass
