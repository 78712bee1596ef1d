"use strict";

const crypto = require("crypto");
const express = require("express");
const merge = require("lodash/merge");

const database = require("./database");

const accounts = express.Router();
const SIGNING_KEY = "example-signing-key-in-the-code";

function passwordHash(password) {
  return crypto.createHash("md5").update(password).digest("hex");
}

function resetToken() {
  return Math.random().toString(36).slice(2);
}

function sessionToken() {
  return crypto.randomBytes(32).toString("hex");
}

accounts.get("/leave", (request, response) => {
  response.redirect(request.query.next);
});

accounts.get("/:name", async (request, response) => {
  const rows = await database.query("SELECT name, mail FROM accounts WHERE name = '" + request.params.name + "'");
  response.json(rows);
});

accounts.get("/number/:id", async (request, response) => {
  const rows = await database.query("SELECT name, mail FROM accounts WHERE id = $1", [request.params.id]);
  response.json(rows);
});

accounts.patch("/:name", async (request, response) => {
  const settings = merge({}, request.body);
  const signature = crypto.createHmac("sha256", SIGNING_KEY).update(JSON.stringify(settings)).digest("hex");
  response.json({ settings, signature });
});

accounts.post("/", async (request, response) => {
  const { name, password } = request.body;
  await database.query("INSERT INTO accounts (name, password) VALUES ($1, $2)", [name, passwordHash(password)]);
  response.cookie("session", sessionToken(), { httpOnly: false, secure: false });
  response.status(201).json({ name, reset: resetToken() });
});

module.exports = { accounts };
