"""Envelope recipients to mailboxes."""

import pytest

from inbound.config import Server, Settings
from inbound.message.tokens import Token, mailbox_mark, make_token
from inbound.model.mail import Recipient
from inbound.model.mailbox import Mailbox
from inbound.routing import Refusal, Routes

SETTINGS = Settings(
    server=Server(domains=("desk.example", "Desk.Test", "bücher.example"), postmaster_mailbox="vip"),
    mailboxes=(
        Mailbox(name="support", address="Support@desk.example", aliases=("help@desk.example", "sales+eu@desk.example")),
        Mailbox(name="vip", address="vip@desk.test"),
        Mailbox(name="old", address="old@desk.example", active=False),
        Mailbox(name="books", address="lädchen@bücher.example"),
    ),
)


@pytest.mark.parametrize(
    ("address", "mailbox", "sub_address"),
    [
        # the address, in any case of letters
        ("support@desk.example", "support", ""),
        ("SUPPORT@DESK.EXAMPLE", "support", ""),
        ("vip@Desk.TEST", "vip", ""),
        # an alias
        ("help@desk.example", "support", ""),
        # sub-addresses keep their case; the first + divides
        ("support+Invoice@desk.example", "support", "Invoice"),
        ("help+a+b@desk.example", "support", "a+b"),
        ("support+@desk.example", "support", ""),
        # an address that is configured with its +
        ("sales+eu@desk.example", "support", ""),
        # quotes are only spelling (RFC 5321 4.1.2)
        ('"support"@desk.example', "support", ""),
        ('"sup\\port"@desk.example', "support", ""),
        # postmaster (RFC 5321 4.5.1), with every served domain and with none
        ("postmaster", "vip", ""),
        ("Postmaster@desk.example", "vip", ""),
        ("POSTMASTER@desk.test", "vip", ""),
        ("postmaster+list@desk.example", "vip", "list"),
        # beyond ASCII: composed or not, U-label or A-label
        ("lädchen@bücher.example", "books", ""),
        ("la\u0308dchen@xn--bcher-kva.example", "books", ""),
        ("LÄDCHEN@BÜCHER.example", "books", ""),
    ],
)
def test_leads_to_its_mailbox(address: str, mailbox: str, sub_address: str) -> None:
    """A recipient leads to the mailbox of its address, alias or sub-address, and keeps how it was written."""
    expected = Recipient(address=address, mailbox=mailbox, sub_address=sub_address)
    assert Routes(SETTINGS).route(address) == expected


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("nobody@desk.example", Refusal.UNKNOWN_MAILBOX),
        ("vip@desk.example", Refusal.UNKNOWN_MAILBOX),
        ("sales@desk.example", Refusal.UNKNOWN_MAILBOX),
        ("+support@desk.example", Refusal.UNKNOWN_MAILBOX),
        ("support%elsewhere.example@desk.example", Refusal.UNKNOWN_MAILBOX),
        ('"support@elsewhere.example"@desk.example', Refusal.UNKNOWN_MAILBOX),
        ('"@desk.example', Refusal.UNKNOWN_MAILBOX),
        ("old@desk.example", Refusal.INACTIVE_MAILBOX),
        ("old+x@desk.example", Refusal.INACTIVE_MAILBOX),
        ("support@elsewhere.example", Refusal.DOMAIN_NOT_SERVED),
        ("support@sub.desk.example", Refusal.DOMAIN_NOT_SERVED),
        ("support@[127.0.0.1]", Refusal.DOMAIN_NOT_SERVED),
        ("postmaster@elsewhere.example", Refusal.DOMAIN_NOT_SERVED),
        ("support", Refusal.DOMAIN_NOT_SERVED),
        ("", Refusal.DOMAIN_NOT_SERVED),
        ("a@" + "ü" * 5_000, Refusal.DOMAIN_NOT_SERVED),
    ],
)
def test_is_refused(address: str, refusal: Refusal) -> None:
    """Everything that is nobody's address here is refused, and the refusal says which kind it is."""
    assert Routes(SETTINGS).route(address) is refusal


