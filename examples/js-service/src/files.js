"use strict";

const express = require("express");
const fs = require("fs");
const path = require("path");

const files = express.Router();
const FOLDER = path.resolve(__dirname, "../uploads");

files.get("/raw", (request, response) => {
  response.send(fs.readFileSync(path.join(FOLDER, request.query.name)));
});

files.get("/listed", (request, response) => {
  const known = fs.readdirSync(FOLDER);
  const position = known.indexOf(String(request.query.name));
  if (position < 0) {
    response.sendStatus(404);
    return;
  }
  response.sendFile(known[position], { root: FOLDER });
});

module.exports = { files };
