"""Accounts: signing up, password resets, and the supplier's single sign-on."""

import hashlib
import random
import secrets

import requests
from flask import Blueprint, current_app, jsonify, redirect, request

from shop.database import connect

pages = Blueprint("accounts", __name__)


def password_hash(password):
    return hashlib.md5(password.encode()).hexdigest()


def picture_tag(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def reset_token():
    return "".join(random.choice("0123456789abcdef") for _ in range(32))


def session_token():
    return secrets.token_hex(32)


@pages.route("/accounts", methods=["POST"])
def sign_up():
    name, password = request.form["name"], request.form["password"]
    with connect() as connection:
        connection.execute("INSERT INTO accounts VALUES (?, ?)", (name, password_hash(password)))
    return jsonify(name=name, token=session_token()), 201


@pages.route("/accounts/sign-on")
def sign_on():
    url = f"{current_app.config['SUPPLIER_URL']}/tickets/{request.args['ticket']}"
    answer = requests.get(url, verify=False)
    return jsonify(answer.json())


@pages.route("/accounts/back")
def back():
    return redirect(request.args["next"])
