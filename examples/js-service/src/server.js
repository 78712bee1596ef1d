"use strict";

const express = require("express");
const parseArguments = require("minimist");

const { accounts } = require("./accounts");
const { files } = require("./files");
const { tools } = require("./tools");

const options = parseArguments(process.argv.slice(2), { default: { port: 3000 } });
const app = express();

app.use(express.json());

app.use((request, response, next) => {
  response.setHeader("Access-Control-Allow-Origin", "*");
  next();
});

app.use("/accounts", accounts);
app.use("/files", files);
app.use("/tools", tools);

app.get("/hello", (request, response) => {
  response.send("<h1>Hello, " + request.query.name + "</h1>");
});

app.listen(options.port, () => console.log(`listening on port ${options.port}`));
