import html
import os
import shlex
import subprocess

import jinja2
from django.http import HttpResponse
from django.utils.safestring import mark_safe
from flask import Flask, make_response, render_template, render_template_string, request
from markupsafe import escape
from sqlalchemy import text

app = Flask(__name__)


@app.route("/users/<name>")
def user(name, cursor):
    # ruleid: python-sql-injection
    cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")
    # ruleid: python-sql-injection
    cursor.execute("SELECT * FROM users WHERE name = '%s'" % request.args["name"])
    query = "SELECT * FROM users ORDER BY " + request.args.get("order", "name")
    # ruleid: python-sql-injection
    cursor.execute(query)
    # ok: python-sql-injection
    cursor.execute("SELECT * FROM users WHERE name = %s", (name,))
    # ok: python-sql-injection
    cursor.execute(f"SELECT * FROM users LIMIT {int(request.args['limit'])}")
    # ruleid: python-sql-injection
    session.execute(text("SELECT 1 FROM t WHERE a = " + request.json["a"]))
    # ok: python-sql-injection
    session.execute(text("SELECT 1 FROM t WHERE a = :a"), {"a": request.json["a"]})


class Orders:
    def get(self, request):
        # ruleid: python-sql-injection
        return Order.objects.raw("SELECT * FROM orders WHERE id = " + request.GET["id"])

    def latest(self):
        # ruleid: python-sql-injection
        return Order.objects.raw("SELECT * FROM orders WHERE id = %s" % self.request.GET["id"])


def report(cursor, table, day):
    # ruleid: python-sql-string-format
    cursor.execute(f"DELETE FROM {table} WHERE day = '{day}'")
    # ruleid: python-sql-string-format
    cursor.execute("SELECT * FROM visits WHERE day = '%s'" % day)
    # ruleid: python-sql-string-format
    cursor.execute("select * from visits where day = '{}'".format(day))
    statement = "SELECT * FROM " + table
    # ruleid: python-sql-string-format
    cursor.executemany(statement, [])
    # ok: python-sql-string-format
    cursor.execute("SELECT * FROM visits WHERE day = %s", (day,))
    # ok: python-sql-string-format
    cursor.execute("SELECT * FROM visits " + "WHERE day = %s", (day,))
    # ok: python-sql-string-format
    job.execute(f"report for {day}")


@app.get("/ping")
def ping(host: str):
    # ruleid: python-command-injection
    os.system("ping -c 1 " + host)
    # ruleid: python-command-injection
    subprocess.run(f"ping {request.args['host']}", shell=True, check=True)
    # ok: python-command-injection
    subprocess.run(["ping", "-c", "1", host], check=True)
    # ok: python-command-injection
    os.system("ping -c 1 " + shlex.quote(host))
    # ok: python-command-injection
    os.system("ping -c 1 localhost")


def pack(folder):
    # ruleid: python-shell-string-format
    subprocess.check_call(f"tar czf out.tgz {folder}", shell=True)
    # ruleid: python-shell-string-format
    os.system("rm -r %s" % folder)
    command = "du -s " + folder
    # ruleid: python-shell-string-format
    subprocess.run(command, shell=True)
    # ok: python-shell-string-format
    subprocess.run(["tar", "czf", "out.tgz", folder])
    # ok: python-shell-string-format
    subprocess.run("tar czf out.tgz *.txt", shell=True)
    # ok: python-shell-string-format
    subprocess.run(f"tar czf out.tgz {shlex.quote(folder)}", shell=True)


@app.route("/calc", methods=["POST"])
def calc():
    # ruleid: python-code-injection
    eval(request.form["expression"])
    body = request.get_json()
    # ruleid: python-code-injection
    exec(body["code"])
    # ok: python-code-injection
    eval("1 + 1")
    # ok: python-code-injection
    return str(ast.literal_eval(request.form["expression"]))


@app.route("/hello/<name>")
def hello(name):
    # ruleid: python-template-injection
    render_template_string("<p>Hello " + name)
    # ruleid: python-template-injection
    jinja2.Template(request.args["template"]).render()
    # ok: python-template-injection
    render_template_string("<p>Hello {{ name }}", name=name)
    # ok: python-template-injection
    return render_template("hello.html", name=name)


@app.route("/greet")
def greet():
    # ruleid: python-reflected-xss
    return make_response("<h1>" + request.args["name"] + "</h1>")


@app.route("/greet2")
def greet_again():
    name = request.args.get("name")
    # ruleid: python-reflected-xss
    return f"<h1>Hello {name}</h1>"


@app.route("/greet3")
def greet_safely():
    name = request.args.get("name")
    # ok: python-reflected-xss
    return f"<h1>Hello {escape(name)}</h1>"


@app.route("/add")
def add():
    # ok: python-reflected-xss
    return jsonify(f"{request.args['name']}")


def page(request):
    # ruleid: python-reflected-xss
    first = HttpResponse("<p>" + request.GET["q"])
    # ok: python-reflected-xss
    second = HttpResponse("<p>" + html.escape(request.GET["q"]))
    # ok: python-reflected-xss
    third = HttpResponse(request.GET["q"], content_type="text/plain")
    # ruleid: python-reflected-xss
    return first, second, third, mark_safe("<b>%s</b>" % request.GET["q"])
