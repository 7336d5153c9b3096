// The three locks as they stand, and what would follow from a change: pictures, table, findings, and a document put in force.

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

/** What the table says of somebody: `Allowed by the key policy`. */
const says = async (page, deed, person) => {
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: deed }) });
  return (await row.locator(`td[data-label="${person}"]`).innerText()).replaceAll(/\s+/g, " ").trim();
};

/** The legend's line about somebody in the diagram of this title. */
const placed = async (page, title, person) => {
  const figure = page.getByRole("figure").filter({ hasText: title });
  return (await figure.getByRole("listitem").filter({ hasText: person }).innerText()).replaceAll(/\s+/g, " ").trim();
};

const READ = "Who may read an object";

/** A bucket policy that lets nobody in but from these addresses. */
const OFFICE_ONLY = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*", Condition: { NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } } },
});

for (const { name, javaScriptEnabled } of projects) {
  test(`a key user is taken away, first on paper and then for real (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();

    await page.goto(`${server.url}/locks`);
    assert.match(await page.locator("main").innerText(), /Not yet: secure-bucket-admin.*KMS key/s);
    await visitor.setUp();
    await page.goto(`${server.url}/locks`);
    assert.equal(await says(page, "Read an object", "authorized-users"), "Allowed by the key policy");
    assert.match(await placed(page, READ, "authorized-users"), /may: nothing stands in the way/);
    await screenshot(page, `locks-${name.replaceAll(" ", "-")}`);

    await page.goto(`${server.url}/what-if`);
    const key = page.locator("details.document").filter({ hasText: "Key policy" });
    await key.locator("summary").click();
    const field = key.getByRole("textbox", { name: "Key policy" });
    const policy = await field.inputValue();
    await field.fill(policy.replaceAll(":role/authorized-users", ":role/secure-bucket-admin"));
    if (javaScriptEnabled) {
      await page.getByText(/authorized-users, read an object: now refused/).waitFor();
      assert.ok(!(await page.getByRole("button", { name: "Show what would follow" }).isVisible()), "it follows by itself");
    } else {
      await visitor.press("Show what would follow");
    }
    assert.match(await page.getByRole("status").filter({ hasText: "answers change" }).innerText(), /authorized-users, read an object: now refused/);
    assert.equal(await says(page, "Read an object", "authorized-users"), "Not allowed by the key policy was allowed");
    assert.match(await placed(page, READ, "authorized-users"), /the key policy alone stands in the way/);
    assert.ok(await key.getByText("Not in force").isVisible());
    assert.ok(!(await page.locator("details.document").filter({ hasText: "Bucket policy" }).getByText("Not in force").isVisible()));
    await screenshot(page, `what-if-${name.replaceAll(" ", "-")}`);

    // Nothing is in force yet.
    const locks = await page.context().newPage();
    await locks.goto(`${server.url}/locks`);
    assert.equal(await says(locks, "Read an object", "authorized-users"), "Allowed by the key policy");

    await visitor.press("Apply key policy");
    const applied = page.getByRole("region", { name: "What was applied" });
    assert.match(await applied.locator("details.call").first().innerText(), /KMS PutKeyPolicy[\s\S]*secure-key-admin[\s\S]*200/);
    assert.match(await page.getByRole("status").filter({ hasText: "answer" }).innerText(), /No answer differs/);
    // The other page follows, or shows it when it is loaded again.
    if (javaScriptEnabled) {
      await locks.locator("td.is-refused[data-label='authorized-users']").first().waitFor();
    } else {
      await locks.reload();
    }
    assert.equal(await says(locks, "Read an object", "authorized-users"), "Not allowed by the key policy");

    // What was applied is a draft no more: taken back elsewhere, it does not come again.
    await visitor.step("restore");
    await visitor.become("secure-key-admin");
    await visitor.press("Add key user");
    await page.goto(`${server.url}/what-if`);
    assert.equal(await page.locator("[data-changed]:not([hidden])").count(), 0);
    assert.equal(await says(page, "Read an object", "authorized-users"), "Allowed by the key policy");

    // What hangs on from where a call comes says so.
    const bucket = page.locator("details.document").filter({ hasText: "Bucket policy" });
    await bucket.locator("summary").click();
    await bucket.getByRole("textbox").fill(OFFICE_ONLY);
    if (!javaScriptEnabled) await visitor.press("Show what would follow");
    await page.getByText("depends on aws:SourceIp").first().waitFor();
    assert.match(await says(page, "Read an object", "authorized-users"), /^Denied by the bucket policy .*depends on aws:SourceIp$/);
    assert.match(await says(page, "Read an object", "any other role"), /^(?!.*depends)/);
    if (javaScriptEnabled) assert.match(await page.locator("#what-if-count").innerText(), /answers change$/);
    await visitor.press("Back to what is in force");
    assert.equal(await page.locator("[data-changed]:not([hidden])").count(), 0);
    assert.deepEqual(page.problems, []);
  });

  test(`a document that cannot be read is said to be so, and what was typed stays (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled, width: 390 });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();
    await visitor.step("policies");
    await visitor.press("Create secure-bucket-admin");
    await visitor.step("roles");
    await visitor.press("Create role secure-bucket-admin");
    await visitor.press("Attach policy secure-bucket-admin");

    await page.goto(`${server.url}/what-if`);
    const document = page.locator("details.document").filter({ hasText: "secure-bucket-admin" });
    await document.locator("summary").focus();
    await page.keyboard.press("Enter");
    const field = document.getByRole("textbox");
    const sound = await field.inputValue();
    await field.fill(`${sound.slice(0, -1)}, "Typo": 1}`);
    if (!javaScriptEnabled) await visitor.press("Show what would follow");
    await page.getByText(/cannot be read/).first().waitFor();
    // The findings name the line.
    await document.getByText(/Refused, line \d+/).first().waitFor();
    const wrong = await field.inputValue();

    await visitor.press("Apply IAM policy");
    const applied = page.getByRole("region", { name: "What was applied" });
    assert.match(await applied.innerText(), /MalformedPolicyDocument/);
    assert.equal(await field.inputValue(), wrong, "nothing typed is lost");
    await visitor.press("Back to what is in force");
    assert.equal(await page.locator("details.document").filter({ hasText: "secure-bucket-admin" }).getByRole("textbox", { includeHidden: true }).inputValue(), sound);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, "nothing is wider than the page");
    await screenshot(page, `what-if-390-${name.replaceAll(" ", "-")}`);
    assert.deepEqual(page.problems, []);
  });
}
