"""The audit trail, which takes no change but the removal of addresses

Revision: 0015, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

FIXED = ('number', 'at', 'act', 'actor_id', 'channel', 'request_id', 'address_digest', 'network', 'subject_id', 'part',
         'details', 'previous_hash', 'hash')
REFUSAL = 'the audit trail is append-only'


def upgrade() -> None:
    op.create_table('audit_entries',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('act', sa.String(length=40), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('request_id', sa.String(length=40), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=True),
    sa.Column('address_salt', sa.String(length=32), nullable=True),
    sa.Column('address_digest', sa.String(length=64), nullable=False),
    sa.Column('network', sa.String(length=64), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('part', sa.String(length=40), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('previous_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_audit_entries'))
    )
    op.create_index(op.f('ix_audit_entries_actor_id_number'), 'audit_entries', ['actor_id', 'number'], unique=False)
    op.create_index(op.f('ix_audit_entries_act_number'), 'audit_entries', ['act', 'number'], unique=False)
    op.create_index(op.f('ix_audit_entries_subject_id_at'), 'audit_entries', ['subject_id', 'at'], unique=False)
    op.create_index(op.f('ix_audit_entries_at'), 'audit_entries', ['at'], unique=False)
    _append_only()


def _append_only() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("CREATE FUNCTION audit_entries_refuse() RETURNS trigger AS $$ BEGIN "
                   f"RAISE EXCEPTION '{REFUSAL}'; END $$ LANGUAGE plpgsql")
        op.execute('CREATE TRIGGER audit_entries_keep BEFORE DELETE ON audit_entries '
                   'FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()')
        columns = ', '.join(f'"{name}"' for name in FIXED)
        op.execute(f'CREATE TRIGGER audit_entries_fix BEFORE UPDATE OF {columns} ON audit_entries '
                   'FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()')
    elif op.get_bind().dialect.name == 'sqlite':
        op.execute('CREATE TRIGGER audit_entries_keep BEFORE DELETE ON audit_entries '
                   f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")
        columns = ', '.join(f'"{name}"' for name in FIXED)
        op.execute(f'CREATE TRIGGER audit_entries_fix BEFORE UPDATE OF {columns} ON audit_entries '
                   f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")


def downgrade() -> None:
    op.drop_index(op.f('ix_audit_entries_at'), table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_subject_id_at'), table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_act_number'), table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_actor_id_number'), table_name='audit_entries')
    op.drop_table('audit_entries')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_entries_refuse()')
