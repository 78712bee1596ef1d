"""Looking for products and showing them."""

from flask import Blueprint, abort, jsonify, render_template_string, request

from shop.database import connect

pages = Blueprint("catalogue", __name__)


@pages.route("/products")
def search():
    words = request.args.get("q", "")
    query = "SELECT id, name, price FROM products WHERE name LIKE '%" + words + "%'"
    rows = connect().execute(query).fetchall()
    return jsonify([dict(row) for row in rows])


@pages.route("/products/<int:number>")
def show(number):
    row = connect().execute("SELECT id, name, price FROM products WHERE id = ?", (number,)).fetchone()
    return jsonify(dict(row)) if row else abort(404)


@pages.route("/greeting")
def greeting():
    name = request.args.get("name", "stranger")
    return render_template_string("<p>Welcome to the shop, " + name + "!</p>")


@pages.route("/sorted")
def ordered():
    column = "price" if request.args.get("by") == "price" else "name"
    rows = connect().execute(f"SELECT * FROM products ORDER BY {column}")  # nosec B608 # nosemgrep: python-sql-string-format
    return jsonify([dict(row) for row in rows])
