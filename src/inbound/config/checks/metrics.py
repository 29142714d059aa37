"""``[metrics]``: where metrics are shown."""

from collections.abc import Iterator
from ipaddress import ip_address

from inbound.config.checks.reception import collide
from inbound.config.mistakes import Mistake, shown
from inbound.config.reception import Listener
from inbound.config.settings import Settings


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Every mistake in this table."""
    metrics = settings.metrics
    if not metrics.address:
        return
    if not _is_ip(metrics.address):
        message = f'{shown(metrics.address)} is no IP address; it must be like "127.0.0.1" or "::", or "" for nowhere'
        yield Mistake(key=("metrics", "address"), message=message)
    own = Listener(address=metrics.address, port=metrics.port)
    taken = next((index for index, one in enumerate(settings.listeners) if collide(one, own)), None)
    if taken is not None:
        message = f"{metrics.port} is the port of a listener for mail; choose another"
        depends_on = (("metrics", "address"), ("listeners", taken))
        yield Mistake(key=("metrics", "port"), message=message, other=("listeners", taken), depends_on=depends_on)
    if not metrics.networks:
        message = 'nobody could ask; name who may, or write address = ""'
        yield Mistake(key=("metrics", "networks"), message=message)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
