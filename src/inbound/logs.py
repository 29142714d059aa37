"""The mail log: one function per event, so that what is logged can be read here.

What a peer sent is only ever a value, and values are escaped on their way out: as JSON, or as printable text.
"""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "json", "text"]

_JSON = json.JSONEncoder(default=repr)

_log = cast("FilteringBoundLogger", structlog.get_logger())


def configure(level: Level, format: Format) -> None:  # noqa: A002 - named like the setting
    """Write the log to standard error: JSON, one object per line, unless a person watches.

    Args:
        level: events below it are dropped.
        format: "auto" is text on a terminal and JSON elsewhere.
    """
    is_json = format == "json" or (format == "auto" and not sys.stderr.isatty())
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    rendered: list[Processor] = (
        [structlog.processors.JSONRenderer(serializer=_to_json)]
        if is_json
        else [_escape, structlog.dev.ConsoleRenderer(colors=False)]
    )
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    # What libraries log through the standard library comes out in the same form.
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *rendered]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # aiosmtpd logs what peers send, line by line; the events below say what an operator needs.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)


def listening(*, address: str, port: int, tls: str) -> None:
    """A listener is bound and accepts connections."""
    _log.info("listening", address=address, port=port, tls=tls)


def showing_metrics(*, address: str, port: int) -> None:
    """Metrics can be asked for."""
    _log.info("showing_metrics", address=address, port=port)


def reception_stopped(*, cut_off: int) -> None:
    """No listener, no connection is left; ``cut_off`` transactions did not finish in time."""
    _log.info("reception_stopped", cut_off=cut_off)


def connection_refused(*, peer: str, reason: str) -> None:
    """A peer was sent away before its first command."""
    _log.warning("connection_refused", peer=peer, reason=reason)


def connection_ended(*, peer: str, helo: str, reply: str) -> None:
    """We closed a connection that the peer wanted to keep."""
    _log.info("connection_ended", peer=peer, helo=helo, reply=reply)


def tls_failed(*, peer: str, error: str) -> None:
    """The handshake behind STARTTLS did not succeed."""
    _log.info("tls_failed", peer=peer, error=error)


def recipient_refused(
    *, peer: str, helo: str, mail_from: str, rcpt_to: str, reply: str, reason: str, detail: str
) -> None:
    """A recipient was refused at RCPT: peer not allowed, or no such mailbox."""
    fields = {"peer": peer, "helo": helo, "mail_from": mail_from, "rcpt_to": rcpt_to, "reply": reply, "reason": reason}
    _log.info("recipient_refused", **fields, **({"detail": detail} if detail else {}))


def command_refused(*, peer: str, helo: str, mail_from: str, command: str, reply: str) -> None:
    """MAIL or RCPT could not be read, or came in clear text where TLS is required."""
    _log.info("command_refused", peer=peer, helo=helo, mail_from=mail_from, command=command, reply=reply)


def login_failed(*, peer: str, user: str) -> None:
    """A peer gave a wrong password, or a user that nobody knows."""
    _log.warning("login_failed", peer=peer, user=user)


def proof_failed(error: BaseException) -> None:
    """A defect of ours while authorship was checked; the message goes on without proof."""
    _log.error("proof_failed", exc_info=error)


def message_refused(*, peer: str, mail_from: str, rcpt_to: Sequence[str], reply: str, reason: str) -> None:
    """The content of a message was not taken: too big, or no room for it."""
    _log.info("message_refused", peer=peer, mail_from=mail_from, rcpt_to=list(rcpt_to), reply=reply, reason=reason)


def message_deferred(*, peer: str, mail_from: str, rcpt_to: Sequence[str], reply: str, reason: str) -> None:
    """A complete message was not stored; the peer keeps it and tries again."""
    _log.warning("message_deferred", peer=peer, mail_from=mail_from, rcpt_to=list(rcpt_to), reply=reply, reason=reason)


def message_interrupted(*, peer: str, mail_from: str, rcpt_to: Sequence[str]) -> None:
    """The peer vanished in the middle of a message; nothing of it is kept."""
    _log.info("message_interrupted", peer=peer, mail_from=mail_from, rcpt_to=list(rcpt_to))


def reception_failed(error: BaseException, *, peer: str) -> None:
    """A defect of ours, with its traceback; the peer only heard that it should try again."""
    _log.error("reception_failed", peer=peer, exc_info=error)


def message(*, received_at: datetime, **fields: object) -> None:
    """The canonical line: one per message and mailbox, once it is committed."""
    elapsed = (datetime.now(UTC) - received_at).total_seconds()
    _log.info("message", **fields, seconds=round(elapsed, 4))


def message_failed(error: BaseException, *, mailbox: str) -> None:
    """One message made the pipeline fail, twice, alone; it goes into quarantine."""
    _log.error("message_failed", mailbox=mailbox, exc_info=error)


