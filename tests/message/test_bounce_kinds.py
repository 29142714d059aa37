"""Bounces of rare kinds: in other languages, of gateways under their own names, of list servers; and their doubles."""

import pytest

from inbound.message.parse import parse
from inbound.model.kinds import Action, DeliveryReport
from steps import count_calls

POSTMASTER = "postmaster@mx.example.org"
DAEMON = "MAILER-DAEMON@mx.example.org"
COPY = "\nReceived: from desk.example.net; Mon, 12 Jan 2026 09:15:03 +0100\nMessage-ID: <t@desk.example.net>\n"


def read(author: str, subject: str, text: str, fields: str = "") -> DeliveryReport | None:
    content = (
        f"From: {author}\nTo: support@example.net\nSubject: {subject}\n{fields}"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    found = parse(content.encode()).report
    assert found is None or isinstance(found, DeliveryReport)
    return found


def told(author: str, subject: str, text: str, fields: str = "") -> list[tuple[str, Action, str]]:
    found = read(author, subject, text, fields)
    return [(one.address, one.action, one.status) for one in found.recipients] if found else []


@pytest.mark.parametrize(
    ("subject", "text", "status"),
    [
        # called and worded so, with why in words alone
        ("Retour de courrier : toner", "N'a pas été distribué à\n{}\nLe destinataire est introuvable", "5.1.1"),
        ("Notification d'état de remise (échec)", "Échec de la remise à\n{}\nAdresse inconnue", "5.1.1"),
        ("Message non remis", "Impossible de joindre {}\nLa boîte de réception est pleine", "5.2.2"),
        ("Correo devuelto: tóner", "No se ha podido entregar a\n{}\nLa cuota del usuario fue superada", "5.2.2"),
        ("Fallo en la entrega", "No se pudo entregar a\n{}\nEsta dirección no existe", "5.1.1"),
        ("Mancata consegna: toner", "Impossibile consegnare a\n{}\nIndirizzo inesistente", "5.1.1"),
        ("Erro de entrega", "Não foi possível entregar a\n{}\nA caixa postal está cheia", "5.2.2"),
        ("Bezorging mislukt", "Niet bezorgd bij\n{}\nHet postvak van de ontvanger is vol", "5.2.2"),
        ("Leverans misslyckades", "Kunde inte leverera till\n{}\nMottagaren finns inte", "5.1.1"),
        ("Kunne ikke leveres: toner", "Ikke leveret til\n{}\nModtageren er ukendt", "5.1.1"),
        ("Nie udało się dostarczyć", "Nie dostarczono do\n{}\nSkrzynka adresata jest pełna", "5.2.2"),
        ("Nelze doručit: toner", "Nepodařilo se doručit\n{}\nPříjemce je neznámý", "5.1.1"),
        ("Сбой доставки", "Не удалось доставить\n{}\nТакого получателя не существует", "5.1.1"),
        ("Ошибка доставки письма", "Не было доставлено\n{}\nПисьмо отклонено как спам", "5.7.1"),
        ("メール送信エラー", "{} に送信できませんでした。\n受信者のメールボックスが満杯です", "5.2.2"),
        ("宛先不明のお知らせ", "{} に配送できません。\nこのアドレスは存在しません", "5.1.1"),
        ("邮件投递失败", "无法投递到 {}\n该用户不存在", "5.1.1"),
        ("메일 전송 실패", "{} 에게 배달되지 않았습니다\n수신자를 찾을 수 없습니다", "5.1.1"),
        ("Zustellbericht: Toner", "Nicht ausgeliefert an\n{}\nDie Mailbox ist voll", "5.2.2"),
    ],
)
def test_failures_in_other_languages(subject: str, text: str, status: str) -> None:
    """A bounce is known in the languages mail servers speak, and so is the reason."""
    expected = [("jane@example.org", Action.FAILED, status)]
    assert told(POSTMASTER, subject, text.format("jane@example.org")) == expected


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        # by what it is called
        ("Livraison différée : toner", "La livraison est différée pour"),
        ("Entrega demorada", "La entrega se ha demorado a"),
        ("Opóźnione dostarczenie", "Wiadomość nie została jeszcze doręczona do"),
        ("配信の遅延について", "まだ配信されていません"),
        ("Benachrichtigung zum Übermittlungsstatus (Verzögert)", "Die Übermittlung ist verzögert an"),
        ("Уведомление о состоянии доставки (задержка)", "Доставка задерживается"),
        ("Warnung: Nachricht noch nicht zugestellt", "Sie liegt in der Warteschlange"),
        ("Waiting message", "The mail could not yet be delivered to"),
        ("Your message has not been delivered yet", "It waits for"),
        # by a promise
        ("Message non remis", "Le serveur continuera à essayer de joindre"),
        ("No se pudo entregar", "Se seguirá intentando la entrega a"),
        ("Mancata consegna", "Il server continuerà a provare"),
        ("Не доставлено", "Попытки доставки будут продолжены"),
        ("配信できません", "引き続き配信を試みます"),
        ("未传递", "服务器将继续尝试投递"),
        ("Zustellfehler", "Es wird weiterhin versucht, zuzustellen an"),
        ("Delivery problem", "Attempts to deliver the message will continue for four days"),
        ("Undeliverable", "There is nothing to do, the server keeps trying"),
    ],
)
def test_delays_in_other_languages(subject: str, text: str) -> None:
    """What is still tried is late in every language."""
    found = told(POSTMASTER, subject, f"{text}\n\njane@example.org")
    assert [(address, action, status[0]) for address, action, status in found] == [
        ("jane@example.org", Action.DELAYED, "4")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "再送信してください",
        "请重新发送",
        "Bitte versuchen Sie es erneut",
        "Veuillez essayer à nouveau",
        "다시 시도하십시오",
    ],
)
def test_an_advice_is_no_promise(text: str) -> None:
    """Who asks the reader to send it again has given up."""
    assert [action for _, action, _ in told(DAEMON, "Returned mail", f"<jane@example.org>: 550\n{text}")] == [
        Action.FAILED
    ]


