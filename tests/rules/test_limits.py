"""Which attachments are kept, and which are listed."""

from dataclasses import replace

import pytest

from inbound.model.mail import Attachment
from inbound.rules.limits import choose_attachments
from people import MAILBOX

LIMITS = replace(MAILBOX, image_attachment_min_bytes=100, max_attachment_bytes=1_000, max_attachments_bytes=1_500)


def file(name: str, size: int, *, type_: str = "application/pdf", is_inline: bool = False) -> Attachment:
    return Attachment(name=name, content_type=type_, content=b"x" * size, content_id=None, is_inline=is_inline)


def image(name: str, size: int, *, is_inline: bool = True) -> Attachment:
    return file(name, size, type_="image/png", is_inline=is_inline)


@pytest.mark.parametrize(
    ("attachments", "kept", "left_out"),
    [
        # over its own limit, and not over it
        ((file("a", 1_001), file("b", 1_000)), [("b", True)], ["a"]),
        # not fitting the rest of the total: left out, later smaller ones may still fit
        (
            (file("a", 900), file("b", 700), file("c", 600), file("d", 1)),
            [("a", True), ("c", True)],
            ["b", "d"],
        ),
        # an empty file always fits
        ((file("a", 1_000), file("b", 500), file("c", 0)), [("a", True), ("b", True), ("c", True)], []),
        # inline images smaller than the least size are stored, not listed
        ((image("logo", 99), image("photo", 100)), [("logo", False), ("photo", True)], []),
        ((image("logo", 0),), [("logo", False)], []),
        # an attached image is an attachment, however small; and something inline that is no image is one
        ((image("icon", 5, is_inline=False),), [("icon", True)], []),
        ((file("a", 5, is_inline=True),), [("a", True)], []),
        # what is not listed takes no room
        ((image("logo", 99), file("a", 1_000), file("b", 500)), [("logo", False), ("a", True), ("b", True)], []),
        # a large inline image is an attachment like others
        ((image("photo", 1_001),), [], ["photo"]),
        ((), [], []),
    ],
)
def test_limits(attachments: tuple[Attachment, ...], kept: list[tuple[str, bool]], left_out: list[str]) -> None:
    """What is kept, what of it is listed, and what is left out, in the order of the message."""
    chosen = choose_attachments(attachments, LIMITS)
    assert [(one.attachment.name, one.is_listed) for one in chosen.kept] == kept
    assert [one.name for one in chosen.left_out] == left_out


def test_the_defaults() -> None:
    """10 kB, 5 MB, 10 MB, where kB = 1,000 octets."""
    at_limits = (image("a", 10_000), file("b", 5_000_000), file("c", 4_990_000))
    assert [one.is_listed for one in choose_attachments(at_limits, MAILBOX).kept] == [True] * 3
    assert [one.name for one in choose_attachments((*at_limits, file("d", 1)), MAILBOX).left_out] == ["d"]
    over = choose_attachments((image("a", 9_999), file("b", 5_000_001)), MAILBOX)
    assert [one.is_listed for one in over.kept] == [False]
    assert [one.name for one in over.left_out] == ["b"]
