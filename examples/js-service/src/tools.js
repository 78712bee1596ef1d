"use strict";

const { exec, execFile } = require("child_process");
const express = require("express");
const https = require("https");

const tools = express.Router();

tools.get("/lookup", (request, response) => {
  exec("nslookup " + request.query.host, (error, output) => response.send(String(error || output)));
});

tools.get("/date", (request, response) => {
  execFile("/bin/date", ["--iso-8601"], (error, output) => response.send(String(error || output)));
});

tools.get("/sum", (request, response) => {
  response.json({ sum: eval(request.query.formula) });
});

tools.get("/match", (request, response) => {
  const pattern = new RegExp(request.query.pattern); // nosemgrep: javascript-regex-injection
  response.json({ matches: pattern.test(request.query.text) });
});

tools.get("/supplier", (request, response) => {
  const agent = new https.Agent({ rejectUnauthorized: false });
  https.get("https://supplier.example/status", { agent }, (answer) => answer.pipe(response));
});

module.exports = { tools };
