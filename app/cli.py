"""The `hydroml` command: start the product, manage accounts and tokens, verify the audit trail, run the doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

import config
from app.domain.errors import DomainError
from app.domain.text.words import pluralise
from app.domain.vocabulary import Role, Scope
from app.queue import MIN_WORKERS
from app.storage.privacy import make_private


def _settings() -> config.Settings:
    make_private()
    try:
        return config.load()
    except config.SettingsError as fault:
        raise click.ClickException(str(fault)) from None


@click.group(help="HydroML: from a data file to a scored experiment.")
@click.version_option(config.VERSION, prog_name="HydroML")
def main() -> None:
    """Group the commands."""


@main.command(help="Start everything on this machine; Ctrl-C stops it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port; HYDROML_PORT or 8000 otherwise.")
@click.option("--workers", type=click.IntRange(1, 64), default=MIN_WORKERS, show_default=True, help="Three at least.")
@click.option("--dev", is_flag=True, help="For work on HydroML: follow changes of its source.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=None, help="Data folder.")
def up(host: str, port: int | None, workers: int, dev: bool, data: Path | None) -> None:
    """Start server, workers and web."""
    from app.launch.locking import AlreadyRunningError
    from app.launch.redis_server import NoServerError
    from app.launch.supervisor import LaunchPlan, StartError
    from app.launch.supervisor import up as start
    from app.storage.migrating import NewerDatabaseError

    if data is not None:
        os.environ["HYDROML_DATA"] = str(data)
    settings = _settings()
    settings = replace(settings, port=port or settings.port, dev=dev or settings.dev)
    plan = LaunchPlan(settings, host, port or settings.port, workers)
    try:
        start(plan)
    except (AlreadyRunningError, NewerDatabaseError, NoServerError, StartError) as fault:
        raise click.ClickException(str(fault)) from None


@main.group(help="Accounts.")
def user() -> None:
    """Group the commands about accounts."""


def _in_app() -> None:
    """Enter an application context for the rest of the process."""
    from app.storage.binding import bare_app
    from app.storage.migrating import NewerDatabaseError, migrate
    from app.storage.origin import Origin, set_origin

    set_origin(Origin("command"))
    bare_app(_settings()).app_context().push()
    try:
        migrate()
    except NewerDatabaseError as fault:
        raise click.ClickException(str(fault)) from None


@contextmanager
def _app_with_plain_errors() -> Iterator[None]:
    """Enter an application; what a user can cause ends the command with its sentence."""
    _in_app()
    try:
        yield
    except DomainError as fault:
        raise click.ClickException(fault.message) from None


@user.command("add", help="Add an account and print its sign-in link.")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Make it an administrator.")
@click.option("--name", default="", help="The person's name.")
def user_add(email: str, admin: bool, name: str) -> None:
    """Add an account."""
    from app.services.accounts import accounts

    with _app_with_plain_errors():
        accounts.create_user(email, role=Role.ADMIN if admin else Role.MEMBER, name=name)
        click.echo(_link(accounts.make_sign_in_link(email)))


@user.command("sign-in-link", help="Print a one-time link that opens an account.")
@click.argument("email")
def user_link(email: str) -> None:
    """Print a one-time link."""
    from app.services.accounts import accounts

    with _app_with_plain_errors():
        click.echo(_link(accounts.make_sign_in_link(email)))


@user.command("set-email", help="Change the address of an account.")
@click.argument("old")
@click.argument("new")
def user_set_email(old: str, new: str) -> None:
    """Change an address."""
    from app.services.accounts import accounts

    with _app_with_plain_errors():
        click.echo(f"The account {old} has the address {accounts.set_email(old, new).email} now.")


@user.command("disable", help="Disable an account: it is signed out everywhere, and its tokens open nothing.")
@click.argument("email")
def user_disable(email: str) -> None:
    """Disable an account."""
    from app.services.accounts import accounts

    with _app_with_plain_errors():
        click.echo(f"The account {accounts.disable_user(email).email} is disabled.")


@user.command("enable", help="Enable an account again; its tokens work as before.")
@click.argument("email")
def user_enable(email: str) -> None:
    """Enable an account."""
    from app.services.accounts import accounts

    with _app_with_plain_errors():
        click.echo(f"The account {accounts.enable_user(email).email} is enabled.")


@main.group(help="Tokens for programs.")
def token() -> None:
    """Group the commands about tokens."""


@token.command("create", help="Make a token for programs; it is the last line, and never shown again.")
@click.argument("email")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scope", type=click.Choice(["read", "write"]), default="read", show_default=True, help="What it may do."
)
def token_create(email: str, name: str, scope: str) -> None:
    """Make a token and print it alone on the last line."""
    from app.services.accounts import tokens

    with _app_with_plain_errors():
        secret = tokens.create_token(email, name=name, scope=Scope(scope))
    click.echo(f"A token of {email} that may {scope}, for {tokens.DAYS} days:")
    click.echo(secret)


@token.command("list", help="List the tokens of an account: name, scope, state, when made, last used, end.")
@click.argument("email")
def token_list(email: str) -> None:
    """List tokens, newest first."""
    from app.services.accounts import tokens

    with _app_with_plain_errors():
        rows = tokens.list_tokens_of(email)
        if not rows:
            click.echo(f"{email} has no tokens.")
        width = max((len(row.name) for row in rows), default=0)
        for row in rows:
            used = f"used {row.last_used_at:%Y-%m-%d}" if row.last_used_at else "never used"
            ends = f"ends {row.expires_at:%Y-%m-%d}" if row.expires_at else "never ends"
            times = f"made {row.created_at:%Y-%m-%d}, {used}, {ends}"
            click.echo(f"{row.name:{width}}  {row.scope:5}  {tokens.state_of(row).value:7}  {times}")


@token.command("revoke", help="Revoke the tokens of an account that have this name.")
@click.argument("email")
@click.option("--name", required=True, help="What they were made for.")
def token_revoke(email: str, name: str) -> None:
    """Revoke tokens."""
    from app.services.accounts import tokens

    with _app_with_plain_errors():
        count = tokens.revoke_named(email, name)
        click.echo(f"Revoked {pluralise(count, 'token')} named {name}.")


def _link(code: str) -> str:
    from app.launch.locking import address_of_running

    settings = _settings()
    base = address_of_running(settings.data) or f"http://127.0.0.1:{settings.port}"
    return f"{base}/sign-in/{code}"


@main.group(help="The audit trail: who did what, and when.")
def audit() -> None:
    """Group the commands about the audit trail."""


@audit.command("verify", help="Verify that no entry was changed, removed, inserted or moved; exit 1 if one was.")
@click.option("--head", default=None, help="A head noted elsewhere, as NUMBER:HASH, that must still stand.")
def audit_verify(head: str | None) -> None:
    """Verify the trail and print its head, to be noted on another machine."""
    from app.services.audit.verification import verify_trail

    with _app_with_plain_errors():
        result = verify_trail(_parse_head(head))
    for fault in result.faults:
        click.echo(f"FAULT   {fault.sentence}")
    if not result.faults:
        click.echo(f"ok      {pluralise(result.entries, 'entry', 'entries')}, each as it was recorded.")
    click.echo(f"Head: {result.head[0]}:{result.head[1]}")
    sys.exit(1 if result.faults else 0)


def _parse_head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digits = text.strip().partition(":")
    if not (number.isascii() and number.isdigit()) or len(digits) < 32:
        raise click.ClickException("Write the head as `hydroml audit verify` prints it: NUMBER:HASH.")
    return int(number), digits


@main.command(help="Check files, database, queue and versions.")
def doctor() -> None:
    """Look at everything and say one sentence for each fault."""
    from app.launch.redis_server import NoServerError, is_answering, socket_path, url_of
    from app.services.system import diagnostics
    from app.storage.binding import bare_app

    settings = _settings()
    try:
        own = url_of(socket_path(settings.data))
    except NoServerError as fault:
        raise click.ClickException(str(fault)) from None
    if settings.redis_url is None and is_answering(own):
        settings = replace(settings, redis_url=own)
    with bare_app(settings).app_context():
        checks = diagnostics.examine()
    for check in checks:
        word = "ok     " if check.ok and not check.warning else "warning" if check.ok else "FAULT  "
        click.echo(f"{word} {check.sentence}")
    sys.exit(0 if all(check.ok for check in checks) else 1)


if __name__ == "__main__":
    main()
