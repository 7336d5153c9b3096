// The pictures that README.md shows, as `screenshots/docs-<name>.png`: what is worth showing is there to be shown. When a page has
// changed, the new ones are copied to `docs/`. Pictures of every page in every state are made by accessibility.spec.mjs.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchBrowser, pictureOfWindow } from "../support/browser.mjs";
import { compareListing, solve, takeKeyUserAwayOnPaper } from "../support/stops.mjs";
import { startTrilock } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

describe("the pictures of the docs", { concurrency: 1 }, () => {
  let page, visitor;

  before(async () => {
    page = await browser.newPage();
    visitor = new Visitor(page, server.url);
    await visitor.startLab();
  });
  after(() => assert.deepEqual(page.problems, []));

  test("a listing as printed, beside the corrected one", async () => {
    await visitor.step("policies");
    await compareListing(visitor, 3);
    const listing = page.getByRole("region", { name: "Listing 3" });
    await pictureOfWindow(page, "docs-listing", listing.getByText(/The difference between/), { height: 1290, colorScheme: "dark" });
    await listing.getByRole("button", { name: "Corrected" }).click();
    await page.waitForURL(/#listing-secure-bucket-access$/);
  });

  test("the verdict of test 4", async () => {
    await solve(visitor, "test-4");
    const call = page.locator("#results details.call").first();
    assert.match(await call.locator("article").getAttribute("aria-label"), /GetObject by instance: 403/);
    await pictureOfWindow(page, "docs-test-4", call, { height: 790 });
  });

  test("the terminal at test 4", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await pictureOfWindow(page, "docs-terminal", page.locator(".terminal"), { width: 390, height: 640 });
  });

  test("the locks as they stand", async () => {
    await solve(visitor, "restore");
    await page.goto(`${server.url}/locks`);
    await pictureOfWindow(page, "docs-locks", page.getByRole("heading", { name: "What is built" }), { height: 1170 });
  });

  test("which locks still hold in a drill", async () => {
    await page.goto(`${server.url}/drills/bucket-opened`);
    await visitor.press("Do all of it");
    await pictureOfWindow(page, "docs-drill", page.locator("#move-8"), { height: 545 });
    await visitor.press("Put things back");
  });

  test("what would follow if the key policy named another role", async () => {
    await page.goto(`${server.url}/what-if`);
    await takeKeyUserAwayOnPaper(visitor);
    await pictureOfWindow(page, "docs-what-if", page.getByRole("heading", { name: "What would follow" }), { height: 825, colorScheme: "dark" });
  });
});
