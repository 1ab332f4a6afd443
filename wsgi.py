"""The web process: `gunicorn wsgi:app`."""

from app.factory import create_app
from app.storage.privacy import make_private

make_private()
app = create_app()
