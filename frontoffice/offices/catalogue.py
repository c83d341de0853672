"""The starter catalogue: the services a new office begins with, read from the TOML file beside it."""

import tomllib
from collections import Counter
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.offices.models import Biometrics, Office, Service

LANGUAGES = ("de", "en")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class ServiceDraft(BaseModel):
    """A service that belongs to no office yet; the fields mean what they mean on `Service`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: Slug
    position: int = Field(gt=0)
    names: dict[str, Text]
    plain: dict[str, Text]
    documents: dict[str, list[Text]]
    legal_basis: str = Field(max_length=80)  # empty: counselling and help rest on no single paragraph
    leika: Annotated[str, StringConstraints(pattern=r"^\d{14}$")] | None = None
    minutes: int = Field(gt=0, multiple_of=5)
    biometrics: Biometrics
    online: bool
    walk_in: bool
    promise_days: int = Field(gt=0)

    @field_validator("names", "plain", "documents")
    @classmethod
    def _in_every_language(cls, texts: dict[str, Any]) -> dict[str, Any]:
        missing = [language for language in LANGUAGES if not texts.get(language)]
        if missing:
            raise ValueError(f"no text in: {', '.join(missing)}")
        return texts

    @field_validator("documents")
    @classmethod
    def _equally_long(cls, documents: dict[str, list[str]]) -> dict[str, list[str]]:
        # A document that only one language names is one that the others forget to bring.
        if len({len(lines) for lines in documents.values()}) > 1:
            raise ValueError("not the same number of documents in every language")
        return documents


class _Catalogue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    service: list[ServiceDraft]

    @field_validator("service")
    @classmethod
    def _unique(cls, drafts: list[ServiceDraft]) -> list[ServiceDraft]:
        for field in ("slug", "position"):
            counted = Counter(getattr(draft, field) for draft in drafts)
            twice = [value for value, times in counted.items() if times > 1]
            if twice:
                raise ValueError(f"{field} used twice: {twice[0]}")
        return drafts


def parse(text: str) -> list[ServiceDraft]:
    """Services from the text of a TOML catalogue, by position.

    Raises `ValueError` (TOML's and pydantic's errors are kinds of it) that names the entry and the field.
    """
    catalogue = _Catalogue.model_validate(tomllib.loads(text))
    return sorted(catalogue.service, key=lambda draft: draft.position)


def starter_services() -> list[ServiceDraft]:
    """The services of the starter catalogue, by position."""
    return parse(files("frontoffice.offices").joinpath("catalogue.toml").read_text(encoding="utf-8"))


def add_to(session: Session, office: Office) -> list[Service]:
    """Give `office` every starter service that it lacks (by slug); what it has stays as it is.

    Gives the office's services of the starter catalogue, new and old, in the catalogue's order.
    """
    session.flush()  # a new office has no id before
    session.execute(select(Office.id).where(Office.id == office.id).with_for_update())
    stored = session.scalars(select(Service).where(Service.office_id == office.id))
    present = {each.slug: each for each in stored}
    services = []
    for draft in starter_services():
        service = present.get(draft.slug)
        if service is None:
            service = Service(office=office, **draft.model_dump())
            session.add(service)
        services.append(service)
    session.flush()
    return services
