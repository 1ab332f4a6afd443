"""Warnings that stood open when an experiment was launched

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('experiments', sa.Column('warnings', sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column('experiments', 'warnings')
