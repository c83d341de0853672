"""What can be wrong with an invitation, said to the person who has it."""

from frontoffice.errors import N_, Conflict


class InvitationOver(Conflict):
    """An invitation that cannot be taken any more; the sentence says why."""

    code = "invitation_over"

    @classmethod
    def lapsed(cls) -> "InvitationOver":
        """Its window is over."""
        return cls(
            N_("This invitation is no longer valid. Please call the office, or ask who has invited you.")
        )

    @classmethod
    def declined(cls) -> "InvitationOver":
        """The person does not want it."""
        return cls(
            N_(
                "You have declined this invitation. If you need an appointment after all, please call the office."
            )
        )

    @classmethod
    def withdrawn(cls) -> "InvitationOver":
        """Who asked for the appointment does not need it any more."""
        return cls(N_("This invitation was taken back. You do not have to do anything."))

    @classmethod
    def taken(cls) -> "InvitationOver":
        """An appointment was made already."""
        return cls(N_("An appointment was already made with this invitation."))