def database_trouble(error: str, *, pause_seconds: float) -> None:
    """A transaction failed for our own reasons and is tried again."""
    _log.warning("database_trouble", error=error, pause_seconds=pause_seconds)


def database_unavailable(error: str, *, messages: int) -> None:
    """Our own trouble lasted too long: the peers of these messages hear 451."""
    _log.error("database_unavailable", error=error, messages=messages)


def intake_failed(error: BaseException) -> None:
    """A defect of ours outside any message; its batch is deferred."""
    _log.critical("intake_failed", exc_info=error)


def notice(*, state: str, error: str, **fields: object) -> None:
    """An attempt to send a notice; it is sent, waits for the next attempt, or is given up."""
    level = _log.error if state == "failed" else _log.warning if error else _log.info
    level("notice", **fields, state=state, error=error)


def notice_failed(error: BaseException, *, id: int) -> None:  # noqa: A002 - named like the column
    """A notice, or what became of it, cannot be written, with the traceback: given up, or sent again."""
    _log.error("notice_failed", id=id, exc_info=error)


def smart_host_unavailable(error: str, *, pause_seconds: float) -> None:
    """No notice can be sent: no connection, no TLS, or no login. They wait; nothing is lost."""
    _log.warning("smart_host_unavailable", error=error, pause_seconds=pause_seconds)


def outbox_unavailable(error: str) -> None:
    """The database is away: of the sender, or of who tells operators about refused peers."""
    _log.warning("outbox_unavailable", error=error)


def refusals_failed(error: BaseException) -> None:
    """Refused peers cannot be told to the operators, with the traceback; the log has each of them."""
    _log.error("refusals_failed", exc_info=error)


def sender_started(*, smart_host: str) -> None:
    """Notices are sent."""
    _log.info("sender_started", smart_host=smart_host)


def started(*, version: str, config: str, database: str, workers: int) -> None:
    """Everything is up."""
    _log.info("started", version=version, config=config, database=database, workers=workers)


def orders_failed(error: BaseException) -> None:
    """A defect: a process cannot put new settings in force, which others follow already."""
    _log.critical("orders_failed", exc_info=error)


def worker_failed(error: BaseException, *, worker: int) -> None:
    """A worker cannot go on, with its traceback; the supervisor starts another."""
    _log.critical("worker_failed", worker=worker, exc_info=error)


def worker_ended(*, process: str, worker: int, pid: int, status: int) -> None:
    """A worker, sender or reporter is gone; a negative status is the signal that ended it."""
    level = _log.info if status == 0 else _log.error
    level("worker_ended", process=process, worker=worker, pid=pid, status=status)


def worker_hangs(*, worker: int, pid: int, seconds: float) -> None:
    """A worker said nothing for too long and is ended; its peers send again."""
    _log.error("worker_hangs", worker=worker, pid=pid, seconds=seconds)


def stopping(*, signal: str) -> None:
    """A signal asked us to stop."""
    _log.info("stopping", signal=signal)


def stopped() -> None:
    """Everything is down."""
    _log.info("stopped")


def reloaded(*, config: str, needs_restart: Sequence[str]) -> None:
    """A new configuration is in force, but for sections that only a restart applies."""
    _log.info("reloaded", config=config, needs_restart=list(needs_restart))


def reload_failed(*, config: str, problems: Sequence[str]) -> None:
    """The new configuration is wrong; the old one stays in force."""
    _log.error("reload_failed", config=config, problems=list(problems))


def embedded_restarted() -> None:
    """The embedded PostgreSQL had died and runs again."""
    _log.error("embedded_postgres_restarted")


def embedded_failed(error: str) -> None:
    """The embedded PostgreSQL died and could not be started again; the next attempt follows."""
    _log.error("embedded_postgres_failed", error=error)


def example_loaded(*, file: str, entries: int) -> None:
    """A first start on an empty embedded database: it has the people and organizations of the example now."""
    _log.info("example_loaded", file=file, entries=entries)


def example_refused(*, problems: Sequence[str]) -> None:
    """The example does not fit the configuration: the desk starts empty."""
    _log.warning("example_refused", problems=list(problems))


def migrated(*, before: str | None, after: str | None) -> None:
    """The database schema was changed."""
    _log.info("migrated", before=before, after=after)


def _to_json(event: EventDict, **_options: object) -> str:
    # json.dumps would make an encoder for every line.
    return _JSON.encode(event)


def _escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make every value printable: a terminal obeys control characters."""
    return {key: _printable(key, value) for key, value in event.items()}


def _printable(key: str, value: object) -> object:
    if isinstance(value, str):
        keep = "\n" if key == "exception" else ""
        return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in value)
    if isinstance(value, (bool, int, float, type(None))):
        return value
    return repr(value)
