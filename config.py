"""Settings, read once from the environment and checked. Imports nothing from app."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what to do."""


@dataclass(frozen=True)
class Limits:
    """Every limit on what a user may send, in one place. Each can be raised by HYDROML_LIMIT_<NAME>."""

    upload_mb: int = 1024
    form_mb: int = 1
    rows: int = 50_000_000
    columns: int = 20_000
    cells: int = 1_000_000_000
    cell_kb: int = 1024
    unpacked_mb: int = 2048
    read_seconds: int = 120
    read_memory_mb: int = 2048
    inline_read_mb: int = 5
    inline_read_seconds: int = 20
    user_storage_mb: int = 5 * 1024
    user_queued_jobs: int = 20
    train_seconds: int = 14_400
    train_memory_mb: int = 8192
    free_disk_mb: int = 200


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
    limits: Limits = field(default_factory=Limits)

    @property
    def samples(self) -> Path:
        """The folder of the datasets shipped with the product."""
        return Path(__file__).resolve().parent / "samples"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment; make the data folder and its secret key on first use."""
    env = os.environ if environ is None else environ
    data = Path(env.get("HYDROML_DATA", "var")).expanduser().resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Settings(
        data=data,
        secret_key=_secret_key(env, data),
        database_url=env.get("DATABASE_URL", f"sqlite:///{data / 'hydroml.sqlite3'}"),
        redis_url=env.get("REDIS_URL") or None,
        port=_integer(env, "HYDROML_PORT", 8000),
        tls=env.get("HYDROML_TLS", "") == "1",
        trusted_hosts=tuple(host for host in env.get("HYDROML_TRUSTED_HOSTS", "").split(",") if host),
        limits=_limits(env),
    )


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
    key = env.get("HYDROML_SECRET_KEY") or _stored_key(data / "secret_key")
    if len(key) < 32 or len(set(key)) < 8:
        raise SettingsError("HYDROML_SECRET_KEY must be at least 32 random characters; leave it out to have one made.")
    return key


def _stored_key(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secrets.token_hex(32))
    return path.read_text().strip()
