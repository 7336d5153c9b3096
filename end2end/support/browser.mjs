// Chromium for the specs: one browser a spec file, one page (with cookies of its own) a person.

import { mkdirSync, writeFileSync } from "node:fs";
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

/**
 * Keeps the whole page at both widths, light and dark, as `end2end/screenshots/<name>-<width>-<scheme>.jpg`: there are hundreds,
 * and these are made in half the time. With `few` only wide and light, narrow and dark.
 */
export async function screenshots(page, name, { few = false } = {}) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const session = await page.context().newCDPSession(page);
  for (const [width, ...schemes] of few ? [[1280, "light"], [390, "dark"]] : [[1280, "light", "dark"], [390, "dark", "light"]]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme });
      const { data } = await session.send("Page.captureScreenshot", { format: "jpeg", quality: 80, captureBeyondViewport: true });
      writeFileSync(join(SCREENSHOTS, `${name}-${width}-${colorScheme}.jpg`), Buffer.from(data, "base64"));
    }
  }
  await session.detach();
  await page.emulateMedia({ colorScheme: "light" });
}

/** Keeps what the window shows when `from` is at its top, as `end2end/screenshots/<name>.png`. */
export async function pictureOfWindow(page, name, from, { width = 1280, height = 900, colorScheme = "light" } = {}) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  await from.evaluate((element) => {
    document.activeElement?.blur();
    scrollTo(0, element.getBoundingClientRect().top + scrollY - 16);
  });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** Keeps the whole page as `end2end/screenshots/<name>.png`, and gives the path. */
export async function screenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}
