"""The kinds of documents that end: what they are called, which ladder they have, and what people come for then."""

from dataclasses import dataclass
from enum import StrEnum

from frontoffice.errors import N_, Invalid

RENEWAL = "residence-permit-renewal"
TRANSFER = "transfer-to-new-passport"
EMERGENCY = "emergency"


class DocumentKind(StrEnum):
    """What ends."""

    RESIDENCE_PERMIT = "residence_permit"
    STUDENT = "student"
    TRAINING = "vocational_training"
    SKILLED_WORKER = "skilled_worker"
    BLUE_CARD = "blue_card"
    OPPORTUNITY_CARD = "opportunity_card"
    SELF_EMPLOYED = "self_employed"
    FAMILY = "family"
    HUMANITARIAN = "humanitarian"
    TEMPORARY_PROTECTION = "temporary_protection"
    SETTLEMENT_PERMIT = "settlement_permit"
    RESIDENCE_CARD = "residence_card"
    PROVISIONAL_CERTIFICATE = "provisional_certificate"
    TOLERATION = "toleration"
    ASYLUM_SEEKER = "asylum_permission"
    PASSPORT = "passport"
    TRAVEL_DOCUMENT = "travel_document"


@dataclass(frozen=True, slots=True)
class About:
    """What is known about a kind. `service` is the slug in the starter catalogue, `words` what other systems say."""

    name: str
    service: str
    words: tuple[str, ...] = ()
    is_passport: bool = False


ABOUT = {
    DocumentKind.RESIDENCE_PERMIT: About(
        N_("Residence permit"), RENEWAL, ("aufenthaltserlaubnis", "aufenthaltstitel", "eat", "title")
    ),
    DocumentKind.STUDENT: About(N_("Residence permit to study"), "student", ("studium", "16b")),
    DocumentKind.TRAINING: About(
        N_("Residence permit for vocational training"),
        "vocational-training",
        ("ausbildung", "16a", "training"),
    ),
    DocumentKind.SKILLED_WORKER: About(
        N_("Residence permit as a skilled worker"), "skilled-worker", ("fachkraft", "18a", "18b")
    ),
    DocumentKind.BLUE_CARD: About(N_("EU Blue Card"), "blue-card", ("blaue_karte", "blaue_karte_eu", "18g")),
    DocumentKind.OPPORTUNITY_CARD: About(N_("Opportunity card"), "opportunity-card", ("chancenkarte", "20a")),
    DocumentKind.SELF_EMPLOYED: About(
        N_("Residence permit as self-employed"), "self-employed", ("selbständige", "selbstaendige", "21")
    ),
    DocumentKind.FAMILY: About(
        N_("Residence permit for family"), "family-reunion", ("familie", "familiennachzug")
    ),
    DocumentKind.HUMANITARIAN: About(
        N_("Residence permit for humanitarian reasons"), "humanitarian", ("humanitär", "humanitaer", "25")
    ),
    DocumentKind.TEMPORARY_PROTECTION: About(
        N_("Temporary protection (§ 24)"), "temporary-protection", ("ukraine", "24", "vorübergehender_schutz")
    ),
    DocumentKind.SETTLEMENT_PERMIT: About(
        N_("Card of a settlement permit"), TRANSFER, ("niederlassungserlaubnis", "daueraufenthalt_eu")
    ),
    DocumentKind.RESIDENCE_CARD: About(
        N_("Residence card for family of EU citizens"), "residence-card-eu-family", ("aufenthaltskarte",)
    ),
    DocumentKind.PROVISIONAL_CERTIFICATE: About(
        N_("Provisional certificate"), "provisional-certificate", ("fiktionsbescheinigung", "81")
    ),
    DocumentKind.TOLERATION: About(N_("Toleration certificate"), "toleration", ("duldung", "60a")),
    DocumentKind.ASYLUM_SEEKER: About(
        N_("Asylum seeker’s permission"), "asylum-seekers-permission", ("aufenthaltsgestattung", "gestattung")
    ),
    DocumentKind.PASSPORT: About(
        N_("Passport"), TRANSFER, ("reisepass", "pass", "nationalpass"), is_passport=True
    ),
    DocumentKind.TRAVEL_DOCUMENT: About(
        N_("Travel document"), "travel-document", ("reiseausweis",), is_passport=True
    ),
}

_BY_WORD = {word: kind for kind, about in ABOUT.items() for word in (kind.value, *about.words)}


def read(text: str) -> DocumentKind:
    """The kind that another system means. Raises Invalid (kind)."""
    tidied = "_".join(text.casefold().replace("-", " ").replace("§", " ").split())
    found = _BY_WORD.get(tidied)
    if found is None:
        raise Invalid("kind", N_("There is no such kind of document."))
    return found
