"""Everything that is set for an office as a file: to fetch, and to make the office what an edited one says."""

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.mistakes import Refused
from frontoffice.administration.shell import HERE, Look, draft_of, looking, mark_of, pages, render, submit
from frontoffice.agenda.shell import Desk
from frontoffice.errors import N_, Invalid
from frontoffice.offices import office_file
from frontoffice.offices.draft import OfficeDraft

LARGEST = 400_000  # bytes: ten times a large office, and below what any request may have
SHOWN = 60  # differences on the page


class FileForm(SettingsForm):
    """The text of a file; kept in the page between the look ahead and saving."""

    text = TextAreaField(N_("The file"), [InputRequired()])


@pages.get(f"{HERE}/file")
def file(slug: str) -> ResponseReturnValue:
    """Fetch the file, or choose an edited one."""
    with looking(slug) as desk:
        return _page(desk, FileForm(), None)


@pages.get(f"{HERE}/file/office.toml")
def download(slug: str) -> ResponseReturnValue:
    """The file."""
    with looking(slug) as desk:
        text = office_file.written(draft_of(desk))
        name = desk.office.slug
    answer = Response(text, mimetype="application/toml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.toml"'
    return answer


@pages.post(f"{HERE}/file")
def upload(slug: str) -> ResponseReturnValue:
    """Make the office what the file says, once the page has said what is different then."""
    form = FileForm(request.form)
    chosen = request.files.get("file")
    if chosen is not None and chosen.filename:
        form.text.data = chosen.stream.read(LARGEST + 1).decode("utf-8", "replace")

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        text = form.text.data or ""
        if len(text.encode("utf-8", "replace")) > LARGEST:
            raise Refused([Invalid("text", N_("This file is too large for an office."))])
        try:
            said = office_file.parse(text)
        except Invalid as wrong:
            raise Refused([Invalid("text", wrong.sentence, **wrong.params)]) from None
        if said.slug != draft.slug:
            sentence = N_("This is the file of another office: “%(slug)s”.")
            raise Refused([Invalid("text", sentence, slug=said.slug)])
        return said

    return submit(
        slug,
        form,
        lambda draft: draft,
        wanted,
        _page,
        lambda: url_for("administration.start", slug=slug),
        look_first=True,
    )


def _page(desk: Desk, form: FileForm, look: Look | None) -> str:
    draft = draft_of(desk)
    different = look.effect.differences if look else ()
    return render(
        desk,
        "file.html",
        form=form,
        look=look,
        different=different[:SHOWN],
        more=max(0, len(different) - SHOWN),
        seen=form.seen.data or mark_of(draft),
    )
