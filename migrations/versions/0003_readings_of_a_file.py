"""A dataset is one reading of a file: what it was read with, where it came from, and when its files went

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

ADDED = (
    'format', 'source_id', 'waiting_draft_id', 'expected_bytes', 'choices', 'fingerprint', 'analysis_version', 'peek',
    'purged_at',
)


def upgrade() -> None:
    with op.batch_alter_table('datasets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('format', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('source_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('waiting_draft_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('expected_bytes', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('choices', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('fingerprint', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('analysis_version', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('peek', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('purged_at', sa.DateTime(), nullable=True))
        batch_op.create_index(batch_op.f('ix_datasets_waiting_draft_id'), ['waiting_draft_id'], unique=False)

    # Before this migration the files of a deleted dataset went at once, unless an experiment needed them.
    op.execute(
        "UPDATE datasets SET purged_at = deleted_at WHERE deleted_at IS NOT NULL AND sample IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM experiments WHERE experiments.dataset_id = datasets.id)"
    )


def downgrade() -> None:
    op.drop_index(op.f('ix_datasets_waiting_draft_id'), table_name='datasets')
    for name in reversed(ADDED):
        op.drop_column('datasets', name)
