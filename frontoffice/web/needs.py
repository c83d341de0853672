"""What each page and each operation of the API needs from whoever asks: every route names it, or nothing starts.

A blueprint says what all its routes need, a function what it needs itself:

    all_need(api, Permission.SERVE)

    @pages.get("/desk/")
    @needs(Permission.SEE_LINE)  # beneath the route
    def desks() -> …

Naming is not checking: the function still calls `access.staff_required`, which refuses to work with a permission that
its route has not named. `docs/roles.md` is written from here, and a test tries every route with every role.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from flask import Blueprint, Flask, request
from werkzeug.routing import Rule

View = TypeVar("View", bound=Callable[..., Any])


class Kind(StrEnum):
    """Who a route is for, where it is not for staff with a certain permission."""

    PUBLIC = "public"  # everybody
    LINK = "link"  # whoever has the secret that is in the address, or came with it: of an appointment, a ticket, a hold
    ACCOUNT = "account"  # staff, whatever their role
    DEVICE = "device"  # a paired kiosk or screen, by its credential
    PARTNER = "partner"  # a partner's program, by its token
    SYSTEM = "system"  # the office's specialist system, by its token
    PROVIDER = "provider"  # a provider of messages that calls back, by its signature
    MONITORING = "monitoring"  # who reads the metrics, by their token


Need = StrEnum  # a Kind, or one of staff's permissions (which the offices' API, for whom this is too, knows nothing of)


class Door(NamedTuple):
    """A route with one of its methods, and what it needs: one of these."""

    method: str
    rule: Rule
    needs: frozenset[Need]


class Unnamed(RuntimeError):
    """A mistake in the program: a route does not say what it needs, or does not stick to it."""


def needs(*wanted: Need) -> Callable[[View], View]:
    """What this page or operation needs: one of `wanted`. Stands beneath the route."""

    def named(view: View) -> View:
        view.__needs__ = frozenset(wanted)  # type: ignore[attr-defined]
        return view

    return named


def all_need(blueprint: Blueprint, *wanted: Need) -> None:
    """What the routes of a blueprint need that do not say anything else."""
    blueprint.__needs__ = frozenset(wanted)  # type: ignore[attr-defined]


def needs_of(app: Flask, endpoint: str) -> frozenset[Need]:
    """What the endpoint needs; empty where nobody has said it."""
    view, blueprint = app.view_functions[endpoint], app.blueprints.get(endpoint.rpartition(".")[0])
    nothing: frozenset[Need] = frozenset()
    return getattr(view, "__needs__", nothing) or getattr(blueprint, "__needs__", nothing)


def doors(app: Flask) -> Iterator[Door]:
    """Every route with each of its methods."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Door(method, rule, needs_of(app, rule.endpoint))


def check(app: Flask) -> None:
    """Raise Unnamed where a route does not say what it needs."""
    for door in doors(app):
        if not door.needs:
            raise Unnamed(
                f"{door.method} {door.rule.rule} does not say what it needs. Write @needs(Permission.…) or "
                "@needs(Kind.…) beneath the route (frontoffice/web/needs.py), and then `make roles`."
            )


def stick_to(app: Flask, permission: Need) -> None:
    """Raise Unnamed where the request's route asks for a permission that it has not named."""
    named = needs_of(app, request.endpoint or "")
    if permission not in named:
        raise Unnamed(
            f"{request.method} {request.url_rule} checks {permission.name}, but names "
            f"{', '.join(sorted(each.name for each in named))}. Let both be the same."
        )
