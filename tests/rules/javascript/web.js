const cors = require("cors");
const libxml = require("libxmljs");
const serialize = require("node-serialize");
const session = require("express-session");
const yaml = require("js-yaml");

function cookies(res, id) {
  // ruleid: javascript-insecure-cookie
  res.cookie("session", id, { maxAge: 1000, secure: false });
  // ruleid: javascript-insecure-cookie
  session({ name: "sid", cookie: { httpOnly: false } });
  // ok: javascript-insecure-cookie
  res.cookie("session", id, { secure: true, httpOnly: true });
}

// ruleid: javascript-cors-any-origin-with-credentials
app.use(cors({ origin: true, credentials: true }));
// ok: javascript-cors-any-origin-with-credentials
app.use(cors({ origin: "https://a.example", credentials: true }));
// ok: javascript-cors-any-origin-with-credentials
app.use(cors());

function read(data) {
  // ruleid: javascript-unsafe-deserialization
  serialize.unserialize(data);
  // ruleid: javascript-unsafe-deserialization
  yaml.load(data, { schema: yaml.DEFAULT_FULL_SCHEMA });
  // ok: javascript-unsafe-deserialization
  yaml.load(data);
  // ok: javascript-unsafe-deserialization
  JSON.parse(data);
  // ruleid: javascript-xml-external-entities
  libxml.parseXml(data, { noent: true });
  // ok: javascript-xml-external-entities
  libxml.parseXml(data, { noblanks: true });
}
