"""Orders: taking them in, keeping baskets, importing them from suppliers."""

import base64
import pickle
import tempfile

import yaml
from flask import Blueprint, current_app, jsonify, request

from shop.database import connect

pages = Blueprint("orders", __name__)


@pages.route("/basket")
def basket():
    raw = base64.b64decode(request.cookies.get("basket", ""))
    return jsonify(pickle.loads(raw)) if raw else jsonify([])


@pages.route("/orders/import", methods=["POST"])
def import_orders():
    orders = yaml.load(request.data, Loader=yaml.Loader)
    return jsonify(imported=len(orders))


@pages.route("/orders/settings", methods=["POST"])
def import_settings():
    settings = yaml.safe_load(request.data)
    return jsonify(read=len(settings or {}))


@pages.route("/orders/export")
def export():
    name = tempfile.mktemp(suffix=".csv", dir=current_app.config["UPLOADS"])
    with open(name, "w") as handle:
        for row in connect().execute("SELECT id, total FROM orders"):
            handle.write(f"{row['id']},{row['total']}\n")
    return jsonify(file=name)
