// Going anywhere and becoming anyone by keyboard; two roles side by side.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, projects, screenshot } from "../support/browser.mjs";
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

test("the palette goes to a page and switches a role without the mouse", async () => {
  const page = await browser.newPage({});
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  await visitor.setUp();
  await page.getByRole("button", { name: "Jump" }).waitFor();

  await page.keyboard.press("Control+k");
  const dialog = page.getByRole("dialog", { name: "Go to a page, or act as somebody" });
  await dialog.waitFor();
  await page.keyboard.type("test 4 removed step");
  assert.equal(await dialog.getByRole("status").textContent(), "1 left.");
  await screenshot(page, "palette");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/steps\/test-4$/);

  await page.getByRole("button", { name: "Jump" }).click();
  await page.keyboard.type("act as key");
  await page.keyboard.press("ArrowDown");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Act as secure-key-admin/);
  const answered = page.waitForResponse((response) => response.request().method() === "POST");
  await page.keyboard.press("Enter");
  await answered;
  await page.waitForLoadState("load");
  assert.match(page.url(), /\/steps\/test-4$/, "back on the page it was asked on");
  assert.equal(await visitor.actingAs(), "secure-key-admin");

  await page.getByRole("button", { name: "Jump" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("no such thing");
  assert.equal(await dialog.getByRole("status").textContent(), "Nothing of that name.");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(page.problems, []);
});

for (const { name, javaScriptEnabled } of projects) {
  test(`two roles side by side: what one takes away the other misses (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled, width: 1280 });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();
    await visitor.setUp();
    await page.goto(`${server.url}/side-by-side`);
    await page.getByLabel("On the left").selectOption("secure-key-admin");
    await page.getByLabel("On the right").selectOption("instance");
    await visitor.press("Show both");
    assert.match(page.url(), /\/side-by-side\/secure-key-admin\/instance$/);
    const left = page.frameLocator("iframe[title='The console as secure-key-admin']");
    const right = page.frameLocator("iframe[title='The console as instance']");
    assert.match(await left.getByRole("region", { name: "Who you act as" }).innerText(), /This tab acts as secure-key-admin/);
    await right.getByRole("log", { name: "Terminal log" }).waitFor();
    await screenshot(page, `side-by-side-${name.replaceAll(" ", "-")}`);
    assert.equal(await visitor.actingAs(), "Admin", "the page around them is as it was");
    assert.deepEqual(page.problems, []);
  });
}
