"""Settings from the environment, prefix ``WHATIF_``."""

import os
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from data.errors import BadInput

Role = Literal["viewer", "analyst", "admin"]
Protocol = Literal["oip", "kserve", "mlflow"]
Engine = Literal["local", "spark"]
GroupProtocol = Literal["classic", "consumer"]
Security = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
Unsigned = Literal["allow", "refuse"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


def _networks(given: object) -> object:
    if isinstance(given, str):
        return tuple(ip_network(each.strip(), strict=False) for each in given.split(",") if each.strip())
    return given


class Settings(BaseSettings):
    """``home``: where releases, users' own books and other state live. ``book``: the book the dashboard opens on,
    and whose model the service answers with. ``url_state``: whether edits stand in the address (``off`` leaves only the
    customer's number).

    ``book_rows``: the most records that are held of a book which its contract declares as a directory; of more a sample
    is. By default as many as answer live within a quarter of the memory.

    ``engine``: what goes through all of such a book where its page is asked to; ``spark_master`` where Spark is, by
    default where its own configuration says.

    The deployed model: ``model_url`` of a server to call instead of the model in this process, ``model_protocol`` it
    speaks (detected if not set), ``model_name`` and, if not the
    latest, ``model_version`` there, ``model_mapping`` a TOML file that maps its inputs to the book's fields,
    ``model_ca`` a file of certificate authorities, ``model_timeout`` in seconds. What signs in to it: ``model_token``
    sent as bearer; ``model_api_key`` in a header; OAuth client credentials, with which a token is fetched at
    ``model_oauth_url``; a ``model_certificate`` with its key.

    The record: ``store_url`` of the database, by default a SQLite file under ``home``; ``audit`` whether calls are
    recorded; ``audit_key`` makes the chain of hashes one that only its holder can write.

    The service: ``api_tokens`` whether whatever comes from this machine is asked for a token (by default it is); most
    bytes and rows of a request, seconds for one, requests at a time; ``shadow`` whether a challenger scores live
    traffic along.

    Connections, of dashboard and service: most bytes of a header, seconds that somebody may keep the server waiting,
    connections at once, those of one address, and its web sockets. Files uploaded to pages: megabytes that one session
    may hold, and all of them.

    Files that people give, each read in a process of its own: ``file_memory`` in MB and ``file_seconds`` of the
    processor that one may take (by the clock ten times as long), ``file_processes`` at a time. ``book_files`` is a
    folder of files that new books may be made of.

    The stream: ``stream_brokers`` of Kafka, as ``host:port`` separated by commas; topics of ``stream_applications``,
    ``stream_decisions``, ``stream_outcomes`` and of what is ``stream_refused``; the ``stream_group`` of consumers and
    the ``stream_protocol`` it is made by (``consumer`` is KIP-848's); ``stream_security`` of the connection, with files
    of its certificate authorities (``stream_ca``), of a certificate of one's own and its key, and for SASL a mechanism,
    user and password; ``stream_record`` whether decisions are recorded; ``stream_kept`` the most applications kept of a
    book, for their outcomes to come.

    The app for a phone: ``phone_key``, a file with the private key its packages are signed with, and for how many
    ``phone_days`` one is good.

    Who vouches for releases: ``release_key``, a file with the key that those made here are signed with, an Ed25519
    private key or a secret; ``release_signers``, a file with public keys whose signatures are believed as well; whether
    ``unsigned`` ones, or those of an unknown key, are refused.

    People: ``user_header`` that a proxy puts the user's name in, accepted only from ``trusted_proxy`` (addresses or
    networks, comma-separated); ``roles`` by user name; ``default_role`` of anybody else. The role ``none`` keeps out.
    """

    model_config = SettingsConfigDict(env_prefix="WHATIF_", frozen=True, protected_namespaces=())

    home: Path = Path(".whatif")
    book: str = "cards"
    url_state: bool = True
    book_rows: int | None = Field(None, ge=1000)
    engine: Engine = "local"
    spark_master: str = ""

    model_url: HttpUrl | None = None
    model_protocol: Protocol | None = None
    model_name: str = "credit"
    model_version: str = ""
    model_token: SecretStr | None = None
    model_api_key: SecretStr | None = None
    model_api_key_header: str = "X-API-Key"
    model_oauth_url: HttpUrl | None = None
    model_oauth_id: str = ""
    model_oauth_secret: SecretStr | None = None
    model_oauth_scope: str = ""
    model_certificate: Path | None = None
    model_certificate_key: Path | None = None
    model_mapping: Path | None = None
    model_ca: Path | None = None
    model_timeout: float = Field(10.0, gt=0, le=600)

    store_url: SecretStr | None = None
    audit: bool = True
    audit_key: SecretStr | None = None

    api_tokens: bool | None = None
    api_body: int = Field(32 * 2**20, ge=1024)
    api_rows: int = Field(100_000, ge=1)
    api_seconds: float = Field(30.0, gt=0, le=600)
    api_concurrency: int = Field(64, ge=1)
    shadow: bool = True

    http_header: int = Field(32 * 2**10, ge=4096)
    http_seconds: float = Field(10.0, gt=0, le=600)
    http_connections: int = Field(4000, ge=2)
    http_address_connections: int = Field(256, ge=1)
    http_address_sockets: int = Field(640, ge=1)

    upload_session: int = Field(200, ge=1)
    upload_all: int = Field(1000, ge=1)

    file_memory: int = Field(1024, ge=512, le=2**20)
    file_seconds: float = Field(30.0, gt=0, le=3600)
    file_processes: int = Field(2, ge=1, le=64)
    book_files: Path | None = None

    stream_brokers: str = ""
    stream_applications: str = "applications"
    stream_decisions: str = "decisions"
    stream_outcomes: str = "outcomes"
    stream_refused: str = "refused"
    stream_group: str = "credit-what-if"
    stream_protocol: GroupProtocol = "classic"
    stream_security: Security = "plaintext"
    stream_ca: Path | None = None
    stream_certificate: Path | None = None
    stream_key: Path | None = None
    stream_mechanism: Mechanism = "SCRAM-SHA-512"
    stream_user: str = ""
    stream_password: SecretStr | None = None
    stream_record: bool = True
    stream_kept: int = Field(500_000, ge=1000)

    phone_key: Path | None = None
    phone_days: int = Field(90, ge=1, le=3650)

    release_key: Path | None = None
    release_signers: Path | None = None
    unsigned: Unsigned = "allow"

    user_header: str = ""
    trusted_proxy: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    roles: dict[str, Role | Literal["none"]] = {}
    default_role: Role | Literal["none"] = "viewer"


def settings() -> Settings:
    """The settings now in force; BadInput if the environment holds a value that cannot be used."""
    ours = (name for name in os.environ if name.upper().startswith("WHATIF_"))
    return _read(tuple((name, os.environ[name]) for name in sorted(ours)))


@lru_cache(maxsize=16)
def _read(_environment: tuple[tuple[str, str], ...]) -> Settings:
    """Read once for each environment: 1.2 ms, and every page asks dozens of times."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"WHATIF_{first['loc'][0]}".upper()
        secret = name.endswith(("TOKEN", "KEY", "URL", "PASSWORD", "SECRET"))
        given = "the value given" if secret else repr(first["input"])
        raise BadInput(f"{name} in the environment cannot be used: {first['msg']}; {given} was given.") from None
