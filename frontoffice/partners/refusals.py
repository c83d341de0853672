"""What can stand in the way of a partner, of a plan, of an invitation, in words that say what to do."""

from datetime import date

from frontoffice.errors import N_, NP_, Conflict, Invalid, NotAllowed, NotSignedIn


class TokenUnknown(NotSignedIn):
    """A partner's token is missing, wrong or revoked."""

    code = "token_unknown"
    sentence = N_("Please send the token that you got from the office: Authorization: Bearer …")


class ScopeMissing(NotAllowed):
    """The partner is known, but its tokens are for something else."""

    code = "scope_missing"
    sentence = N_("This partner may not do that. If it should, please ask the office to allow it.")


class NameTaken(Conflict):
    """There is a partner of that name already."""

    code = "name_taken"
    sentence = N_("There is already a partner called “%(name)s”. Please choose another name.")


class NotGranted(Invalid):
    """The service exists, but was not agreed with the partner, or not together with the others."""

    code = "not_granted"

    def __init__(self) -> None:
        super().__init__(
            "services",
            N_("You may not book this with this office. Please ask the office if it should be agreed."),
        )


class QuotaReached(Conflict):
    """As many appointments as agreed are booked or held for the running period."""

    code = "quota_reached"

    @classmethod
    def per_week(cls, quota: int, renews: date) -> "QuotaReached":
        """For a quota that renews each Monday."""
        sentence = NP_(
            "The one appointment that you may book per week is booked. You can book again from %(day)s.",
            "All %(quota)s appointments that you may book per week are booked. You can book again from %(day)s.",
            "quota",
        )
        return cls(sentence, quota=quota, day=f"{renews:%d.%m.%Y}")

    @classmethod
    def per_month(cls, quota: int, renews: date) -> "QuotaReached":
        """For a quota that renews with each month."""
        sentence = NP_(
            "The one appointment that you may book per month is booked. You can book again from %(day)s.",
            "All %(quota)s appointments that you may book per month are booked. You can book again from %(day)s.",
            "quota",
        )
        return cls(sentence, quota=quota, day=f"{renews:%d.%m.%Y}")

    @classmethod
    def at_once(cls, most: int) -> "QuotaReached":
        """For the number of appointments that may be still to come."""
        sentence = NP_(
            "%(most)s of your appointments is still to come, and more were not agreed at the same time. "
            "When it is over or cancelled, you can book again.",
            "%(most)s of your appointments are still to come, and more were not agreed at the same time. "
            "When one is over or cancelled, you can book again.",
            "most",
        )
        return cls(sentence, most=most)


class NothingFits(Conflict):
    """For this person of a plan there is no free time in the window."""

    code = "nothing_fits"
    sentence = N_("No free time is left in this window. Please ask for more days or other times of day.")


class Twice(Conflict):
    """The same person stands in a list twice for the same concern."""

    code = "twice"
    sentence = N_("This person stands in the list twice with the same concern.")


class PlanLapsed(Conflict):
    """The times of a plan are no longer held."""

    code = "plan_lapsed"
    sentence = N_(
        "This plan was not confirmed in time, and its times are free for others again. "
        "Nothing was booked. Please ask for a new plan."
    )


class PlanGivenBack(Conflict):
    """The partner gave the plan back."""

    code = "plan_given_back"
    sentence = N_("This plan was given back. Nothing was booked. Please ask for a new plan.")


class PlanConfirmed(Conflict):
    """What is confirmed cannot be given back as a whole."""

    code = "plan_confirmed"
    sentence = N_("This plan is confirmed already. Please cancel the appointments one by one.")


class PersonRefused(Conflict):
    """Since the plan was made, something came between for one of its people; nothing was booked."""

    code = "person_refused"
    sentence = N_(
        "For the person in line %(line)s something has changed since the plan was made, for instance another "
        "appointment was booked. Nothing was booked. Please give this plan back and ask for a new one."
    )
