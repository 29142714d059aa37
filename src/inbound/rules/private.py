"""Private mail creates nothing, and leaves nothing behind."""

import re

_COMMENT = re.compile(r"\([^()]*\)")


def is_private(sensitivity: str) -> bool:
    """``Sensitivity: Private`` (RFC 2156 5.3.4), in any case; not Personal, not Company-Confidential.

    Args:
        sensitivity: value of the field, possibly with a comment; empty without one.
    """
    return bool(sensitivity) and _COMMENT.sub(" ", sensitivity).strip().casefold() == "private"
