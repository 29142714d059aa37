"""The settings of the embedded PostgreSQL.

They go on its command line at every start and not into postgresql.conf: a new version of the daemon brings new ones.
"""

from pathlib import Path

from inbound.database.embedded_cluster import PORT, Layout

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "jit": "off",  # compiling costs more than our short statements do
    "min_wal_size": "80MB",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "autovacuum": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_error_verbosity": "terse",  # the DETAIL of an error quotes rows, and so people's mail
}


def server_options(layout: Layout, socket_directory: Path, *, is_durable: bool) -> list[str]:
    """Write the options of the command `postgres`.

    Args:
        layout: where the access rules lie.
        socket_directory: of the only socket; no network is listened on.
        is_durable: False loses the whole database when the machine stops: for tests.
    """
    durability = "on" if is_durable else "off"
    settings = _SETTINGS | {
        "unix_socket_directories": str(socket_directory),
        "hba_file": str(layout.host_rules),
        "ident_file": str(layout.user_map),
        "fsync": durability,
        "synchronous_commit": durability,
        "full_page_writes": durability,
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