@pytest.mark.parametrize(
    ("author", "subject", "text", "fields"),
    [
        # named after what it does, and called a bounce
        (
            "Nord Mail Relay <relay@example.org>",
            "Undeliverable: Toner",
            "Could not be sent to jane@example.org: 550",
            "",
        ),
        ("smtp-gateway@example.org", "Delivery failed", "Fails for the following recipients:\njane@example.org", ""),
        ("AntiSpam-Firewall <fw@example.org>", "Mail blocked", "Rejected for jane@example.org: 554 5.7.1", ""),
        (
            "Trend Micro <interscan@example.org>",
            "Mail delivery failed",
            "Could not be sent to jane@example.org: 550",
            "",
        ),
        # a system administrator, in his language
        ("Systeembeheerder <sys@example.org>", "Niet bezorgd: toner", "jane@example.org is onbekend", ""),
        # in the name in which nothing else is written, whatever the words
        (DAEMON, "Bestellung", "jane@example.org: tja", ""),
        # other names for it
        (POSTMASTER, "NDN: Toner", "jane@example.org (not in the directory)", ""),
        (POSTMASTER, "Notification of delivery failure", "-- jane@example.org", ""),
        (POSTMASTER, "Postmaster notification", "We attempted to deliver: 550 jane@example.org", ""),
        # a mail system's name, a subject that only hints, and words of a failure
        (POSTMASTER, "Recipient unknown", "There is no such account: jane@example.org", ""),
        (POSTMASTER, "Toner: E-Mail-Adresse unbekannt", "Das Postfach jane@example.org existiert nicht.", ""),
        (
            "Mail System <ms@example.org>",
            "Automatic answer: message refused",
            "It was rejected by jane@example.org",
            "",
        ),
        (POSTMASTER, "Courrier : adresse inconnue, retour", "Non remis, 550 : jane@example.org", ""),
        (POSTMASTER, "ECHEC DE REMISE: toner", "N'a pas été remis à jane@example.org", ""),
        (POSTMASTER, "FEJL: toner ikke leveret", "Kunne ikke leveres, 550: jane@example.org", ""),
        # called a bounce, and introduced as programs do, whatever their name
        ("IT <it@example.org>", "Undelivered mail", "This is the mail system at mx.\n\n<jane@example.org>: 550 no", ""),
    ],
)
def test_names_of_programs(author: str, subject: str, text: str, fields: str) -> None:
    """Gateways and mail systems are known by what they are called, together with what they say."""
    assert [address for address, _, _ in told(author, subject, text, fields)] == ["jane@example.org"]