@pytest.mark.parametrize("named", ["", "gone", "old"])
def test_postmaster_always_has_a_mailbox(named: str) -> None:
    """Without a usable ``postmaster_mailbox`` the first active mailbox gets postmaster's mail."""
    server = SETTINGS.server.model_copy(update={"postmaster_mailbox": named})
    mailboxes = SETTINGS.mailboxes[2:] + SETTINGS.mailboxes[:1]
    routed = Routes(Settings(server=server, mailboxes=mailboxes)).route("postmaster")
    assert routed == Recipient(address="postmaster", mailbox="books", sub_address="")


def test_a_mailbox_named_postmaster_is_its_own() -> None:
    """A mailbox that has the address postmaster gets that mail itself."""
    own = Mailbox(name="admin", address="postmaster@desk.example")
    routes = Routes(Settings(server=SETTINGS.server, mailboxes=(*SETTINGS.mailboxes, own)))
    assert routes.route("postmaster@desk.example") == Recipient(
        address="postmaster@desk.example", mailbox="admin", sub_address=""
    )


def test_the_address_of_a_mailbox_beats_an_alias() -> None:
    """Where a mailbox claims the address of an earlier one as its alias, the earlier one keeps it."""
    first = Mailbox(name="first", address="a@desk.example")
    second = Mailbox(name="second", address="b@desk.example", aliases=("a@desk.example",))
    routed = Routes(Settings(mailboxes=(first, second))).route("a@desk.example")
    assert routed == Recipient(address="a@desk.example", mailbox="first", sub_address="")


def test_postmaster_is_no_monitoring_tool() -> None:
    """Mail to postmaster goes to an alerts mailbox only where there is no other: it has no key."""
    alerts = Mailbox(name="alerts", address="alerts@desk.example", handler="alerts")
    support = Mailbox(name="support", address="support@desk.example")
    for mailboxes, expected in (((alerts, support), "support"), ((alerts,), "alerts")):
        routed = Routes(Settings(mailboxes=mailboxes)).route("postmaster")
        assert routed == Recipient(address="postmaster", mailbox=expected, sub_address="")


class TestBounces:
    """``bounce+TOKEN@`` a served domain leads to the mailbox of the notice that carried the token."""

    SECRET = b"the desk's secret"

    def address(self, mailbox: str = "vip", secret: bytes = SECRET) -> str:
        token = Token(kind="ticket", object_id=7, notice_id=42, mailbox_mark=mailbox_mark(mailbox))
        return f"bounce+{make_token(token, secret)}@desk.example"

    def routes(self, **server: object) -> Routes:
        vip = Mailbox(name="vip", address="vip@desk.example")
        gone = Mailbox(name="gone", address="gone@desk.example", active=False)
        support = Mailbox(name="support", address="support@desk.example")
        settings = Settings.model_validate({"server": {"domains": ["desk.example"], **server}})
        return Routes(settings.model_copy(update={"mailboxes": (support, vip, gone)}), self.SECRET)

    def test_it_belongs_to_the_mailbox_of_its_notice(self) -> None:
        """The token says which, in any case of letters."""
        for address in (self.address(), self.address().upper()):
            routed = self.routes().route(address)
            assert isinstance(routed, Recipient)
            assert routed.mailbox == "vip"

    def test_an_old_secret_is_still_known(self) -> None:
        """What was sent before the secret was replaced may still come back."""
        routes = self.routes(old_secrets=["an older secret"])
        assert isinstance(routes.route(self.address(secret=b"an older secret")), Recipient)

    def test_anything_else_is_unknown(self) -> None:
        """A forged token, none, one in another local part, and one of a mailbox that is gone."""
        token = self.address().removeprefix("bounce+")
        forged = self.address(secret=b"somebody else's")
        for address in (forged, "bounce@desk.example", "bounce+@desk.example", token, self.address("nobody")):
            assert self.routes().route(address) is Refusal.UNKNOWN_MAILBOX, address
        assert self.routes().route(self.address("gone")) is Refusal.INACTIVE_MAILBOX
        assert Routes(SETTINGS).route(self.address("support", b"")) is Refusal.UNKNOWN_MAILBOX
        assert self.routes().route(self.address().replace("desk", "other")) is Refusal.DOMAIN_NOT_SERVED
