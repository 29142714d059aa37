"""Between reception and the pipeline: a bounded queue, batches, one transaction each, one answer per delivery."""

from inbound.intake.committer import Committer
from inbound.intake.queue import Intake

__all__ = ["Committer", "Intake"]
