"""Plays conversations against a running daemon, and says where it answers differently."""

import email.utils
import smtplib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg.rows import dict_row

from conversations import stored
from conversations.script import Conversation, Expected, Step, fill
from conversations.stored import Connection, Row
from conversations.world import PEERS, known_names
from sink import Sink, Taken

#: fields that hold texts: the expected value occurs in them
_TEXTS = frozenset({"text", "quoted", "description", "summary", "signature", "html"})
_SECONDS = 60


@dataclass(kw_only=True)
class Player:
    """Plays many conversations at once; each has its own people."""

    database_url: str
    port: int
    sink: Sink
    at_once: int = 24

    def play(self, conversations: Sequence[Conversation]) -> list[str]:
        """Every complaint, in the order of the conversations."""
        with ThreadPoolExecutor(self.at_once) as threads:
            return [one for found in threads.map(self._play, conversations) for one in found]

    def _play(self, conversation: Conversation) -> list[str]:
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as connection:
            talk = _Talk(self, conversation, connection)
            for number, step in enumerate(conversation.steps, start=1):
                try:
                    talk.do(step, number)
                except (AssertionError, KeyError, OSError, psycopg.Error) as error:
                    talk.complaints.append(f"{step.where}: {type(error).__name__}: {error}")
                    break
            return [f"{one}\n    {conversation.where} === {conversation.claim}" for one in talk.complaints]


class _Talk:
    """One conversation while it is played."""

    def __init__(self, player: Player, conversation: Conversation, connection: Connection) -> None:
        self.player, self.conversation, self.connection = player, conversation, connection
        self.names = _Names(self, known_names(conversation))
        self.complaints: list[str] = []
        self._last = b""

    def do(self, step: Step, number: int) -> None:
        """Send what a step sends, and look at what became of it."""
        if step.statement:
            self.connection.execute(self.said(step.statement).encode())
            return
        content = self._composed(step, number)
        helos = [f"{copy}.{number}.c{self.conversation.number}.example" for copy in range(step.times)]
        with ThreadPoolExecutor(step.times) as threads:
            replies = list(threads.map(lambda helo: self._send(step, content, helo), helos))
        for reply in replies:
            if not reply.startswith(step.reply or "250"):
                self.complain(step.where, f"the reply is {reply}")
        self._judge(step, [row for helo in helos for row in stored.results(self.connection, helo)])

    def said(self, text: str) -> str:
        """A text of the script with everything filled in."""
        return self.conversation.own(fill(text, self.names))

    def complain(self, where: str, what: str, row: Row | None = None) -> None:
        """Remember what is wrong, with the trace of the message that shows it."""
        self.complaints.append(f"{where}: {what}" + (f"\n      {stored.explained(row)}" if row else ""))

    def notice(self, who: str) -> Taken:
        """The last notice that somebody got, once nothing is on its way."""
        number = self.conversation.number
        for _ in range(_SECONDS * 10):
            if stored.is_sent(self.connection, [f"%-{number}.%", f"{who}{number}@%"]):
                break
            time.sleep(0.1)
        found = [one for one in list(self.player.sink.taken) if _is_for(one, who, number)]
        assert found, f"{who} got no notice"
        return found[-1]

    def _composed(self, step: Step, number: int) -> bytes:
        """The octets of a mail: what the script says, and the fields that every mail has."""
        text = self.said("\n".join(step.lines)).replace("\r\n", "\n").strip("\n")
        if step.is_again:
            return (text.replace("\n", "\r\n") + "\r\n" if text else "").encode() + self._last
        header, _, body = text.partition("\n\n")
        names = {line.partition(":")[0].lower() for line in header.split("\n")}
        fields = [
            ("To", "support@desk.example"),
            ("Date", email.utils.format_datetime(datetime.now(UTC))),
            ("Message-ID", f"<{self.conversation.number}.{number}@mail.example>"),
            ("MIME-Version", "1.0"),
        ]
        if "content-type" not in names:
            fields += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")]
        lines = [line for line in header.split("\n") if not line.endswith(": none")]
        lines += [f"{name}: {value}" for name, value in fields if name.lower() not in names]
        self._last = "\r\n".join([*lines, "", *body.split("\n"), ""]).encode()
        return self._last

    def _send(self, step: Step, content: bytes, helo: str) -> str:
        """Send a mail; the reply that decided."""
        author = email.utils.parseaddr(_author(content))[1] or "somebody@elsewhere.example"
        mail_from = author if step.mail_from is None else self.said(step.mail_from)
        to, source = [self.said(one) for one in step.to], (PEERS[step.peer], 0)
        with smtplib.SMTP("127.0.0.1", self.player.port, helo, _SECONDS, source_address=source) as client:
            try:
                client.sendmail(mail_from, to, content)
            except smtplib.SMTPRecipientsRefused as refused:
                return next(f"{code} {text.decode()}" for code, text in refused.recipients.values())
            except smtplib.SMTPResponseException as refused:
                return f"{refused.smtp_code} {refused.smtp_error!r}"
            return "250"

    def _judge(self, step: Step, rows: Sequence[Row]) -> None:
        """Compare what a mail became with what was expected."""
        expected: Counter[tuple[str, str]] = Counter()
        for one in step.expected:
            expected[one.outcome, one.reason] += one.count
        found = Counter((row["outcome"], row["reason"]) for row in rows)
        if found != expected:
            what = ", ".join(f"{' '.join(pair)} *{count}" for pair, count in found.items())
            self.complain(step.where, f"it is {what or 'nothing'}", rows[0] if rows else None)
            return
        mailboxes = [one.partition("@")[0] for one in step.to]
        for index, one in enumerate(step.expected):
            fitting = [row for row in rows if (row["outcome"], row["reason"]) == (one.outcome, one.reason)]
            if len(mailboxes) == len(step.expected):
                fitting = [row for row in fitting if row["mailbox"] == mailboxes[index]] or fitting
            self._compare(one, fitting[0])

    def _compare(self, one: Expected, row: Row) -> None:
        """Compare one result, what it made and whom it told."""
        if one.label:
            if one.outcome == "ticket_created":
                self.names.setdefault(one.label, row["number"])
            if self.names[one.label] != row["number"]:
                self.complain(one.where, f"it is about {row['number'] or 'nothing'}, not {self.names[one.label]}", row)
        told = sorted(stored.notices(self.connection, row["id"]))
        wanted = sorted(self.said(value) for _, name, value in one.facts if name == "notice")
        # What the first delivery told is no business of the second.
        if told != wanted and one.reason != "redelivered":
            self.complain(one.where, f"told is {told}, not {wanted}", row)
        for where, name, value in one.facts:
            if name != "notice" and (why := self._why_wrong(name, self.said(value), row)):
                self.complain(where, why, row)

    def _why_wrong(self, name: str, value: str, row: Row) -> str:
        """What is wrong about a fact; empty: it holds."""
        plain = name.removeprefix("!")
        is_denied, (thing, _, field) = plain != name, plain.partition(".")
        if plain == "trace":
            found = " ".join(f"{'*' if step['hit'] else ''}{step['rule']}" for step in row["trace"])
            is_true = value in found.split()
        elif plain == "why" or not field:
            found = stored.explained(row) if plain == "why" else self._told(*plain.split(" ", 1))
            is_true = value in found
        else:
            found = stored.fact(self.connection, thing, field, row, self.names)
            is_true = value in found if field in _TEXTS else value == found
        return "" if is_true is not is_denied else f"{plain} is{' not to be' if is_denied else ''} {value!r}: {found!r}"

    def _told(self, who: str, field: str) -> str:
        """Something of the last notice that somebody got."""
        taken = self.notice(who)
        if field in ("text", "html"):
            return taken.part("plain" if field == "text" else field)
        return taken.mail_from if field == "reverse-path" else str(taken.mail[field] or "")


