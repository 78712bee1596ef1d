import axios from "axios";
import express, { Request, Response } from "express";
import fs from "fs";
import path from "path";

const app = express();

app.get("/files/:name", (req: Request, res: Response) => {
  // ruleid: javascript-path-traversal
  fs.readFileSync("/srv/files/" + req.params.name);
  const file: string = path.join("/srv/files", req.query.file as string);
  // ruleid: javascript-path-traversal
  res.sendFile(file);
  // ok: javascript-path-traversal
  fs.readFileSync(path.join("/srv/files", path.basename(req.params.name)));
  // ok: javascript-path-traversal
  res.sendFile(req.params.name, { root: "/srv/files" });
  // ok: javascript-path-traversal
  fs.readFileSync("/srv/files/readme.txt");
});

app.post("/preview", async (req: Request, res: Response) => {
  // ruleid: javascript-server-side-request-forgery
  await axios.get(req.body.url);
  // ruleid: javascript-server-side-request-forgery
  await fetch(`https://${req.query.host}/status`);
  // ok: javascript-server-side-request-forgery
  await fetch(`https://api.example.com/items/${req.query.item}`);
  // ok: javascript-server-side-request-forgery
  await axios.post("https://api.example.com/items", { url: req.body.url });
});

app.get("/login", (req: Request, res: Response) => {
  // ruleid: javascript-open-redirect
  res.redirect(req.query.next as string);
  // ruleid: javascript-open-redirect
  res.redirect(302, req.query.next as string);
  // ok: javascript-open-redirect
  res.redirect("/home");
  // ok: javascript-open-redirect
  res.redirect(`/users/${req.params.name}`);
});
