"""Threads and loops: what messages refer to, and what was received of the same author about the same subject."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A hash index: an identifier may be longer than a B-tree entry can be, and is only ever asked for as a whole.
ADD = """
CREATE TABLE message_references (
    message_row_id bigint NOT NULL CONSTRAINT message_references_message_row_id_fkey
        REFERENCES messages (id) ON DELETE RESTRICT,
    position smallint NOT NULL,
    reference text NOT NULL,
    CONSTRAINT message_references_pkey PRIMARY KEY (message_row_id, position)
);
CREATE INDEX message_references_reference_idx ON message_references USING hash (reference);

ALTER TABLE messages
    ADD stored_at timestamptz NOT NULL DEFAULT now(),
    ADD loop_key bigint,
    ADD body_key bigint;
-- now() wrote no row anew; what comes is stamped when it is written, not when its transaction began.
ALTER TABLE messages ALTER stored_at SET DEFAULT clock_timestamp();
CREATE INDEX messages_loop_key_idx ON messages (loop_key, stored_at) WHERE loop_key IS NOT NULL;
"""

REMOVE = """
DROP INDEX messages_loop_key_idx;
ALTER TABLE messages DROP stored_at, DROP loop_key, DROP body_key;
DROP TABLE message_references;
"""


def upgrade() -> None:
    _execute_each(ADD)


def downgrade() -> None:
    _execute_each(REMOVE)


def _execute_each(script: str) -> None:
    # Statements are prepared on the server, one by one; none of these holds a semicolon inside.
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)