@pytest.mark.parametrize(
    ("author", "subject", "text", "fields"),
    [
        # parcels, though sent by firms and programs with such names
        (
            "Mail Service GmbH <info@example.com>",
            "Delivery problem",
            "The parcel for jane@example.org was refused.",
            "",
        ),
        ("orders@example.com", "Delivery failed", "Not delivered to the following address:\njane@example.org", ""),
        ("Order System <orders@example.com>", "Delivery Status Notification", "Order 7 is on its way.", ""),
        # people who look after mail servers, and what such servers tell about themselves
        ("Exchange Team <exchange@example.com>", "Mail problem", "jane@example.org is rejected: 550 5.7.1. Why?", ""),
        ("MDaemon@mx.example.org", "Attachment removed", "From: support@example.net\nTo: jane@example.org", ""),
        (POSTMASTER, "Your mailbox is over its limit", "support@example.net has exceeded the size limit.", ""),
        ("Mail System <ms@example.org>", "Mailbox report", "jane@example.org is over quota.", ""),
        ("System Administrator <sa@example.org>", "Users not migrated", "Account not found: jane@example.org", ""),
        (POSTMASTER, "Re: message rejected", "The address jane@example.org was unknown until today.", ""),
        # people who complain, and show it
        (
            "petra@example.com",
            "Mail error",
            "Hello, we have errors with the following recipients:\njane@example.org 550",
            "",
        ),
        ("Petra <petra@example.com>", "Unzustellbar: Toner", "Was ist das?\n\njane@example.org\n550 5.1.1", ""),
        ("petra@example.com", "Mail delivery failed", "Always 550. Please help.", ""),
        # list mail that is no refusal; a refusal that no list server wrote
        ("team-admin@lists.example.org", "You may post now", "Welcome.", "List-Id: <team.lists.example.org>\n"),
        ("Petra <petra@example.com>", "You two are not members of my team", "Are you?", ""),
        ("Petra <petra@example.com>", "Your message to jane was rejected", "by me.", "List-Id: <a.example.com>\n"),
    ],
)
def test_doubles_of_bounces(author: str, subject: str, text: str, fields: str) -> None:
    """What only looks like a bounce is a person's or a firm's mail."""
    assert read(author, subject, text, fields) is None


