// What happens around the walk: credentials that run out, a second tab, a narrow screen, a server that goes away and comes
// back. Nothing typed is lost and nobody loses the place.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, projects } from "../support/browser.mjs";
import { expireRoles } from "../support/stops.mjs";
import { startTrilock } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

const DRAFT = '{\n  "Version": "2012-10-17",\n  "Statement": [\n';

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The first two steps, which is what it takes to have roles. */
async function withRoles(visitor) {
  await visitor.startLab();
  for (const policy of ["secure-bucket-admin", "secure-key-admin", "secure-bucket-access"]) await visitor.press(`Create ${policy}`);
  await visitor.step("roles");
  for (const role of ["secure-bucket-admin", "secure-key-admin"]) {
    await visitor.press(`Create role ${role}`);
    await visitor.press(`Attach policy ${role}`);
  }
}

for (const { name, javaScriptEnabled } of projects) {
  test(`when credentials run out the bar says so, no call is made, and what was typed is kept (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await withRoles(visitor);
    await visitor.step("bucket");
    await visitor.become("secure-bucket-admin");
    const bar = page.getByRole("region", { name: "Who you act as" });
    await bar.getByText(/^\d+ min left|^1 h 0 min left/).waitFor();

    await expireRoles(visitor, server);
    const field = page.getByRole("textbox", { name: "Bucket name" });
    const typed = `${await field.inputValue()}-mine`;
    await field.fill(typed);
    await visitor.press("Create bucket");
    await bar.getByRole("alert").filter({ hasText: "These credentials have expired" }).waitFor();
    await page.getByRole("main").getByRole("alert").filter({ hasText: "no call was made" }).waitFor();
    assert.equal(await field.inputValue(), typed, "what was typed is kept");
    assert.equal(await page.getByText("S3 CreateBucket").count(), 0, "no call was made");

    await bar.getByRole("button", { name: "Renew secure-bucket-admin" }).click();
    await bar.getByText(/min left/).waitFor();
    assert.equal(await bar.getByRole("alert").count(), 0);
    assert.equal(await field.inputValue(), typed);
    await visitor.press("Create bucket");
    await visitor.expectSuccess("CreateBucket");
    assert.deepEqual(page.problems, []);
  });

  test(`a restarted server finds everybody where they were: step, role, what is done, what was typed (${name})`, async () => {
    let mine = await startTrilock();
    const options = ["--listen", new URL(mine.url).host, "--aws-listen", new URL(mine.awsUrl).host];
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, mine.url);
    await withRoles(visitor);
    await visitor.step("key");
    await visitor.become("secure-key-admin");
    await visitor.step("policies");
    const form = page.locator("#form-create-policy-secure-bucket-admin");
    const document = form.getByLabel("Policy document");
    await page.locator("details.step-form").filter({ has: form }).locator("> summary").click();
    await document.fill(DRAFT);
    await visitor.press("Create secure-bucket-admin");
    const address = page.url();
    const done = await page.getByRole("navigation", { name: "Steps" }).getByText(/of 11 done/).last().textContent();
    const refused = await visitor.newestCall();

    await mine.stop();
    mine = await startTrilock({ data: mine.data, options });
    await page.reload();
    assert.equal(page.url(), address);
    assert.equal(await visitor.actingAs(), "secure-key-admin");
    assert.equal(await page.getByRole("navigation", { name: "Steps" }).getByText(/of 11 done/).last().textContent(), done);
    assert.deepEqual(await visitor.newestCall(), refused);
    assert.equal(await document.inputValue(), DRAFT);
    await mine.stop();
  });

  test(`a step can be done on a narrow screen without scrolling sideways (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled, width: 390 });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();
    const steps = page.getByRole("navigation", { name: "Steps" });
    await steps.getByText("0 of 11 done").filter({ visible: true }).click();
    await steps.getByRole("link", { name: /Three roles/ }).filter({ visible: true }).click();
    await visitor.press("Create role authorized-users");
    await visitor.expectSuccess("CreateRole");
    const verdict = page.getByRole("article", { name: /CreateRole/ });
    assert.ok(await verdict.isVisible());
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  });
}

test("a call made in one tab appears in the activity that is open in another", async () => {
  const page = await browser.newPage();
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  const other = await page.context().newPage();
  await other.goto(`${server.url}/activity`);
  await other.getByRole("status").getByText("Live").waitFor();
  assert.equal(await other.getByText("CreatePolicy").count(), 0);
  await visitor.press("Create secure-bucket-admin");
  await other.getByRole("link", { name: /CreatePolicy/ }).waitFor();
  assert.equal(await other.getByText("No call has been made yet").count(), 0);
});

test("the live activity says when it is cut off, comes back by itself, and has missed nothing", async () => {
  let mine = await startTrilock();
  const options = ["--listen", new URL(mine.url).host, "--aws-listen", new URL(mine.awsUrl).host];
  const page = await browser.newPage();
  const visitor = new Visitor(page, mine.url);
  await visitor.startLab();
  const live = await page.context().newPage();
  await live.goto(`${mine.url}/activity`);
  const status = live.getByRole("status").getByText("Live");
  await status.waitFor();
  await visitor.press("Create secure-bucket-admin");
  await live.getByRole("link", { name: /CreatePolicy/ }).waitFor();

  await mine.crash();
  await status.waitFor({ state: "hidden" });
  mine = await startTrilock({ data: mine.data, options });
  // Before the stream is back, most likely: what it missed it has to ask for.
  await page.reload();
  await visitor.press("Create secure-key-admin");
  await status.waitFor();
  await live.getByRole("link", { name: /CreatePolicy/ }).nth(1).waitFor();
  assert.equal(await live.getByRole("link", { name: /CreatePolicy/ }).count(), 2, "no call twice");
  await visitor.press("Create secure-bucket-access");
  await live.getByRole("link", { name: /CreatePolicy/ }).nth(2).waitFor();
  await mine.stop();
});

test("with JavaScript off the first page says the same", async () => {
  const [scripted, plain] = await Promise.all(projects.map((project) => browser.newPage(project)));
  const text = async (page) => {
    await page.goto(server.url);
    const shown = (await page.getByRole("main").innerText()).replaceAll(/\s+/g, " ");
    // Each visit suggests a name of its own.
    return [shown, await page.getByRole("main").ariaSnapshot()].map((text) => text.replace(/secure-demo-bucket-[0-9a-f]+/, "BUCKET"));
  };
  const [withScripts, without] = [await text(scripted), await text(plain)];
  assert.deepEqual(without, withScripts);
  assert.match(without[0], /See which of them decides/);
});
