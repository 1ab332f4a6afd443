"""Settings and limits, read from environment variables. Imports nothing from app."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
VERSION = "1.0.0"
PROXY = "127.0.0.1"
MOST_WEB_PROCESSES = 32
MIB = 1024 * 1024
SWITCH = {"0": False, "no": False, "off": False, "false": False,
          "1": True, "yes": True, "on": True, "true": True}  # fmt: skip


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what to do."""


def _limit(value: int, words: str) -> Any:
    """Return a field of `Limits` with what the help page says of it, its unit last."""
    return field(default=value, metadata={"says": words})


@dataclass(frozen=True)
class Limits:
    """Every limit on what a user may send, in one place. Each can be raised by HYDROML_LIMIT_<NAME>."""

    upload_mb: int = _limit(1024, "A file that is sent, MB")
    form_mb: int = _limit(1, "Any other form that is sent, MB")
    rows: int = _limit(50_000_000, "Rows of a table")
    columns: int = _limit(20_000, "Columns of a table")
    cells: int = _limit(1_000_000_000, "Cells of a table, rows times columns")
    cell_kb: int = _limit(1024, "Text in one cell, kB")
    unpacked_mb: int = _limit(2048, "What a packed file holds, MB")
    unpacked_ratio: int = _limit(100, "How much larger than itself a packed file may become, times")
    read_seconds: int = _limit(120, "Time to read a file, seconds")
    read_memory_mb: int = _limit(2048, "Memory to read a file, MB")
    inline_read_mb: int = _limit(1, "A file that is read while you wait; larger ones are left to a worker, MB")
    inline_read_seconds: int = _limit(20, "Time you wait for a small file before it is left to a worker, seconds")
    peek_seconds: int = _limit(5, "Time of the first look at a file, seconds")
    file_readings: int = _limit(20, "Ways in which one file is read at once")
    user_storage_mb: int = _limit(5 * 1024, "All files of one account, MB")
    user_queued_jobs: int = _limit(20, "Jobs of one account that wait or run")
    train_seconds: int = _limit(14_400, "Time of one training, seconds")
    train_memory_mb: int = _limit(8192, "Memory of one training, MB")
    free_disk_mb: int = _limit(200, "Room that stays free on the disk, MB")
    matrix_columns: int = _limit(2000, "Columns of the matrix of all pairs")
    audit_address_days: int = _limit(90, "Time that the audit trail keeps whole addresses, days")


