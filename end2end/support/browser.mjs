// Chromium for the specs: one browser a spec file, one page (with cookies of its own) a person.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const SCREENSHOTS = join(import.meta.dirname, "..", "screenshots");

/** Every walk is done twice: as most people do it, and through plain forms. */
export const projects = [
  { name: "JavaScript on", javaScriptEnabled: true },
  { name: "JavaScript off", javaScriptEnabled: false },
];

/** Chromium as the specs want it: it asks nobody on the network for anything. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Launches Chromium. Gives `{newPage(options), close()}`.
 *
 * `newPage({javaScriptEnabled, width, colorScheme})` gives a Playwright page with cookies of its own. Its `problems`
 * list what a person would not see: uncaught errors, and what the console calls an error, such as a script that the
 * Content-Security-Policy refused. A spec expects it to be empty.
 */
export async function launchBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
  });
  return { newPage: (options) => newPage(browser, options), close: () => browser.close() };
}

async function newPage(browser, { javaScriptEnabled = true, width = 1280, colorScheme = "light" } = {}) {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ javaScriptEnabled, viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  return page;
}

/** Keeps the whole page as `end2end/screenshots/<name>.png`, and gives the path. */
export async function screenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}
