import hashlib
import random
import secrets
import ssl

import jwt
import paramiko
import requests
from Crypto.Cipher import AES, DES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def passwords(password, user, data):
    # ruleid: python-weak-password-hash
    hashlib.md5(password.encode()).hexdigest()
    # ruleid: python-weak-password-hash
    hashlib.sha256((user.salt + user.password).encode())
    # ok: python-weak-password-hash
    hashlib.scrypt(password.encode(), salt=user.salt, n=2**14, r=8, p=1)
    # ok: python-weak-password-hash
    hashlib.sha256(data)


def ciphers(key, nonce):
    # ruleid: python-weak-cipher
    DES.new(key, DES.MODE_CBC)
    # ruleid: python-weak-cipher
    AES.new(key, AES.MODE_ECB)
    # ruleid: python-weak-cipher
    Cipher(algorithms.AES(key), modes.ECB())
    # ruleid: python-weak-cipher
    Cipher(algorithms.TripleDES(key), modes.CBC(nonce))
    # ok: python-weak-cipher
    AES.new(key, AES.MODE_GCM)
    # ok: python-weak-cipher
    Cipher(algorithms.AES(key), modes.GCM(nonce))


def tls(session, url):
    # ruleid: python-tls-verification-disabled
    requests.get(url, verify=False, timeout=5)
    # ruleid: python-tls-verification-disabled
    session.post(url, verify=False)
    # ruleid: python-tls-verification-disabled
    ssl._create_default_https_context = ssl._create_unverified_context
    context = ssl.create_default_context()
    # ruleid: python-tls-verification-disabled
    context.check_hostname = False
    # ruleid: python-tls-verification-disabled
    context.verify_mode = ssl.CERT_NONE
    # ok: python-tls-verification-disabled
    requests.get(url, verify="ca.pem", timeout=5)
    # ok: python-tls-verification-disabled
    context.verify_mode = ssl.CERT_REQUIRED
    # ok: python-tls-verification-disabled
    form.validate(verify=False)


def tokens(user, items):
    # ruleid: python-predictable-token
    token = "".join(random.choice("abcdef") for _ in range(20))
    # ruleid: python-predictable-token
    user.reset_token = random.randint(100000, 999999)
    # ok: python-predictable-token
    token = secrets.token_urlsafe()
    # ok: python-predictable-token
    sample = random.choice(items)
    # ok: python-predictable-token
    token_count = random.randint(1, 5)


def claims(token, key):
    # ruleid: python-jwt-unverified
    jwt.decode(token, options={"verify_signature": False})
    # ruleid: python-jwt-unverified
    jwt.decode(token, key, algorithms=["HS256", "none"])
    # ok: python-jwt-unverified
    jwt.decode(token, key, algorithms=["RS256"])
    # ok: python-jwt-unverified
    jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})


def connect():
    client = paramiko.SSHClient()
    # ruleid: python-ssh-unknown-host-accepted
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    # ok: python-ssh-unknown-host-accepted
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