@pytest.mark.parametrize(
    ("author", "subject", "text", "fields"),
    [
        (
            "team-admin@lists.example.org",
            "You support@example.net are not member (team ML)",
            "Not a member of <team@lists.example.org>. Send guide to\n\nteam-ctl@lists.example.org",
            "X-MLServer: fml\n",
        ),
        ("LISTSERV@lists.example.org", "Rejected posting to TEAM", "TEAM: see team@lists.example.org", ""),
        (
            "team-bounces@lists.example.org",
            "Your message to team was rejected",
            "Only members may write.",
            "List-Id: <team.lists.example.org>\n",
        ),
    ],
)
def test_a_lists_refusal_is_about_the_list(author: str, subject: str, text: str, fields: str) -> None:
    """A list server that passes nothing on tells that the message reached nobody, and which it was."""
    found = read(author, subject, text, f"{fields}References: <t@desk.example.net>\n")
    assert found is not None
    assert [(one.address, one.action, one.status) for one in found.recipients] == [
        ("team@lists.example.org", Action.FAILED, "5.7.2")
    ]
    assert found.returned_message_id == "t@desk.example.net"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Your message has been delivered to:\n\njane@example.org", Action.DELIVERED),
        ("Your message was delivered to the following:\n\njane@example.org", Action.DELIVERED),
        ("Ihre Nachricht wurde erfolgreich zugestellt:\n\njane@example.org", Action.DELIVERED),
        ("Your message has not been delivered to:\n\njane@example.org", Action.FAILED),
        ("It has been delivered to the host, which said 550 for:\n\njane@example.org", Action.FAILED),
    ],
)
def test_success_is_told_where_nothing_else_is(text: str, action: Action) -> None:
    """A receipt in words is a success only when it tells of no trouble."""
    assert [one[:2] for one in told(DAEMON, "Return receipt", text)] == [("jane@example.org", action)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the alias that was expanded is no second recipient, also where the line is folded
        ("<jane@example.org> (expanded from\n    <team@example.org>): 550 5.1.1 no", {"jane@example.org": "5.1.1"}),
        # the address that the sender wrote, behind the one of the mailbox
        (
            "Recipient address: j17@store\nOriginal address: jane@example.org\nReason: Over quota",
            {"jane@example.org": "5.2.2"},
        ),
        # columns, dashes, numbers
        (
            "jane@example.org     User unknown\njoe@example.org      Over quota",
            {"jane@example.org": "5.1.1", "joe@example.org": "5.2.2"},
        ),
        (
            "1) jane@example.org -- no such person\n2) joe@example.org -- storage full",
            {"jane@example.org": "5.1.1", "joe@example.org": "5.2.2"},
        ),
    ],
)
def test_lists_of_other_shapes(text: str, expected: dict[str, str]) -> None:
    """However recipients are listed, each is found once, with its own reason."""
    assert {address: status for address, _, status in told(DAEMON, "Undelivered mail", text)} == expected


@pytest.mark.parametrize(
    ("subject", "text", "action"),
    [
        ("Mail still in queue", "Next attempt in an hour: jane@example.org", Action.DELAYED),
        ("Undeliverable", "It is still queued: 451 for jane@example.org", Action.DELAYED),
        ("Delivery delayed", "It was tried for days and finally failed for jane@example.org", Action.FAILED),
        ("Zustellung verzögert", "Sie wurde nun aufgegeben: jane@example.org", Action.FAILED),
    ],
)
def test_the_end_counts_more_than_the_name(subject: str, text: str, action: Action) -> None:
    """A mail that is called late and tells that it was given up is a failure."""
    assert [one[:2] for one in told(DAEMON, subject, text)] == [("jane@example.org", action)]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("The email account that you tried to reach does not exist", "5.1.1"),
        ("He no longer works here; no longer valid", "5.1.1"),
        ("Keine Mailbox mit diesem Namen", "5.1.1"),
        ("The domain you gave does not exist", "5.1.2"),
        ("Name or service not known", "5.1.2"),
        ("account is full", "5.2.2"),
        ("user is not active", "5.2.1"),
        ("could not connect to the host", "5.4.1"),
        ("Unable to deliver this message after 3 days", "5.4.7"),
        ("SPF check gave no result", "5.7.1"),
    ],
)
def test_reasons(said: str, status: str) -> None:
    """The wording tells the reason, the more exact one first."""
    assert told(DAEMON, "Undelivered mail", f"<jane@example.org>:\n{said}")[0][2] == status


@pytest.mark.parametrize("piece", ["livraison a a a a ", "casella ", "ящик ", "メールボックス", "adres adres ", "(a"])
def test_words_apart_cost_no_more_than_their_length(piece: str) -> None:
    """Twice the text costs at most two and a half times the steps."""
    head = f"Return-Path: <>\nFrom: {DAEMON}\nSubject: hi\n\njane@example.org\n"
    small, large = ((head + piece * (length // len(piece))).encode() for length in (20_000, 40_000))
    assert count_calls(lambda: parse(large)) <= 2.5 * count_calls(lambda: parse(small))
