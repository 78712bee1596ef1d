import os

import jinja2
import jwt
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from fastapi.middleware.cors import CORSMiddleware
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)

# ruleid: python-hardcoded-secret-key
app.secret_key = "not-a-real-key"
# ruleid: python-hardcoded-secret-key
app.config["SECRET_KEY"] = "not-a-real-key"
# ok: python-hardcoded-secret-key
app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
# ok: python-hardcoded-secret-key
SECRET_KEY = ""


def token(claims, key):
    # ruleid: python-hardcoded-secret-key
    jwt.encode(claims, "not-a-real-key", algorithm="HS256")
    # ok: python-hardcoded-secret-key
    jwt.encode(claims, key, algorithm="HS256")


# ruleid: python-django-csrf-exempt
@csrf_exempt
def transfer(request):
    pass


# ok: python-django-csrf-exempt
@csrf_protect
def transfer_safely(request):
    pass


# ruleid: python-template-autoescape-disabled
jinja2.Environment(loader=None)
# ruleid: python-template-autoescape-disabled
jinja2.Environment(autoescape=False)
# ok: python-template-autoescape-disabled
jinja2.Environment(loader=None, autoescape=jinja2.select_autoescape())


def badge(user):
    # ruleid: python-unescaped-markup
    mark_safe(f"<b>{user.name}</b>")
    # ruleid: python-unescaped-markup
    mark_safe("<b>%s</b>" % user.name)
    # ok: python-unescaped-markup
    mark_safe("<b>new</b>")
    # ok: python-unescaped-markup
    return format_html("<b>{}</b>", user.name)


def cookies(response, session):
    # ruleid: python-insecure-cookie
    response.set_cookie("session", session, secure=False)
    # ruleid: python-insecure-cookie
    app.config["SESSION_COOKIE_HTTPONLY"] = False
    # ok: python-insecure-cookie
    response.set_cookie("session", session, secure=True, httponly=True)


# ruleid: python-cors-any-origin-with-credentials
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
# ok: python-cors-any-origin-with-credentials
app.add_middleware(CORSMiddleware, allow_origins=["*"])
# ok: python-cors-any-origin-with-credentials
app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_credentials=True)
# ruleid: python-cors-any-origin-with-credentials
CORS(app, supports_credentials=True)
# ok: python-cors-any-origin-with-credentials
CORS(app, origins=["https://a.example"], supports_credentials=True)

if __name__ == "__main__":
    # ruleid: python-flask-debug
    app.run(host="127.0.0.1", debug=True)
    # ok: python-flask-debug
    app.run()
