"""What launches and timed fits took, machine by machine

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('fit_timings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('machine', sa.String(length=16), nullable=False),
    sa.Column('estimator', sa.String(length=60), nullable=False),
    sa.Column('experiment_id', sa.Uuid(), nullable=True),
    sa.Column('workload', sa.JSON(), nullable=False),
    sa.Column('seconds', sa.JSON(), nullable=False),
    sa.Column('memory_mb', sa.Double(), nullable=True),
    sa.Column('idle_mb', sa.Double(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fit_timings'))
    )
    op.create_index(op.f('ix_fit_timings_machine_id'), 'fit_timings', ['machine', 'id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_fit_timings_machine_id'), table_name='fit_timings')
    op.drop_table('fit_timings')
