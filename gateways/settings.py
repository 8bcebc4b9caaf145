"""The environment, read once: every name begins with PORTAL_, and ends with its unit when it has one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateways.mistakes import (
    PREFIX,
    Disagreement,
    Mistake,
    SettingsMistakes,
    unknown_names,
    variable,
    wrong_fields,
)
from gateways.settings_rules import (
    Algorithms,
    DatabaseUrl,
    Files,
    Folder,
    Issuer,
    Networks,
    Origins,
    Peppers,
    RedisUrl,
    ServiceUrl,
    WebUrl,
    always,
    origin_of,
    production,
)
from gateways.staff_tokens import USUAL_ALGORITHMS
from gateways.vault import OWASP_MEMORY_KIB, OWASP_PASSES

Free = Literal["everyone", "staff", "nobody"]
IN_PRODUCTION = "required in production"


def _embedded_database(before: dict[str, Any]) -> str:
    return f"sqlite://{before['data_directory']}/portal.sqlite3"


def _own_address(before: dict[str, Any]) -> str:
    host = f"[{before['host']}]" if ":" in before["host"] else before["host"]
    return f"http://{host}:{before['port']}"


def _free_documents(before: dict[str, Any]) -> Free:
    return "staff" if before["env"] == "production" else "everyone"


# `repr=False` marks a secret: never printed, neither by repr() nor in the text of a mistake.
class Settings(BaseSettings):
    """What an operator may set. By hand `Settings(port=0)` looks at no environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    env: Literal["development", "production"] = Field(
        default="development", description="`production` refuses to start with anything unsafe"
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one")
    workers: int = Field(default=1, ge=1, le=64, description="Server processes")
    worker_megabytes_max: int = Field(
        default=1_024,
        ge=0,
        le=1_000_000,
        description="Resident memory with which one of several processes is replaced, and a single one says "
        "so; 0 for no limit",
    )
    data_directory: Folder = Field(
        default=Path("data"), description="Folder of the embedded database and of what development keeps"
    )
    database_url: DatabaseUrl = Field(
        default_factory=_embedded_database,
        repr=False,
        description=f"sqlite://, postgres:// or postgresql://; {IN_PRODUCTION}, else in the data folder",
    )
    database_pool_max: int = Field(
        default=10, ge=1, le=500, description="PostgreSQL connections of each process, beside 8 for reading"
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        repr=False,
        description="redis://, rediss:// or unix://, where processes share their rate limits; required in "
        "production with more than one worker, and needed as soon as there is more than one machine",
    )
    peppers: Peppers = Field(
        default=(),
        repr=False,
        description="Secret keys of the digests, as `id:secret,…`, newest first, 32 characters or more; "
        f"{IN_PRODUCTION}, else made once in the data folder",
    )
    public_url: WebUrl = Field(
        default_factory=_own_address,
        description=f"Address customers see, https in production; {IN_PRODUCTION}, else host and port",
    )
    allowed_origins: Origins = Field(
        default=(), description="Other web origins that may call, parted by commas"
    )
    trusted_proxies: Networks = Field(
        default=(), description="Addresses or networks whose X-Forwarded-For is believed, parted by commas"
    )
    trusted_documents: Files = Field(
        default=(),
        description="Manifests of other clients' operations, parted by commas: Apollo's, "
        "graphql-codegen's or Relay's",
    )
    free_documents: Free = Field(
        default_factory=_free_documents,
        description="Who may send documents that are in no manifest; `staff` in production, where it "
        "cannot be `everyone`, else `everyone`",
    )
    sms_url: ServiceUrl | None = Field(
        default=None,
        repr=False,
        description="Apprise URL of the SMS service, with `{to}` for the number and, where the service takes "
        f"one, `{{id}}` for the idempotency key; {IN_PRODUCTION}, else texts are printed",
    )
    email_url: ServiceUrl | None = Field(
        default=None, repr=False, description=f"Apprise URL of the e-mail service, likewise; {IN_PRODUCTION}"
    )
    staff_issuer: Issuer | None = Field(
        default=None,
        description="OpenID Connect provider of staff tokens, written as its `iss`, https in production; "
        "without one production takes no staff token, and development those of `portal token`",
    )
    staff_audience: str = Field(default="portal", description="The `aud` that staff tokens must have")
    staff_algorithms: Algorithms = Field(
        default=USUAL_ALGORITHMS, description="Signatures that staff tokens may have, parted by commas"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level written"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="`auto` is json in production, console in development"
    )
    body_bytes_max: int = Field(default=100_000, ge=1_000, le=10_000_000, description="Longest request body")
    header_bytes_max: int = Field(
        default=16_384, ge=4_096, le=65_536, description="Longest request line and headers"
    )
    header_seconds_max: int = Field(
        default=10, ge=1, le=60, description="Wait for the whole of a request's headers"
    )
    connections_max: int = Field(
        default=2_000,
        ge=10,
        le=100_000,
        description="Connections one process keeps open, WebSockets included",
    )
    connections_of_address_max: int = Field(
        default=300,
        ge=1,
        le=100_000,
        description="Those of one address, an IPv6 network of 64 bits counting as one; trusted proxies are "
        "not counted",
    )
    operation_seconds_max: int = Field(
        default=10, ge=1, le=300, description="Longest life of one GraphQL operation"
    )
    lag_milliseconds_max: int = Field(
        default=250,
        ge=50,
        le=60_000,
        description="How late the event loop may be before new requests are refused with 503",
    )
    compiled_queries: bool = Field(
        default=True, description="Whether queries are planned and compiled; if not, graphql-core runs all"
    )
    shutdown_seconds_max: int = Field(
        default=20, ge=1, le=600, description="Wait for running requests on shutdown"
    )
    session_idle_seconds: int = Field(
        default=300,
        ge=30,
        le=300,
        description="Idle life of a session; RTS 2018/389 art. 4(3)(d) allows 5 minutes",
    )
    session_seconds_max: int = Field(default=43_200, ge=300, le=43_200, description="Whole life of a session")
    phone_cooling_hours: int = Field(
        default=72,
        ge=1,
        le=720,
        description="Hours during which a phone number that was changed cannot recover a code",
    )
    access_flows_of_address_max: int = Field(
        default=300, ge=1, le=1_000_000, description="Sign-ins begun from one address in ten minutes"
    )
    access_tries_of_address_max: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="Secret codes tried from one address in ten minutes, on unknown devices",
    )
    access_tries_of_code_max: int = Field(
        default=60,
        ge=1,
        le=1_000_000,
        description="Tries of one and the same secret code in an hour, on unknown devices anywhere",
    )
    access_failures_max: int = Field(
        default=1_000,
        ge=1,
        le=1_000_000,
        description="Wrong secret codes in ten minutes on unknown devices anywhere; then these prove the "
        "phone first",
    )
    budget_of_staff: int = Field(
        default=10_000_000,
        ge=10_000,
        le=1_000_000_000,
        description="Points of cost a member of staff may spend in a minute",
    )
    budget_of_customers: int = Field(
        default=3_000_000,
        ge=10_000,
        le=1_000_000_000,
        description="Points a customer may spend in a minute, in all sessions together",
    )
    budget_of_strangers: int = Field(
        default=3_000_000,
        ge=10_000,
        le=1_000_000_000,
        description="Points those who are not signed in may spend in a minute from one address",
    )
    sms_of_address_max: int = Field(
        default=50,
        ge=1,
        le=1_000_000,
        description="SMS asked for from one address in a day, whether they leave or not",
    )
    sms_of_site_max: int = Field(default=10_000, ge=1, le=10_000_000, description="SMS that leave in an hour")
    sms_failures_max: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="Wrong codes of SMS on the whole site in a day; beyond, codes have ten digits",
    )
    message_seconds_max: int = Field(default=10, ge=1, le=60, description="Wait for an SMS or e-mail service")
    deliveries_batch_max: int = Field(
        default=20, ge=1, le=1_000, description="Messages one process takes at a time"
    )
    deliveries_tries_max: int = Field(
        default=8, ge=1, le=50, description="Tries before a message is given up"
    )
    deliveries_retry_seconds: int = Field(
        default=10, ge=1, le=3_600, description="First wait; each next one doubles"
    )
    deliveries_retry_seconds_max: int = Field(
        default=3_600, ge=1, le=86_400, description="Longest of those waits"
    )
    deliveries_hold_seconds: int = Field(
        default=300,
        ge=10,
        le=3_600,
        description="After that another process may take the messages of one that died",
    )
    deliveries_pause_seconds: int = Field(
        default=5, ge=1, le=300, description="Pause between looks at the outbox"
    )
    housekeeping_pause_seconds: int = Field(
        default=60,
        ge=1,
        le=3_600,
        description="Pause between looks at what to delete, and at locks to tell customers of",
    )
    news_pause_seconds: int = Field(
        default=2, ge=1, le=60, description="Pause between looks at what is new to customers who follow it"
    )
    news_followers_max: int = Field(
        default=1_000, ge=1, le=100_000, description="Streams of news one process keeps open"
    )
    audit_days: int = Field(
        default=365,
        ge=180,
        le=1_095,
        description="Life of a line in a customer's access log; CNIL 2021-122: six to twelve months, "
        "three years where justified",
    )
    digest_memory_kib: int = Field(
        default=OWASP_MEMORY_KIB, ge=8, le=1_048_576, description="Memory of an argon2id digest"
    )
    digest_passes: int = Field(default=OWASP_PASSES, ge=1, le=20, description="Passes of one argon2id digest")
    digest_threads_max: int = Field(default=2, ge=1, le=64, description="Digests made at the same time")
    phone_closed_on_holidays: bool = Field(
        default=True, description="3026 does not answer on French public holidays"
    )
    check_luhn: bool = Field(default=False, description="Refuse 17-digit numbers that fail the Luhn check")

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """The settings of an environment. Raises `SettingsMistakes` with all that is wrong in it."""
        unknown = list(unknown_names(environ, cls.model_fields))
        values = cls._values(environ)
        settings, wrong = cls._try(values)
        if wrong:
            # What is wrong alone hides what is wrong together: look again without it.
            again = cls._try({field: value for field, value in values.items() if field not in wrong})[1]
            wrong = {**again, **wrong}
        if settings is None or unknown:
            raise SettingsMistakes([*unknown, *wrong.values()])
        return settings

    @classmethod
    def _try(cls, values: Mapping[str, Any]) -> tuple[Settings | None, dict[str, Mistake]]:
        try:
            return cls(**values), {}
        except ValidationError as error:
            return None, wrong_fields(error, secret_fields())

    @classmethod
    def _values(cls, environ: Mapping[str, str]) -> dict[str, Any]:
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): value for name, value in environ.items() if value.strip()}
        return source()

    @property
    def is_production(self) -> bool:
        """Whether anything unsafe is refused."""
        return self.env == "production"

    @property
    def origins(self) -> frozenset[str]:
        """The web origins that may call: our own and the allowed ones."""
        return frozenset({origin_of(self.public_url), *self.allowed_origins})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in: the environment comes through `read`."""
        return (init_settings,)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        found = [*always(self), *(production(self) if self.is_production else ())]
        if found:
            raise Disagreement(found)
        return self


def secret_fields() -> frozenset[str]:
    """The fields whose value is never printed."""
    return frozenset(name for name, field in Settings.model_fields.items() if not field.repr)


def settings_table() -> list[tuple[str, str, str]]:
    """Name, default and description of every setting, for the table of the README."""
    return [
        (variable(name), _default(field.default, field.default_factory is not None), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _default(default: object, is_made: bool) -> str:
    if is_made or default in (None, ()):
        return ""
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)
