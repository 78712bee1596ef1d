"""Reports for the shop's owner, made with the programs of the machine."""

import os
import subprocess

from flask import Blueprint, current_app, jsonify, request, send_file

pages = Blueprint("reports", __name__)


@pages.route("/reports/ping")
def ping():
    host = request.args["host"]
    return subprocess.check_output("ping -c 1 " + host, shell=True)


@pages.route("/reports/uptime")
def uptime():
    return subprocess.check_output("uptime", shell=True)  # nosec B602 B607: a constant, nothing of the request


@pages.route("/reports/disk")
def disk():
    return subprocess.check_output(["/bin/df", "-h", "/"])


@pages.route("/reports/total")
def total():
    return jsonify(total=eval(request.args["formula"]))


@pages.route("/reports/file")
def report_file():
    return send_file(os.path.join(current_app.config["UPLOADS"], request.args["name"]))


def authorised(user):
    assert user is not None, "sign in first"
    return user.get("role") == "owner"
