"""What short fits said about the estimators

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('model_evidence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sa.Uuid(), nullable=False),
    sa.Column('evidence_key', sa.String(length=20), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_model_evidence_dataset_id_datasets'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_evidence')),
    sa.UniqueConstraint('dataset_id', 'evidence_key', name=op.f('uq_model_evidence_dataset_id_evidence_key'))
    )


def downgrade() -> None:
    op.drop_table('model_evidence')
