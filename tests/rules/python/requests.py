import os

import requests
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from flask import Flask, redirect, request, send_file, send_from_directory, url_for
from werkzeug.utils import secure_filename

app = Flask(__name__)


@app.route("/files/<path:name>")
def download(name):
    # ruleid: python-path-traversal
    send_file("/srv/files/" + name)
    # ruleid: python-path-traversal
    with open(os.path.join("/srv/files", request.args["file"])) as handle:
        handle.read()
    # ok: python-path-traversal
    open("/srv/files/" + secure_filename(name))
    # ok: python-path-traversal
    open("/srv/files/readme.txt")
    # ok: python-path-traversal
    return send_from_directory("/srv/files", name)


@app.post("/preview")
def preview():
    url = request.form["url"]
    # ruleid: python-server-side-request-forgery
    requests.get(url, timeout=5)
    # ruleid: python-server-side-request-forgery
    requests.get(f"https://{request.args['host']}/status", timeout=5)
    # ruleid: python-server-side-request-forgery
    requests.request("GET", request.args["url"], timeout=5)
    # ok: python-server-side-request-forgery
    requests.get(f"https://api.example.com/items/{request.args['item']}", timeout=5)
    # ok: python-server-side-request-forgery
    requests.get("https://api.example.com/items/" + request.args["item"], timeout=5)
    # ok: python-server-side-request-forgery
    return requests.post("https://api.example.com/", json={"url": url}, timeout=5).text


@app.route("/login")
def login():
    # ruleid: python-open-redirect
    return redirect(request.args["next"])


@app.route("/logout")
def logout():
    # ok: python-open-redirect
    return redirect(url_for("login", next=request.args["next"]))


@app.route("/user")
def user():
    # ok: python-open-redirect
    return redirect("/users/" + request.args["name"])


def django_login(request):
    target = request.GET.get("next", "/")
    if url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        # ok: python-open-redirect
        return HttpResponseRedirect(target)
    # ruleid: python-open-redirect
    return HttpResponseRedirect(request.POST["next"])
