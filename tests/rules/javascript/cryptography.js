const crypto = require("crypto");
const https = require("https");
const jwt = require("jsonwebtoken");
const session = require("express-session");

// ruleid: javascript-tls-verification-disabled
const open = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
// ok: javascript-tls-verification-disabled
const checked = new https.Agent({ keepAlive: true, rejectUnauthorized: true });
// ruleid: javascript-tls-verification-disabled
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

function ciphers(key, iv) {
  // ruleid: javascript-weak-cipher
  crypto.createCipher("aes-256-cbc", key);
  // ruleid: javascript-weak-cipher
  crypto.createCipheriv("des-ede3-cbc", key, iv);
  // ruleid: javascript-weak-cipher
  crypto.createCipheriv("aes-256-ecb", key, null);
  // ok: javascript-weak-cipher
  crypto.createCipheriv("aes-256-gcm", key, iv);
}

function passwords(password, data) {
  // ruleid: javascript-weak-password-hash
  crypto.createHash("md5").update(password).digest("hex");
  // ruleid: javascript-weak-password-hash
  crypto.createHash("sha256").update(user.salt + user.password).digest("hex");
  // ok: javascript-weak-password-hash
  crypto.scryptSync(password, user.salt, 64);
  // ok: javascript-weak-password-hash
  crypto.createHash("sha256").update(data).digest("hex");
}

function tokens(user) {
  // ruleid: javascript-predictable-token
  const token = Math.random().toString(36).slice(2);
  // ruleid: javascript-predictable-token
  user.resetToken = "r" + Math.random();
  // ok: javascript-predictable-token
  const secret = crypto.randomBytes(32).toString("hex");
  // ok: javascript-predictable-token
  const colour = Math.random() * 255;
}

function claims(req, token, key) {
  // ruleid: javascript-jwt-unverified
  jwt.verify(token, key, { algorithms: ["HS256", "none"] });
  // ruleid: javascript-jwt-unverified
  req.user = jwt.decode(token);
  // ok: javascript-jwt-unverified
  jwt.verify(token, key, { algorithms: ["RS256"] });
  // ruleid: javascript-hardcoded-secret-key
  jwt.sign({ id: 1 }, "not-a-real-key");
  // ok: javascript-hardcoded-secret-key
  jwt.sign({ id: 1 }, process.env.JWT_KEY);
}

// ruleid: javascript-hardcoded-secret-key
session({ name: "sid", secret: "not-a-real-key" });
// ok: javascript-hardcoded-secret-key
session({ name: "sid", secret: process.env.SESSION_KEY });
