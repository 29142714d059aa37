"""Text that is signed in the open."""

import pytest

from inbound.message.armour import without_armour

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----"
BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"{BEGIN}Guten Tag\n{SIGNATURE}\n", "Guten Tag\n\n"),
        (f"{BEGIN}Hi\n- -- \nPetra\n- - item\n{SIGNATURE}", "Hi\n-- \nPetra\n- item\n"),
        (
            f"above\n{BEGIN}one\n{SIGNATURE}\nbetween\n{BEGIN}two\n{SIGNATURE}\nbelow",
            "above\none\n\nbetween\ntwo\n\nbelow",
        ),
        # not whole, and not signed
        (f"{BEGIN}Guten Tag\n", f"{BEGIN}Guten Tag\n"),
        (f"{BEGIN}Guten Tag\n-----BEGIN PGP SIGNATURE-----\n", f"{BEGIN}Guten Tag\n-----BEGIN PGP SIGNATURE-----\n"),
        ("-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----"),
        ("-----BEGIN PGP MESSAGE-----\n\nabc", "-----BEGIN PGP MESSAGE-----\n\nabc"),
        ("- -- dashes", "- -- dashes"),
    ],
)
def test_only_the_armour_goes(text: str, read: str) -> None:
    """What was signed and what stands around it stays, marks of dashes are undone; half an armour is text."""
    assert without_armour(text) == read
