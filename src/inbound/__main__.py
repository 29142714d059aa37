"""``python -m inbound``."""

from inbound.cli import main

main()
