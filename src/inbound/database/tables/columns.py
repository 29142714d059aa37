"""The metadata that all tables belong to, and the columns that many of them have."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Identity, Index, MetaData, Text, text

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_name)s_idx",
    }
)


def id_column() -> Column[int]:
    """``id``: generated unless given."""
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def text_column(name: str) -> Column[str]:
    """Text that may be missing: ``''``."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def flag(name: str, *, default: bool) -> Column[bool]:
    """True or false."""
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def active_column() -> Column[bool]:
    """``active``: what is referred to is deactivated, never deleted."""
    return flag("active", default=True)


def created_column() -> Column[datetime]:
    """``created_at``: now, unless given."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()"))


def reference(
    name: str, target: str, *, nullable: bool = False, primary_key: bool = False, is_cyclic: bool = False
) -> Column[int]:
    """A foreign key that restricts: nothing that is referred to can be deleted.

    Args:
        name: of the column.
        target: table, or ``table.column`` when it is not its ``id``.
        nullable: may there be no such thing?
        primary_key: is it the table's key too?
        is_cyclic: does the target refer to this table as well? Then the order of tables leaves this one out.
    """
    key = ForeignKey(target if "." in target else f"{target}.id", ondelete="RESTRICT", use_alter=is_cyclic)
    return Column(name, BigInteger, key, nullable=nullable, primary_key=primary_key)


def number_column() -> Column[str]:
    """``number``: entered in the registry first."""
    return Column("number", Text, ForeignKey("object_numbers.number", ondelete="RESTRICT"), nullable=False, unique=True)


def sparse_index(name: str, *columns: str) -> Index:
    """An index without the rows in which the last of its columns is NULL: they cost nothing."""
    return Index(name, *columns, postgresql_where=text(f"{columns[-1]} IS NOT NULL"))
