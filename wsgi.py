"""The WSGI entry point: `gunicorn wsgi:app`."""

from app.factory import create_app
from app.storage.fault_reports import start_reports
from app.storage.log_lines import start_logging
from app.storage.privacy import make_private

make_private()
start_logging()
app = create_app()
start_reports(app.extensions["hydroml_settings"].sentry_dsn, "web")
