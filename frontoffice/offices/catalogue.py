"""The starter catalogue: the services a new office begins with, read from the TOML files beside it.

`catalogue.toml` says what there is and which documents each service asks for, `texts/` has a file for each language
with the words. A document that several services ask for is named once.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.languages import SUPPORTED
from frontoffice.offices.models import Biometrics, Office, Service

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
        missing = [language for language in SUPPORTED if not texts.get(language)]
        if missing:
            raise ValueError(f"no text in: {', '.join(missing)}")
        return texts


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    plain: Text


class CatalogueTexts(BaseModel):
    """What one language calls the services and the documents, by their slugs and keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    services: dict[Slug, _Words]
    documents: dict[Slug, Text]


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


def texts_of(text: str) -> CatalogueTexts:
    """The words of one language. Raises `ValueError` that names what is missing or empty."""
    return CatalogueTexts.model_validate(tomllib.loads(text))


def parse(text: str, texts: Mapping[str, CatalogueTexts]) -> list[ServiceDraft]:
    """Services from the text of a TOML catalogue and the words of each language, by position.

    Raises `ValueError` (TOML's and pydantic's errors are kinds of it) that names the entry and the field.
    """
    entries = [entry | _said(entry, texts) for entry in tomllib.loads(text)["service"]]
    catalogue = _Catalogue.model_validate({"service": entries})
    return sorted(catalogue.service, key=lambda draft: draft.position)


def _said(entry: Mapping[str, Any], texts: Mapping[str, CatalogueTexts]) -> dict[str, dict[str, Any]]:
    slug, asked = entry["slug"], entry["documents"]
    known = {code: each.services[slug] for code, each in texts.items() if slug in each.services}
    for code, each in texts.items():
        unnamed = [key for key in asked if key not in each.documents]
        if unnamed:
            # A document that only one language names is one that readers of the others forget to bring.
            raise ValueError(f"{slug}: no text in {code} for the document {unnamed[0]}")
    return {
        "names": {code: words.name for code, words in known.items()},
        "plain": {code: words.plain for code, words in known.items()},
        "documents": {code: [each.documents[key] for key in asked] for code, each in texts.items()},
    }


@cache
def starter_services() -> list[ServiceDraft]:
    """The services of the starter catalogue, by position."""
    folder = files("frontoffice.offices")
    texts = {
        code: texts_of(folder.joinpath("texts", f"{code}.toml").read_text(encoding="utf-8"))
        for code in SUPPORTED
    }
    return parse(folder.joinpath("catalogue.toml").read_text(encoding="utf-8"), texts)


def add_to(session: Session, office: Office) -> list[Service]:
    """Give `office` every starter service that it lacks (by slug); what it has stays as it is.

    A language that was not there yet is added to what the office says in the catalogue's own German words.

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
        else:
            _speak_more(service, draft)
        services.append(service)
    session.flush()
    return services


def _speak_more(service: Service, draft: ServiceDraft) -> None:
    for field in ("names", "plain", "documents"):
        kept, offered = getattr(service, field), getattr(draft, field)
        if kept.get("de") == offered["de"] and offered.keys() - kept.keys():
            setattr(service, field, offered | kept)
