"""Blocks of correlation matrices, and rankings of columns

Revision: 0004, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('correlation_blocks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sa.Uuid(), nullable=False),
    sa.Column('matrix_key', sa.String(length=20), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_correlation_blocks_dataset_id_datasets'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_correlation_blocks')),
    sa.UniqueConstraint('dataset_id', 'matrix_key', 'place', name=op.f('uq_correlation_blocks_dataset_id_matrix_key_place'))
    )
    op.create_table('target_rankings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sa.Uuid(), nullable=False),
    sa.Column('target_key', sa.String(length=20), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_target_rankings_dataset_id_datasets'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_target_rankings')),
    sa.UniqueConstraint('dataset_id', 'target_key', name=op.f('uq_target_rankings_dataset_id_target_key'))
    )


def downgrade() -> None:
    op.drop_table('target_rankings')
    op.drop_table('correlation_blocks')
