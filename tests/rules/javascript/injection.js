const { exec, execFile, spawn } = require("child_process");
const express = require("express");
const ejs = require("ejs");
const _ = require("lodash");

const app = express();

app.get("/users/:id", async (req, res) => {
  // ruleid: javascript-sql-injection
  await pool.query("SELECT * FROM users WHERE id = " + req.params.id);
  const order = req.query.order;
  // ruleid: javascript-sql-injection
  await pool.query(`SELECT * FROM users ORDER BY ${order}`);
  // ruleid: javascript-sql-injection
  db.all(`SELECT * FROM users WHERE name = '${req.body.name}'`);
  // ok: javascript-sql-injection
  await pool.query("SELECT * FROM users WHERE id = $1", [req.params.id]);
  // ok: javascript-sql-injection
  await pool.query(`SELECT * FROM users LIMIT ${Number(req.query.limit)}`);
});

async function report(pool, table, day) {
  // ruleid: javascript-sql-string-format
  await pool.query(`DELETE FROM ${table}`);
  const statement = "SELECT * FROM visits WHERE day = '" + day + "'";
  // ruleid: javascript-sql-string-format
  await pool.execute(statement);
  // ok: javascript-sql-string-format
  await pool.query("SELECT * FROM visits WHERE day = $1", [day]);
  // ok: javascript-sql-string-format
  await pool.query("SELECT * FROM visits " + "WHERE day = $1", [day]);
  // ok: javascript-sql-string-format
  await $.query(`${table} > li`);
}

app.post("/login", async (req, res) => {
  // ruleid: javascript-nosql-injection
  await User.findOne({ name: req.body.name, password: req.body.password });
  // ruleid: javascript-nosql-injection
  await User.find({ name: req.query.name });
  // ok: javascript-nosql-injection
  await User.findOne({ name: String(req.body.name) });
  // ok: javascript-nosql-injection
  items.find((item) => item.id === req.body.id);
});

app.get("/ping", (req, res) => {
  // ruleid: javascript-command-injection
  exec("ping -c 1 " + req.query.host);
  // ruleid: javascript-command-injection
  spawn(`ping ${req.query.host}`, { shell: true });
  // ok: javascript-command-injection
  execFile("ping", ["-c", "1", req.query.host]);
  // ok: javascript-command-injection
  exec("ping -c 1 localhost");
  // ok: javascript-command-injection
  exec(`head -n ${parseInt(req.query.lines, 10)} log.txt`);
});

app.post("/calc", (req, res) => {
  // ruleid: javascript-code-injection
  eval(req.body.expression);
  // ruleid: javascript-code-injection
  const f = new Function("x", req.body.code);
  // ok: javascript-code-injection
  eval("1 + 1");
  // ok: javascript-code-injection
  JSON.parse(req.body.data);
});

app.get("/hello", (req, res) => {
  // ruleid: javascript-template-injection
  ejs.render("<p>Hello " + req.query.name);
  // ok: javascript-template-injection
  ejs.render("<p>Hello <%= name %>", { name: req.query.name });
  // ruleid: javascript-reflected-xss
  res.send(`<h1>${req.query.name}</h1>`);
  // ruleid: javascript-reflected-xss
  res.status(404).send("No such page: " + req.query.page);
  // ok: javascript-reflected-xss
  res.send(`<h1>${escapeHtml(req.query.name)}</h1>`);
  // ok: javascript-reflected-xss
  res.json({ name: req.query.name });
  // ok: javascript-reflected-xss
  res.send("<h1>Hello</h1>");
});

app.get("/search", (req, res) => {
  // ruleid: javascript-regex-injection
  const first = new RegExp(req.query.q, "i");
  // ok: javascript-regex-injection
  const second = new RegExp(escapeStringRegexp(req.query.q), "i");
  // ok: javascript-regex-injection
  const third = new RegExp("^[a-z]+$");
});

app.put("/settings", (req, res) => {
  // ruleid: javascript-prototype-pollution
  settings[req.body.group][req.body.name] = req.body.value;
  // ruleid: javascript-prototype-pollution
  _.merge(settings, req.body);
  // ok: javascript-prototype-pollution
  settings.colours[req.body.name] = "red";
  // ok: javascript-prototype-pollution
  _.merge(settings, defaults);
});