@dataclass(frozen=True)
class Settings:
    """Everything the process needs to know."""

    data: Path
    secret_key: str
    database_url: str
    redis_url: str | None = None
    port: int = 8000
    testing: bool = False
    tls: bool = False
    trusted_hosts: tuple[str, ...] = ()
    proxies: tuple[Network, ...] = ()
    spare_reader: bool = True
    dev: bool = False
    web_processes: int = 1
    analytics: bool = True
    sentry_dsn: str = ""
    limits: Limits = field(default_factory=Limits)

    @property
    def samples(self) -> Path:
        """The folder of the datasets shipped with the product."""
        return Path(__file__).resolve().parent / "samples"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment; make the data folder and its secret key on first use."""
    env = os.environ if environ is None else environ
    data = Path(env.get("HYDROML_DATA") or "var").expanduser().resolve()
    hosts = (host.strip() for host in env.get("HYDROML_TRUSTED_HOSTS", "").split(","))
    # What can be checked without touching the disk comes first, so that a wrong setting leaves nothing behind.
    rest: dict[str, Any] = {
        "database_url": _database_url(env, data),
        "redis_url": _redis_url(env),
        "port": _port(env),
        "tls": _switch(env, "HYDROML_TLS"),
        "trusted_hosts": tuple(host.lower() for host in hosts if host),
        "proxies": _proxies(env),
        "dev": _switch(env, "HYDROML_DEV"),
        "spare_reader": _switch(env, "HYDROML_SPARE_READER", default="1"),
        "web_processes": _web_processes(env),
        "analytics": _switch(env, "HYDROML_ANALYTICS", default="1"),
        "sentry_dsn": _sentry_dsn(env),
        "limits": _limits(env),
    }
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Settings(data=data, secret_key=_secret_key(env, data), **rest)
    except OSError as fault:
        raise SettingsError(f"HYDROML_DATA names {data}, which cannot be used: {fault.strerror}.") from None


def _database_url(env: Mapping[str, str], data: Path) -> str:
    given = env.get("DATABASE_URL", "").strip()
    # In an address a question mark ends the path, and a per cent sign begins a character's number.
    path = str(data / "hydroml.sqlite3").replace("%", "%25").replace("?", "%3F")
    url = given or f"sqlite:///{path}"
    try:
        make_url(url).get_dialect()
    except ArgumentError:
        message = "DATABASE_URL must be the address of a database, such as postgresql+psycopg://user@host/name."
        raise SettingsError(message) from None
    return url


def _redis_url(env: Mapping[str, str]) -> str | None:
    url = env.get("REDIS_URL", "").strip()
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError("REDIS_URL must be the address of a server, such as redis://localhost:6379/0.")
    return url or None


def _sentry_dsn(env: Mapping[str, str]) -> str:
    dsn = env.get("SENTRY_DSN", "").strip()
    if dsn and not re.fullmatch(r"https?://[0-9A-Za-z]+(:[0-9A-Za-z]+)?@[^/\s@]+(/[^/\s]+)*/[0-9]+", dsn):
        raise SettingsError("SENTRY_DSN must be the address that Sentry shows, such as https://key@host/1.")
    return dsn


def _port(env: Mapping[str, str]) -> int:
    port = _integer(env, "HYDROML_PORT", 8000)
    if not 1 <= port <= 65_535:
        raise SettingsError(f"HYDROML_PORT must lie between 1 and 65535, not {port}.")
    return port


def _web_processes(env: Mapping[str, str]) -> int:
    # Each takes some 200 MB; beyond four it is the one database that they wait for.
    own = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 4)
    count = _integer(env, "HYDROML_WEB_PROCESSES", own)
    if not 1 <= count <= MOST_WEB_PROCESSES:
        raise SettingsError(f"HYDROML_WEB_PROCESSES must lie between 1 and {MOST_WEB_PROCESSES}, not {count}.")
    return count


def _proxies(env: Mapping[str, str]) -> tuple[Network, ...]:
    names = (name.strip() for name in env.get("HYDROML_PROXY", PROXY).split(","))
    try:
        return tuple(ipaddress.ip_network(name) for name in names if name)
    except ValueError:
        message = "HYDROML_PROXY must name addresses or networks, such as 127.0.0.1 or 10.0.0.0/24, with commas."
        raise SettingsError(message) from None


def _switch(env: Mapping[str, str], name: str, *, default: str = "0") -> bool:
    text = env.get(name, "").strip().lower() or default
    if text not in SWITCH:
        raise SettingsError(f"{name} must be 1 or 0, not {text!r}.")
    return SWITCH[text]


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _limits(env: Mapping[str, str]) -> Limits:
    names = Limits.__dataclass_fields__
    return Limits(**{name: _integer(env, f"HYDROML_LIMIT_{name.upper()}", getattr(Limits, name)) for name in names})


def _secret_key(env: Mapping[str, str], data: Path) -> str:
    given, path = env.get("HYDROML_SECRET_KEY"), data / "secret_key"
    key = given or _stored_key(path)
    if len(key) >= 32 and len(set(key)) >= 8:
        return key
    if given:
        raise SettingsError("HYDROML_SECRET_KEY must be at least 32 random characters; leave it out to have one made.")
    raise SettingsError(f"The file {path} holds no key of 32 random characters; remove it to have one made.")


def _stored_key(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secrets.token_hex(32))
    return path.read_text().strip()
