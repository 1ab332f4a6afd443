"""Which change of a draft a later one takes back

Revision: 0012, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('draft_events', sa.Column('undoes', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('draft_events', 'undoes')
