// Several roles at once: each browser tab can act as its own, a form acts as the one its page shows, roles are renewed.

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
  test(`two tabs act as two roles, and neither changes the other (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();
    await visitor.setUp();
    await visitor.step("test-4");

    const opened = page.context().waitForEvent("page");
    await page.getByRole("button", { name: "secure-key-admin in a new tab" }).click();
    const second = await opened;
    second.problems = [];
    await second.waitForURL(/\/as\/secure-key-admin\/steps\/test-4$/);
    const keyAdmin = new Visitor(second, `${server.url}/as/secure-key-admin`);
    assert.equal(await keyAdmin.actingAs(), "secure-key-admin");
    assert.match(await second.getByRole("region", { name: "Who you act as" }).innerText(), /This tab acts as/);
    await screenshot(second, `tab-of-its-own-${name.replaceAll(" ", "-")}`);

    await keyAdmin.press("Remove key user");
    assert.match((await keyAdmin.newestCall()).label, /PutKeyPolicy by secure-key-admin: 200/);
    assert.match(second.url(), /\/as\/secure-key-admin\/steps\/test-4#call-\d+$/, "the tab stays its own");

    // The first tab is Admin still, and so are its forms.
    await page.reload();
    assert.equal(await visitor.actingAs(), "Admin");
    // Links of the second tab stay in it.
    await second.getByRole("link", { name: "Activity", exact: true }).click();
    await second.waitForURL(/\/as\/secure-key-admin\/activity$/);
    assert.equal(await keyAdmin.actingAs(), "secure-key-admin");

    // A switch in the tab is the tab's own.
    await keyAdmin.become("secure-bucket-admin");
    await second.waitForURL(/\/as\/secure-bucket-admin\/activity$/);
    await page.reload();
    assert.equal(await visitor.actingAs(), "Admin");

    await second.getByRole("link", { name: "Act as the other tabs do" }).click();
    await second.waitForURL(`${server.url}/activity`);
    assert.equal(await keyAdmin.actingAs(), "Admin");
    assert.deepEqual(page.problems, []);
  });

  test(`a form acts as the one its page shows, whoever another tab switched to (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();
    await visitor.step("policies");
    for (const policy of ["secure-bucket-admin", "secure-key-admin"]) await visitor.press(`Create ${policy}`);
    await visitor.step("roles");
    await visitor.press("Create role secure-bucket-admin");
    await visitor.press("Attach policy secure-bucket-admin");
    await visitor.step("policies");

    const other = await page.context().newPage();
    const elsewhere = new Visitor(other, server.url);
    await elsewhere.step("bucket");
    await elsewhere.become("secure-bucket-admin");

    assert.equal(await visitor.actingAs(), "Admin", "as the page was when it was loaded");
    await visitor.press("Create secure-bucket-access");
    assert.match((await visitor.newestCall()).label, /CreatePolicy by Admin: 200/);
    assert.equal(await visitor.actingAs(), "secure-bucket-admin", "the session acts as the other tab switched to");
  });

  test(`a role is renewed before it ends (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled, width: 390 });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();
    await visitor.step("policies");
    await visitor.press("Create secure-bucket-admin");
    await visitor.step("roles");
    await visitor.press("Create role secure-bucket-admin");
    await visitor.press("Attach policy secure-bucket-admin");
    await visitor.step("bucket");
    await visitor.become("secure-bucket-admin");
    await visitor.press("Renew secure-bucket-admin");
    assert.equal(await visitor.actingAs(), "secure-bucket-admin");
    await page.goto(`${server.url}/activity`);
    assert.equal(await page.getByRole("link", { name: /STS AssumeRole/ }).count(), 2);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, "nothing is wider than the page");
    await screenshot(page, `renewed-390-${name.replaceAll(" ", "-")}`);
  });
}
