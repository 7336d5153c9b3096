// What Lighthouse says of four pages, and how much a browser downloads for them.

import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { FLAGS, launchBrowser } from "../support/browser.mjs";
import { startTrilock, temporaryFolder } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

const WANTED = { performance: 95, accessibility: 100, "best-practices": 100 };
const DOWNLOAD = 150 * 1024;

const PAGES = [
  { name: "the first page", path: () => "/" },
  { name: "a step", path: () => "/steps/test-1" },
  { name: "the activity", path: () => "/activity" },
  { name: "a call", path: (call) => `/activity/${call}` },
];

let server, chrome, browser, call;
before(async () => {
  [chrome, server] = await Promise.all([chromiumWithPort(), startTrilock()]);
  // In the browser's own context, whose cookies Lighthouse's page has too.
  browser = await chromium.connectOverCDP(`http://127.0.0.1:${chrome.port}`);
  const page = await browser.contexts()[0].newPage();
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  await visitor.setUp();
  await visitor.step("test-1");
  for (const line of await visitor.offered()) await visitor.type(line);
  const permalink = page.getByRole("link", { name: /^Call \d+ on a page of its own/ }).first();
  call = (await permalink.getAttribute("href")).split("/").at(-1);
  await page.close();
});
after(async () => {
  await browser?.close();
  await chrome?.end();
  await server?.stop();
});

for (const { name, path } of PAGES) {
  test(`Lighthouse finds ${name} quick, accessible and well made`, async (t) => {
    const { lhr } = await lighthouse(
      `${server.url}${path(call)}`,
      { port: chrome.port, logLevel: "error", output: "json", disableStorageReset: true, onlyCategories: Object.keys(WANTED) },
    );
    assert.equal(lhr.runtimeError, undefined);
    assert.equal(new URL(lhr.finalDisplayedUrl).pathname, path(call), "it was this page that was measured");
    const scores = Object.entries(lhr.categories).map(([category, { score }]) => `${category} ${Math.round(score * 100)}`);
    t.diagnostic(scores.join(", "));
    const failed = Object.values(lhr.audits)
      .filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode !== "informative")
      .map(({ id, title, displayValue }) => `${id}: ${title} ${displayValue ?? ""}`);
    for (const [category, least] of Object.entries(WANTED)) {
      const score = Math.round(lhr.categories[category].score * 100);
      assert.ok(score >= least, `${category} is ${score}, below ${least}:\n${failed.join("\n")}`);
    }
  });
}

test("a first visit downloads at most 150 KiB in all, compressed", async (t) => {
  const fresh = await launchBrowser();
  try {
    const page = await fresh.newPage();
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    const bytes = new Map();
    network.on("Network.responseReceived", ({ requestId, response }) => bytes.set(requestId, { url: response.url, size: 0, encoding: response.headers["content-encoding"] }));
    network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => bytes.has(requestId) && (bytes.get(requestId).size = encodedDataLength));
    await page.goto(server.url, { waitUntil: "networkidle" });
    const all = [...bytes.values()];
    const total = all.reduce((sum, { size }) => sum + size, 0);
    t.diagnostic(`${total} bytes`);
    assert.ok(all.some(({ url }) => url.endsWith(".wasm")), "the islands were loaded");
    assert.ok(total > 0 && total <= DOWNLOAD, `${total} bytes: ${JSON.stringify(all, null, 1)}`);
    for (const { url, encoding } of all.filter(({ url }) => /\.(wasm|js|css)$/.test(url))) assert.equal(encoding, "br", url);
  } finally {
    await fresh.close();
  }
});

/** Chromium with a port for debugging, which Lighthouse needs. Gives the port and what ends it. */
async function chromiumWithPort() {
  const folder = temporaryFolder();
  const program = process.env.CHROMIUM || "/usr/bin/chromium";
  const child = spawn(program, ["--headless=new", ...FLAGS, "--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"], {
    stdio: "ignore",
  });
  const closed = once(child, "close");
  process.once("exit", () => child.kill("SIGKILL"));
  const noted = join(folder, "DevToolsActivePort");
  for (let tries = 0; tries < 200 && !(existsSync(noted) && readFileSync(noted, "utf8").includes("\n")); tries++) await sleep(100);
  const port = Number(readFileSync(noted, "utf8").split("\n")[0]);
  const end = () => {
    child.kill("SIGTERM");
    return closed;
  };
  return { port, end };
}