class _Names(dict[str, str]):
    """Numbers by name; what stands in somebody's last notice, like ``{anna.id}``, is looked up when it is asked."""

    def __init__(self, talk: _Talk, known: dict[str, str]) -> None:
        super().__init__(known)
        self._talk = talk

    def __missing__(self, name: str) -> str:
        who, _, what = name.partition(".")
        if what not in _OF_NOTICES:
            raise KeyError(name)
        return _OF_NOTICES[what](self._talk.notice(who))


def _lines(taken: Taken) -> str:
    return taken.content.decode("ascii").replace("\r\n", "\n")


#: what a script can repeat of a notice
_OF_NOTICES: dict[str, Callable[[Taken], str]] = {
    "id": lambda taken: str(taken.mail["Message-ID"]),
    "token": lambda taken: str(taken.mail["Message-ID"]).strip("<>").partition("@")[0],
    "references": lambda taken: " ".join(str(taken.mail["References"] or "").split()),
    "subject": lambda taken: str(taken.mail["Subject"]),
    "bounce": lambda taken: taken.mail_from,
    "text": lambda taken: taken.part("plain"),
    "quoted": lambda taken: "\n".join(f"> {line}" for line in taken.part("plain").rstrip().split("\n")),
    "header": lambda taken: _lines(taken).partition("\n\n")[0],
    "all": _lines,
}


def _is_for(taken: Taken, who: str, number: int) -> bool:
    local, _, domain = taken.rcpt_to.partition("@")
    return local == f"{who}{number}" or (local == who and domain.endswith(f"-{number}.example"))


def _author(content: bytes) -> str:
    lines = content.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return next((line[5:].strip() for line in lines if line.startswith("From:")), "")
