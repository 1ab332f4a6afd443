"""Names in histories of templates that hold an e-mail address become the account's name, or none

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

# Table -> the columns with the account and with its name as it was written down.
NAMED = {'template_versions': ('author_id', 'author_name'), 'template_events': ('user_id', 'user_name')}


def upgrade() -> None:
    users = sa.table('users', sa.column('id', sa.Uuid()), sa.column('name', sa.String()))
    for table, (account, name) in NAMED.items():
        named = sa.table(table, sa.column(account, sa.Uuid()), sa.column(name, sa.String()))
        known = sa.select(users.c.name).where(
            users.c.id == named.c[account], users.c.name != '', users.c.name.not_like('%@%')
        )
        wanted = sa.func.coalesce(known.scalar_subquery(), 'A member')
        op.execute(named.update().where(named.c[name].like('%@%')).values({name: wanted}))


def downgrade() -> None:
    # Addresses that are gone from a history do not come back.
    pass
