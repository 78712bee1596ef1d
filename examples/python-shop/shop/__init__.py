"""A small web shop: a catalogue, orders, accounts and reports."""

from flask import Flask

from shop import accounts, catalogue, orders, reports


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.from_object("shop.config")
    for part in (accounts, catalogue, orders, reports):
        app.register_blueprint(part.pages)
    return app
