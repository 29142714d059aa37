"""Every metric, with what it means. Labels are words of closed sets, mailboxes and listeners: never what peers send.

cells        the memory that all processes of the daemon share
kinds        counters, gauges, histograms
exposition   one view of all processes
"""

from inbound.metrics.kinds import METRICS, Counter, Gauge, Histogram, begin

__all__ = ["METRICS", "begin"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

# Connections

open_connections = Gauge("inbound_open_connections", "Connections that are open now.", is_per_worker=True)
connections = Counter("inbound_connections_total", "Connections that were admitted.")
connections_refused = Counter(
    "inbound_connections_refused_total",
    "Connections that were sent away before their first command.",
    "reason",
    known=("too_many_connections", "early_talker"),
)
connections_ended = Counter(
    "inbound_connections_ended_total", "Connections that we closed and the peer wanted to keep.", "reply"
)
commands = Counter("inbound_commands_total", "Command lines of peers, counted at the end of a message or connection.")
command_errors = Counter("inbound_command_errors_total", "Commands that were an error of the peer's.", "reply")
recipients_refused = Counter("inbound_recipients_refused_total", "Recipients refused at RCPT.", "reason", "reply")
logins_failed = Counter("inbound_logins_failed_total", "Wrong users or passwords at AUTH.")
tls_failures = Counter("inbound_tls_failures_total", "Handshakes behind STARTTLS that did not succeed.")
dns_failures = Counter(
    "inbound_dns_failures_total",
    "Questions about peers and signatures that DNS did not answer.",
    "kind",
    known=("TXT", "A", "AAAA", "MX", "PTR"),
)
certificate_expiry = Gauge(
    "inbound_certificate_expiry_timestamp_seconds",
    "Until when the certificate that a listener shows is valid, in seconds since 1970.",
    "listener",
    is_per_worker=True,
)

# Messages

received = Counter(
    "inbound_messages_received_total", "Messages, once per mailbox, that were answered for good.", "mailbox"
)
messages = Counter(
    "inbound_messages_total",
    "The same by what became of them; the sum is inbound_messages_received_total.",
    "mailbox",
    "outcome",
    "reason",
)
deferred = Counter(
    "inbound_messages_deferred_total",
    "Messages whose peer was told to try again: nothing was stored.",
    "reason",
    known=("database_unavailable", "deadline", "overloaded", "pipeline_broken", "stopping", "no_room", "defect"),
)
interrupted = Counter("inbound_messages_interrupted_total", "Messages in the middle of which the peer vanished.")
message_bytes = Counter("inbound_message_bytes_total", "Octets of messages that were stored.")
proofs = Counter(
    "inbound_proofs_total",
    "Messages by what proved their author; none = nothing did.",
    "method",
    known=("none", "trusted_peer", "dkim", "arc", "authentication_results"),
)

# Queue and transactions

queue_messages = Gauge("inbound_queue_messages", "Messages that wait or are being committed.", is_per_worker=True)
queue_bytes = Gauge("inbound_queue_bytes", "Octets of messages in memory, from DATA to COMMIT.", is_per_worker=True)
queue_seconds = Histogram("inbound_queue_seconds", "What a message waited for its batch.", _SECONDS)
batch_messages = Histogram("inbound_batch_messages", "Messages of a transaction, once per mailbox.", _SIZES)
parse_seconds = Histogram("inbound_batch_parse_seconds", "Reading the messages of a batch.", _SECONDS)
commit_seconds = Histogram(
    "inbound_batch_commit_seconds", "Rules, statements and COMMIT of a transaction, with repetitions.", _SECONDS
)
database_trouble = Counter("inbound_database_trouble_total", "Transactions that failed for our own reasons.")
database_up = Gauge("inbound_database_up", "1: the database answered within the last 30 seconds.")

# Notices

notice_attempts = Counter(
    "inbound_notice_attempts_total", "Attempts to send a notice, by the state it has since.", "kind", "state"
)
notices_pending = Gauge("inbound_notices_pending", "Notices that wait to be sent, of all daemons.", "kind")
notices_overdue = Gauge("inbound_notices_overdue_seconds", "How long the next notice should have been sent.")
smart_host_trouble = Counter("inbound_smart_host_trouble_total", "Times that no notice could be handed over.")

# The daemon

build_info = Gauge("inbound_build_info", "Always 1.", "version", "python")
start_time = Gauge("inbound_start_time_seconds", "When the daemon started, in seconds since 1970.")
workers = Gauge("inbound_workers", "Processes that should take mail.")
listening = Gauge("inbound_worker_listening", "1: the worker takes mail.", is_per_worker=True)
restarts = Counter(
    "inbound_process_restarts_total",
    "Processes that ended and were started again.",
    "process",
    known=("worker", "sender", "reporter"),
)
resident_memory = Gauge("inbound_resident_memory_bytes", "Memory of a process.", "process")
reloads = Counter("inbound_reloads_total", "Configuration files read again.", "result", known=("taken", "refused"))
defects = Counter(
    "inbound_defects_total",
    "Tracebacks in the log, by event: always worth a look.",
    "event",
    known=(
        "intake_failed",
        "message_failed",
        "notice_failed",
        "orders_failed",
        "proof_failed",
        "reception_failed",
        "refusals_failed",
        "worker_failed",
    ),
)
