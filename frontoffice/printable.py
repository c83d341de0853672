"""What can stand in a line that people read."""

# Letters of Farsi and of Indian scripts are joined or parted by the first two; the others keep numbers and Latin words
# in their place within a line that runs from right to left.
UNSEEN = frozenset("\u200c\u200d\u200e\u200f")


def is_line(text: str) -> bool:
    """Whether a text is one line without anything that could not be shown, or would only deceive."""
    return all(each.isprintable() or each in UNSEEN for each in text)
