"""Attempts of a job that do not count, and how long it waits for an obstacle to pass

Revision: 0011, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('jobs', sa.Column('uncounted_attempts', sa.Integer(), server_default='0', nullable=False))
    op.add_column('jobs', sa.Column('postponements', sa.Integer(), server_default='0', nullable=False))
    op.add_column('jobs', sa.Column('not_before', sa.DateTime(), nullable=True))


def downgrade() -> None:
    for name in ('not_before', 'postponements', 'uncounted_attempts'):
        op.drop_column('jobs', name)
