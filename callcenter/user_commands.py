"""The commands about who may sign in: ``callcenter user add``, ``skills``, ``list``, ``close``."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Annotated, Literal

import typer
from rich.markup import escape

from .app import AppError
from .auth import MAX_PASSWORD, MIN_PASSWORD, Passwords
from .opening import parse_skills
from .ports import Account
from .settings import Settings
from .store import open_store
from .terminal import ConfigOption, say, settings_from, show, words

users = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)

LONGEST_USER = 200
"""Characters; what the sign-in page takes."""


@users.command("add")
def user_add(
    user: Annotated[str, typer.Argument(help="What they sign in with.")],
    name: Annotated[str | None, typer.Option(help="What colleagues see.")] = None,
    role: Annotated[str, typer.Option(help="agent or supervisor.")] = "agent",
    device: Annotated[
        str | None, typer.Option(help="Their phone on the exchange, such as PJSIP/1001.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="en, zh-Hans or zh-Hant.")] = None,
    password: Annotated[
        str | None, typer.Option(help="Left out: one is made up and shown.")
    ] = None,
    skill: Annotated[
        list[str] | None, typer.Option(help="Skill and level 0 to 5, as english=5; repeatable.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Add somebody, or change them; the same name again overwrites, skills included."""
    with words():
        settings = settings_from(config)
        skills = _skills(settings, skill or [])
        account = _account(user, name, role, device, language, password)
        _put(settings, replace(account[0], skills=_changed((), skills)))
        say(f"{user} may sign in" + (f" with the password {account[1]}" if account[1] else ""))


def _account(
    user: str,
    name: str | None,
    role: str,
    device: str | None,
    language: str | None,
    password: str | None,
) -> tuple[Account, str | None]:
    """The account, and the password if it was made up."""
    if not 0 < len(user) <= LONGEST_USER or not user.isprintable() or user != user.strip():
        raise AppError(
            f"{user!r} cannot be signed in with: 1 to {LONGEST_USER} printable characters."
        )
    if role not in ("agent", "supervisor"):
        raise AppError(f"There is no role {role!r}; allowed: agent, supervisor.")
    if role == "agent" and not device:
        raise AppError("An agent needs a device: --device PJSIP/1001.")
    if language not in (None, "en", "zh-Hans", "zh-Hant"):
        raise AppError(f"There is no language {language!r}; allowed: en, zh-Hans, zh-Hant.")
    made_up = secrets.token_urlsafe(9) if password is None else None
    chosen = made_up if password is None else password
    assert chosen is not None
    if not MIN_PASSWORD <= len(chosen) <= MAX_PASSWORD:
        raise AppError(f"A password needs {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    kind: Literal["agent", "supervisor"] = "agent" if role == "agent" else "supervisor"
    hasher = Passwords()
    try:
        hashed = hasher.hash(chosen)
    finally:
        hasher.close()
    account = Account(
        agent=user,
        name=name or user,
        role=kind,
        device=device,
        password_hash=hashed,
        language=language,
        active=True,
    )
    return account, made_up


def _put(settings: Settings, account: Account) -> None:
    store = open_store(settings.store.url)
    try:
        asyncio.run(store.accounts.put(account))
    finally:
        store.close()


def _skills(settings: Settings, texts: list[str]) -> dict[str, int | None]:
    try:
        return parse_skills(texts, settings.routing.skills)
    except ValueError as error:
        raise AppError(str(error)) from None


def _changed(
    skills: tuple[tuple[str, int], ...], changes: dict[str, int | None]
) -> tuple[tuple[str, int], ...]:
    whole = {**dict(skills), **changes}
    return tuple(sorted((skill, level) for skill, level in whole.items() if level is not None))


@users.command("skills")
def user_skills(
    user: Annotated[str, typer.Argument(help="Whose skills.")],
    skills: Annotated[
        list[str] | None,
        typer.Argument(help="english=5 cards=0; cards= takes it away; none: show them."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show or change somebody's skills; those not named stay as they are.

    An agent who is signed in has the new ones after signing in again. To change them at once, use
    the console or PUT /api/v1/agents/NAME/skills.
    """

    async def work(settings: Settings, changes: dict[str, int | None]) -> Account:
        store = open_store(settings.store.url)
        try:
            account = await store.accounts.account(user)
            if account is None:
                raise AppError(f"There is no user {user!r}.")
            account = replace(account, skills=_changed(account.skills, changes))
            if changes:
                await store.accounts.set_skills(user, account.skills)
            return account
        finally:
            store.close()

    with words():
        settings = settings_from(config)
        account = asyncio.run(work(settings, _skills(settings, skills or [])))
        say(f"{user}: {_in_a_row(account.skills) or 'no skills'}")


def _in_a_row(skills: tuple[tuple[str, int], ...]) -> str:
    return " ".join(f"{skill}={level}" for skill, level in skills)


@users.command("list")
def user_list(config: ConfigOption = None) -> None:
    """Who may sign in."""
    from rich.table import Table

    with words():
        store = open_store(settings_from(config).store.url)
        try:
            accounts = asyncio.run(store.accounts.everyone())
        finally:
            store.close()
        table = Table("user", "name", "role", "device", "language", "skills", "may sign in")
        for one in accounts:
            table.add_row(
                *(
                    escape(text or "")
                    for text in (one.agent, one.name, one.role, one.device, one.language)
                ),
                escape(_in_a_row(one.skills)),
                "yes" if one.active else "no",
            )
        show(table)


@users.command("close")
def user_close(
    user: Annotated[str, typer.Argument(help="Who may no longer sign in.")],
    config: ConfigOption = None,
) -> None:
    """Close somebody's account and end their sign-ins; what they did stays on record."""

    async def work(settings: Settings) -> None:
        store = open_store(settings.store.url)
        try:
            account = await store.accounts.account(user)
            if account is None:
                raise AppError(f"There is no user {user!r}.")
            await store.accounts.put(replace(account, active=False))
            await store.sessions.end_all(user)
        finally:
            store.close()

    with words():
        asyncio.run(work(settings_from(config)))
        say(f"{user} may no longer sign in")
