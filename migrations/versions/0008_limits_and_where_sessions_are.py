"""Counters of limited acts, networks known to an account, and where a session was opened

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rate_counters',
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_rate_counters'))
    )
    op.create_index(op.f('ix_rate_counters_expires_at'), 'rate_counters', ['expires_at'], unique=False)
    op.create_table('known_addresses',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('network', sa.String(length=64), nullable=False),
    sa.Column('seen_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_known_addresses_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'network', name=op.f('pk_known_addresses'))
    )
    op.create_index(op.f('ix_known_addresses_seen_at'), 'known_addresses', ['seen_at'], unique=False)
    op.add_column('web_sessions', sa.Column('address', sa.String(length=64), nullable=True))
    op.add_column('web_sessions', sa.Column('agent', sa.String(length=200), nullable=True))
    op.drop_index(op.f('ix_sign_in_attempts_email_at'), 'sign_in_attempts')
    op.drop_index(op.f('ix_sign_in_attempts_address_at'), 'sign_in_attempts')
    op.drop_table('sign_in_attempts')


def downgrade() -> None:
    op.create_table('sign_in_attempts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_attempts'))
    )
    op.create_index(op.f('ix_sign_in_attempts_address_at'), 'sign_in_attempts', ['address', 'at'], unique=False)
    op.create_index(op.f('ix_sign_in_attempts_email_at'), 'sign_in_attempts', ['email', 'at'], unique=False)
    op.drop_column('web_sessions', 'agent')
    op.drop_column('web_sessions', 'address')
    op.drop_index(op.f('ix_known_addresses_seen_at'), 'known_addresses')
    op.drop_table('known_addresses')
    op.drop_index(op.f('ix_rate_counters_expires_at'), 'rate_counters')
    op.drop_table('rate_counters')
