// Pictures of every page in every state, at both widths, light and dark: `screenshots/<page>-<width>-<scheme>.png`. They are
// for looking at; what must be so is checked elsewhere.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchBrowser, screenshot } from "../support/browser.mjs";
import { WALKS, goTo } from "../support/stops.mjs";
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

for (const walk of WALKS) {
  describe(`pictures of the ${walk.name} walk`, { concurrency: 1 }, () => {
    let page, visitor;

    before(async () => {
      page = await browser.newPage();
      visitor = new Visitor(page, server.url);
    });

    for (const stop of walk.stops) {
      test(stop.name, async () => {
        await goTo(stop, visitor, server);
        // Where a form left the page scrolled, what stays in sight would stand in the middle of the picture.
        await page.evaluate(() => scrollTo(0, 0));
        for (const width of [390, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          for (const colorScheme of ["dark", "light"]) {
            await page.emulateMedia({ colorScheme });
            await screenshot(page, `${stop.name}-${width}-${colorScheme}`);
          }
        }
        // A page that is not found says so in the console too; nothing else may.
        assert.deepEqual(page.problems.splice(0).filter((problem) => !/status of 404/.test(problem)), []);
      });
    }
  });
}
