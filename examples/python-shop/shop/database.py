"""Connections to the shop's database."""

import sqlite3

from flask import current_app


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(current_app.config["DATABASE"])
    connection.row_factory = sqlite3.Row
    return connection
