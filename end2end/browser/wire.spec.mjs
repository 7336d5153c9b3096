// What went over the wire for a call, on the call's own page: request, answer and CloudTrail's record, and no secret in them.

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

for (const { name, javaScriptEnabled } of projects) {
  for (const width of [1280, 390]) {
    test(`a call shows its request, its answer and its CloudTrail record (${name}, ${width} px)`, async () => {
      const page = await browser.newPage({ javaScriptEnabled, width });
      const visitor = new Visitor(page, server.url);
      await visitor.startLab();
      await visitor.press("Create secure-bucket-admin");
      await page.goto(`${server.url}/activity`);
      await page.getByRole("link", { name: /CreatePolicy/ }).first().click();
      const wire = page.getByRole("region", { name: "Over the wire" });
      // By keyboard, and with nothing shown before it is asked for.
      for (const part of ["Request", "Answer", "CloudTrail"]) {
        const fold = wire.locator("details").filter({ has: page.locator("summary", { hasText: part }) });
        assert.equal(await fold.getAttribute("open"), null, part);
        await fold.locator("summary").focus();
        await page.keyboard.press("Enter");
        assert.equal(await fold.getAttribute("open"), "", part);
      }
      const text = await wire.innerText();
      for (const expected of ["POST / HTTP/1.1", "authorization: ** redacted **", "HTTP/1.1 200", "x-amzn-requestid: ", '"eventName": "CreatePolicy"']) {
        assert.ok(text.includes(expected), `${expected} in ${text}`);
      }
      assert.doesNotMatch(text, /AWS4-HMAC-SHA256/);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, "nothing is wider than the page");
      await screenshot(page, `wire-${width}-${name.replaceAll(" ", "-")}`);
      assert.deepEqual(page.problems, []);
    });
  }
}
