"""Topics: the first of two levels on which visitors choose a concern in plain words."""

from enum import StrEnum

from frontoffice.errors import N_


class Topic(StrEnum):
    """What a concern is about, in the order in which topics are offered."""

    PICK_UP = "pick_up"
    PERMIT = "permit"
    WORK = "work"
    STUDY = "study"
    FAMILY = "family"
    PROTECTION = "protection"
    STAYING = "staying"
    HELP = "help"


NAMES = {
    Topic.PICK_UP: N_("Pick up my card"),
    Topic.PERMIT: N_("My residence permit and passport"),
    Topic.WORK: N_("Work"),
    Topic.STUDY: N_("Studies and vocational training"),
    Topic.FAMILY: N_("Family and visitors"),
    Topic.PROTECTION: N_("Refuge and protection"),
    Topic.STAYING: N_("Staying in Germany for good"),
    Topic.HELP: N_("Advice and emergencies"),
}

# By the services of the starter catalogue, which are the ones that an office can have.
_OF_SERVICE = {
    "eat-pick-up": Topic.PICK_UP,
    "first-residence-permit": Topic.PERMIT,
    "residence-permit-renewal": Topic.PERMIT,
    "transfer-to-new-passport": Topic.PERMIT,
    "provisional-certificate": Topic.PERMIT,
    "skilled-worker": Topic.WORK,
    "blue-card": Topic.WORK,
    "opportunity-card": Topic.WORK,
    "self-employed": Topic.WORK,
    "change-of-conditions-or-employer": Topic.WORK,
    "fast-track": Topic.WORK,
    "student": Topic.STUDY,
    "vocational-training": Topic.STUDY,
    "family-reunion": Topic.FAMILY,
    "residence-card-eu-family": Topic.FAMILY,
    "declaration-of-commitment": Topic.FAMILY,
    "humanitarian": Topic.PROTECTION,
    "temporary-protection": Topic.PROTECTION,
    "toleration": Topic.PROTECTION,
    "asylum-seekers-permission": Topic.PROTECTION,
    "travel-document": Topic.PROTECTION,
    "settlement-permit": Topic.STAYING,
    "eu-long-term-residence": Topic.STAYING,
    "naturalisation-advice": Topic.STAYING,
    "welcome-counselling": Topic.HELP,
    "emergency": Topic.HELP,
}


def of_service(slug: str) -> Topic | None:
    """The topic of a service; one without stands beside the topics."""
    return _OF_SERVICE.get(slug)
