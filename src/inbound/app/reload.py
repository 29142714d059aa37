"""New settings, tried before they are put in force."""

import os
import pickle
import signal
import sys
from operator import attrgetter
from pathlib import Path

from inbound import logs
from inbound.app.checks import check_stored
from inbound.app.signals import forget_signals, signals_held
from inbound.config import Settings, load_settings
from inbound.database.embedded_child import end_with_parent
from inbound.database.engine import open_engine
from inbound.smtp.tls import tls_context

#: settings that only a restart applies
_RESTART_SETTINGS = (
    *("server.hostname", "server.state_directory", "server.secret", "server.workers", "server.stop_seconds"),
    *("intake", "database", "logs", "metrics.address", "metrics.port"),
)


class Rehearsal:
    """A process that reads and checks a configuration file, and says what it read.

    A process, because the database that is asked may never answer, and the supervisor must not wait.
    """

    def __init__(self, config: Path, database_url: str) -> None:
        """Begin.

        Args:
            config: the file.
            database_url: of the database whose rows it must not contradict.
        """
        #: readable, without blocking, when there is something to `read`
        self.result, write = os.pipe()
        #: the settings as they were written there
        self.octets = b""
        supervisor = os.getpid()
        with signals_held():
            self._pid = os.fork()
            if self._pid == 0:
                forget_signals()
                _rehearse(config, database_url, write, supervisor)
        os.close(write)

    def read(self) -> bool:
        """Read what is there; True when it is complete."""
        piece = os.read(self.result, 65_536)
        self.octets += piece
        return not piece

    @property
    def settings(self) -> Settings | None:
        """The new settings; None when they are wrong, which the log has been told."""
        if not self.octets:
            return None
        # S301: nobody but the process that we made can write there
        settings = pickle.loads(self.octets)  # noqa: S301
        assert isinstance(settings, Settings)  # noqa: S101 - see `_rehearse`
        return settings

    def close(self) -> None:
        """End the process, if it has not ended, and forget the pipe."""
        os.close(self.result)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _rehearse(config: Path, database_url: str, write: int, supervisor: int) -> None:
    """In the new process; never returns. Writes the settings, or nothing when anything is wrong with them."""
    try:
        end_with_parent(signal.SIGKILL, supervisor)
        settings = load_settings(config)
        database = open_engine(database_url)
        check_stored(settings, database, str(config))
        for listener in settings.listeners:
            tls_context(listener)
        with os.fdopen(write, "wb") as file:
            pickle.dump(settings, file)
    except BaseException as error:  # noqa: BLE001 - whatever is wrong with the new file, the old one stays in force
        logs.reload_failed(config=str(config), problems=str(error).splitlines())
    finally:
        sys.stderr.flush()
        # Not sys.exit: what the supervisor has on its stack is not this process's to clean up.
        os._exit(0)


def needs_restart(old: Settings, new: Settings) -> list[str]:
    """Names of the settings that differ and that a reload does not apply."""
    different = [name for name in _RESTART_SETTINGS if attrgetter(name)(old) != attrgetter(name)(new)]
    old_doors, new_doors = ([(door.address, door.port) for door in settings.listeners] for settings in (old, new))
    return [*different, *(["listeners"] if old_doors != new_doors else [])]
