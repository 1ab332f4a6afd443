"""Events of usage, and the request that a job comes from

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('usage_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('draft_id', sa.Uuid(), nullable=True),
    sa.Column('experiment_id', sa.Uuid(), nullable=True),
    sa.Column('template_id', sa.Uuid(), nullable=True),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('field', sa.String(length=80), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('hits', sa.Integer(), nullable=False),
    sa.Column('misses', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_events'))
    )
    op.create_index(op.f('ix_usage_events_kind_at'), 'usage_events', ['kind', 'at'], unique=False)
    op.create_index(op.f('ix_usage_events_draft_id'), 'usage_events', ['draft_id'], unique=False)
    op.create_index(op.f('ix_usage_events_at'), 'usage_events', ['at'], unique=False)
    op.add_column('jobs', sa.Column('request_id', sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column('jobs', 'request_id')
    op.drop_index(op.f('ix_usage_events_at'), table_name='usage_events')
    op.drop_index(op.f('ix_usage_events_draft_id'), table_name='usage_events')
    op.drop_index(op.f('ix_usage_events_kind_at'), table_name='usage_events')
    op.drop_table('usage_events')
