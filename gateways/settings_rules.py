"""What a setting must look like, what settings must say together, and what production refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, IPvAnyNetwork
from pydantic_settings import NoDecode

from gateways.mistakes import Mistake, variable
from gateways.peppers import Pepper, check_peppers, parse_peppers
from gateways.staff_tokens import ALGORITHMS
from gateways.vault import OWASP_MEMORY_KIB, OWASP_PASSES

if TYPE_CHECKING:
    from gateways.settings import Settings

WEB = ("https", "http")
REQUIRED = {
    "database_url": "an address such as postgresql://user:password@host/portal",
    "peppers": "secret keys such as 2026a:… of 32 characters or more",
    "public_url": "the address customers see, such as https://www.example.com",
    "sms_url": "the Apprise URL of the SMS service",
    "email_url": "the Apprise URL of the e-mail service",
}


def address(url: str, schemes: Sequence[str]) -> str:
    """The URL if it has one of the schemes and leads somewhere. Repeats nothing of it in a refusal."""
    words = f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    try:
        parts = urlsplit(url)
        leads = parts.scheme in schemes and f"{parts.netloc}{parts.path}".strip("/")
        # Reading the port refuses one that is no number; `sqlite://:memory:` has none.
        _ = parts.port if parts.scheme != "sqlite" else None
    except ValueError:
        raise ValueError(words) from None
    if not leads:
        raise ValueError(words)
    return url


def origin_of(url: str) -> str:
    """Scheme, host and port of a web address, as browsers write them in `Origin`."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        f"{parts.scheme}://{host}" if parts.port in (None, usual) else f"{parts.scheme}://{host}:{parts.port}"
    )


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _peppers(value: object) -> object:
    return parse_peppers(value) if isinstance(value, str) else value


def _strong(peppers: tuple[Pepper, ...]) -> tuple[Pepper, ...]:
    check_peppers(peppers)
    return peppers


def _absolute(folder: Path) -> Path:
    if set("?#") & set(str(folder)):
        raise ValueError("must not contain ? or #")
    return folder.absolute()


def _bare(origins: tuple[str, ...]) -> tuple[str, ...]:
    if any(address(origin, WEB) != origin_of(origin) for origin in origins):
        raise ValueError("must be origins such as https://www.example.com, without a path")
    return origins


def _with_recipient(url: str) -> str:
    if "://" not in url or "{to}" not in url:
        raise ValueError("must be an Apprise URL with {to} where the recipient goes")
    return url


def _bare_issuer(url: str) -> str:
    # Compared letter by letter with what tokens say, so no slash is taken away.
    if set("?#@") & set(address(url, WEB)):
        raise ValueError("must be an issuer such as https://login.example.com/staff")
    return url


def _known(algorithms: tuple[str, ...]) -> tuple[str, ...]:
    if not algorithms or not set(algorithms) <= set(ALGORITHMS):
        raise ValueError(f"must be some of {', '.join(ALGORITHMS)}")
    return algorithms


def _leading(*schemes: str) -> AfterValidator:
    return AfterValidator(lambda url: address(url, schemes).rstrip("/" if schemes == WEB else ""))


Folder = Annotated[Path, AfterValidator(_absolute)]
DatabaseUrl = Annotated[str, _leading("sqlite", "postgres", "postgresql")]
RedisUrl = Annotated[str, _leading("redis", "rediss", "unix")]
WebUrl = Annotated[str, _leading(*WEB)]
Issuer = Annotated[str, AfterValidator(_bare_issuer)]
Algorithms = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_known)]
ServiceUrl = Annotated[str, AfterValidator(_with_recipient)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_bare)]
Files = Annotated[
    tuple[Path, ...],
    NoDecode,
    BeforeValidator(_split),
    AfterValidator(lambda paths: tuple(path.absolute() for path in paths)),
]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)]
Peppers = Annotated[tuple[Pepper, ...], NoDecode, BeforeValidator(_peppers), AfterValidator(_strong)]


def always(settings: Settings) -> Iterator[Mistake]:
    """Settings that contradict each other anywhere."""
    longest_seconds = settings.deliveries_batch_max * settings.message_seconds_max
    if settings.deliveries_hold_seconds <= longest_seconds:
        words = f"must be more than {longest_seconds}, what a batch of messages may take, or some go twice"
        yield Mistake(variable("deliveries_hold_seconds"), words)
    if settings.deliveries_retry_seconds_max < settings.deliveries_retry_seconds:
        words = f"must be at least {variable('deliveries_retry_seconds')}"
        yield Mistake(variable("deliveries_retry_seconds_max"), words)
    if settings.session_seconds_max < settings.session_idle_seconds:
        words = f"must be at least {variable('session_idle_seconds')}"
        yield Mistake(variable("session_seconds_max"), words)
    if not settings.is_production and (settings.sms_url is None) != (settings.email_url is None):
        absent = "sms_url" if settings.sms_url is None else "email_url"
        yield Mistake(
            variable(absent), "is missing: the SMS and e-mail services are set together or not at all"
        )


def production(settings: Settings) -> Iterator[Mistake]:
    """What production refuses to start with."""
    yield from _missing(settings)
    if settings.workers > 1 and settings.redis_url is None:
        words = "is required in production with more than one worker: each would count tries for itself"
        yield Mistake(variable("redis_url"), words)
    if "public_url" in settings.model_fields_set:
        yield from _not_https("public_url", [settings.public_url])
    yield from _not_https("allowed_origins", settings.allowed_origins)
    if settings.staff_issuer is not None:
        yield from _not_https("staff_issuer", [settings.staff_issuer])
    if settings.free_documents == "everyone":
        words = "must be 'staff' or 'nobody' in production: customers ask what is in a manifest"
        yield Mistake(variable("free_documents"), words)
    for field, least in {"digest_memory_kib": OWASP_MEMORY_KIB, "digest_passes": OWASP_PASSES}.items():
        if getattr(settings, field) < least:
            yield Mistake(variable(field), f"must be at least {least} in production (OWASP)")


def _missing(settings: Settings) -> Iterator[Mistake]:
    given = settings.model_fields_set
    for field, words in REQUIRED.items():
        if field not in given or not getattr(settings, field):
            yield Mistake(variable(field), f"is required in production: {words}")


def _not_https(field: str, urls: Iterable[str]) -> Iterator[Mistake]:
    if any(not url.startswith("https://") for url in urls):
        yield Mistake(variable(field), "must be https in production")
