"""The home address, which redirects to the list of experiments."""

from __future__ import annotations

from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from app.web.hypermedia import see_other

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> Response:
    """Lead to the experiments."""
    return see_other(url_for("experiments_list.show"))
