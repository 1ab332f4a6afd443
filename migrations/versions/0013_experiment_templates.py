"""Experiment templates with their versions, whom they are shared with, and who used what

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('experiment_templates',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('library_key', sa.String(length=60), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('category', sa.String(length=60), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('visibility', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('needs', sa.JSON(), nullable=False),
    sa.Column('sketch', sa.JSON(), nullable=False),
    sa.Column('usage_count', sa.Integer(), nullable=False),
    sa.Column('last_used_at', sa.DateTime(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('archived_at', sa.DateTime(), nullable=True),
    sa.Column('featured_at', sa.DateTime(), nullable=True),
    sa.Column('curated_at', sa.DateTime(), nullable=True),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.Column('successor_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_experiment_templates_owner_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_experiment_templates')),
    sa.UniqueConstraint('library_key', name=op.f('uq_experiment_templates_library_key'))
    )
    op.create_index(op.f('ix_experiment_templates_owner_id_visibility'), 'experiment_templates', ['owner_id', 'visibility'], unique=False)
    op.create_index(op.f('ix_experiment_templates_visibility_usage_count'), 'experiment_templates', ['visibility', 'usage_count'], unique=False)
    op.create_table('template_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('template_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('user_name', sa.String(length=254), nullable=False),
    sa.Column('act', sa.String(length=20), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('undone_at', sa.DateTime(), nullable=True),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['experiment_templates.id'], name=op.f('fk_template_events_template_id_experiment_templates'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_events'))
    )
    op.create_index(op.f('ix_template_events_template_id_at'), 'template_events', ['template_id', 'at'], unique=False)
    op.create_table('template_people',
    sa.Column('template_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['experiment_templates.id'], name=op.f('fk_template_people_template_id_experiment_templates'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_template_people_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('template_id', 'user_id', name=op.f('pk_template_people'))
    )
    op.create_index(op.f('ix_template_people_user_id'), 'template_people', ['user_id'], unique=False)
    op.create_table('template_uses',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('template_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('dataset_id', sa.Uuid(), nullable=True),
    sa.Column('draft_id', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['experiment_templates.id'], name=op.f('fk_template_uses_template_id_experiment_templates'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_uses'))
    )
    op.create_index(op.f('ix_template_uses_template_id_at'), 'template_uses', ['template_id', 'at'], unique=False)
    op.create_table('template_versions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('template_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('category', sa.String(length=60), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('visibility', sa.String(length=20), nullable=False),
    sa.Column('config', sa.JSON(), nullable=False),
    sa.Column('requirements', sa.JSON(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=True),
    sa.Column('author_name', sa.String(length=254), nullable=False),
    sa.Column('comment', sa.String(length=500), nullable=False),
    sa.Column('restores', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['experiment_templates.id'], name=op.f('fk_template_versions_template_id_experiment_templates'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_versions')),
    sa.UniqueConstraint('template_id', 'version', name=op.f('uq_template_versions_template_id_version'))
    )
    op.add_column('drafts', sa.Column('template_draft_version', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('drafts', 'template_draft_version')
    op.drop_table('template_versions')
    op.drop_index(op.f('ix_template_uses_template_id_at'), table_name='template_uses')
    op.drop_table('template_uses')
    op.drop_index(op.f('ix_template_people_user_id'), table_name='template_people')
    op.drop_table('template_people')
    op.drop_index(op.f('ix_template_events_template_id_at'), table_name='template_events')
    op.drop_table('template_events')
    op.drop_index(op.f('ix_experiment_templates_visibility_usage_count'), table_name='experiment_templates')
    op.drop_index(op.f('ix_experiment_templates_owner_id_visibility'), table_name='experiment_templates')
    op.drop_table('experiment_templates')
