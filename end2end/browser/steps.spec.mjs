// What a step does for a person, with JavaScript on and off: solved, undone, skipped, with listings switched one by one and what
// decided marked in its policy. At the end the lab is listed and removed.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
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
  describe(`the steps, ${name}`, { concurrency: 1 }, () => {
    const picture = name.replaceAll(" ", "-");
    let visitor, page, bucket;
    const help = () => page.getByRole("region", { name: "Help with this step" });
    const report = () => page.locator("#work");
    /** The whole page at both widths. */
    const pictures = async (of) => {
      for (const [width, suffix] of [[1280, ""], [390, "-narrow"]]) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${of} is ${wide} wide in a window of ${width}`);
        await screenshot(page, `${of}-${picture}${suffix}`);
      }
      await page.setViewportSize({ width: 1280, height: 900 });
    };

    before(async () => {
      page = await browser.newPage({ javaScriptEnabled });
      visitor = new Visitor(page, server.url);
      bucket = await visitor.startLab();
    });
    after(() => {
      assert.deepEqual(page.problems, [], "the browser met problems that a person would not see");
    });

    test("one listing is switched to printed by itself, with its difference and the lint at its lines", async () => {
      await visitor.step("policies");
      const second = page.getByRole("region", { name: "Listing 2" });
      await second.getByRole("button", { name: "As printed" }).click();
      await page.waitForURL(/#listing-secure-key-admin$/);
      assert.match(await second.locator("textarea").inputValue(), /" arn:aws:kms:/);
      assert.doesNotMatch(await page.getByRole("region", { name: "Listing 1" }).locator("textarea").inputValue(), /"arn:aws:s3:::[^/]*"/);
      await second.getByText("As printed, this listing has defects.").waitFor();
      await second.getByText("2b", { exact: true }).waitFor();
      await second.getByText(/The difference between printed and corrected/).click();
      const difference = second.getByRole("table");
      assert.match(await difference.getByRole("cell", { name: /arn:aws:kms:.*removed/ }).first().textContent(), /" arn:aws:kms/);
      assert.ok((await difference.getByRole("cell", { name: /added/ }).count()) > 5);
      await second.getByText(/findings of the lint/).click();
      const lines = second.getByRole("list", { name: /line by line/ });
      const spaced = lines.locator(".has-finding").filter({ hasText: '" arn:aws:kms' }).first();
      assert.match(await spaced.textContent(), /^Line \d+: .*Warning: .*space/s);
      await pictures("step-listings");
      await second.getByRole("button", { name: "Corrected" }).click();
      await page.waitForURL(/#listing-secure-key-admin$/);
      assert.doesNotMatch(await second.locator("textarea").inputValue(), /" arn:aws:kms:/);
    });

    test("what was typed and refused is linted at its lines, and is still in the form", async () => {
      const third = page.getByRole("region", { name: "Listing 3" });
      const typed = '{"Version": "2012-10-17",\n "Statement": [{"Effect": "Allow", "Action": "s3:HeadBucket", "Resource": "nonsense"}]}';
      await third.locator("textarea").fill(typed);
      await visitor.press("Create secure-bucket-access");
      assert.match((await visitor.newestCall()).label, /CreatePolicy by Admin: 400/);
      assert.equal(await third.locator("textarea").inputValue(), typed);
      const lines = third.getByRole("list", { name: "Listing 3 as you typed it, line by line" });
      assert.match(await lines.locator(".has-finding").textContent(), /Line 2: .*Refused: /s);
    });

    test("hints come in three grades, each within the one before", async () => {
      await visitor.step("key");
      await help().getByText("A nudge").click();
      const last = help().getByText(/Press .*then.*Create key|Press .*tick/);
      assert.equal(await last.first().isVisible(), false);
      await help().getByText("A pointer").click();
      await help().getByText("What exactly to do").click();
      await last.first().waitFor();
    });

    test("a step is skipped, shown as skipped, and taken up again", async () => {
      await visitor.step("bucket");
      await visitor.press("Skip this step");
      assert.match(page.url(), /\/steps\/key$/);
      const link = page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: /Step 3/ });
      assert.match(await link.last().textContent(), /skipped/);
      await page.reload();
      assert.match(await link.last().textContent(), /skipped/);
      await link.last().click();
      await visitor.press("Take this step up again");
      assert.doesNotMatch(await link.last().textContent(), /skipped/);
    });

    test("the solution is said before, done as the roles it is meant for, and reported", async () => {
      await visitor.step("test-1");
      const plan = help().locator(".plan");
      for (const call of ["iam:CreatePolicy", "s3:CreateBucket", "kms:CreateKey", "s3:PutBucketPolicy", "ec2:RunInstances"]) {
        await plan.getByText(call, { exact: true }).first().waitFor();
      }
      await pictures("step-solve");
      await visitor.press("Do it for me");
      await report().getByRole("heading", { name: "Done for you" }).waitFor();
      assert.doesNotMatch(await report().textContent(), /You acted as/);
      assert.match((await visitor.newestCall()).label, /PutObject by instance: 200/);
      assert.equal(await visitor.actingAs(), "Admin");
      await report().getByText("The calls, in order").click();
      assert.match(await report().getByRole("list").textContent(), /KMS CreateKey/);
      await pictures("step-solved");
      await page.reload();
      await report().waitFor();
      for (const slug of ["test-2", "test-3", "test-4", "restore"]) {
        await visitor.step(slug);
        await visitor.press("Do it for me");
        await report().getByRole("heading", { name: "Done for you" }).waitFor();
        await help().getByText("Nothing is left to do here").waitFor();
      }
      await page.goto(server.url);
      await page.getByText("11 of 11 steps").waitFor();
    });

    test("the statement that decided is marked in its whole policy", async () => {
      await visitor.step("test-2");
      const source = page.getByRole("region", { name: "What came of it" }).getByRole("group", { name: "Policy document bucket policy" }).first();
      const text = await source.textContent();
      assert.match(text, /"Id": "PutObjPolicy"/);
      assert.match(await source.locator("mark").first().textContent(), /^decides.*DenyUnencryptedObjectUploads/s);
      assert.equal(await source.isVisible(), true);
      await pictures("step-decides");
    });

    test("undoing the bucket names what goes with it, removes it, and it can be done again", async () => {
      await visitor.step("bucket");
      await page.getByRole("link", { name: "Undo this step…" }).click();
      await page.getByRole("heading", { name: "Undo Step 3", level: 1 }).waitFor();
      const main = page.getByRole("main");
      await main.getByText(`arn:aws:s3:::${bucket}`).first().waitFor();
      await main.getByText("Step 5: The bucket policy").waitFor();
      assert.match(await main.textContent(), /s3:DeleteBucketPolicy.*s3:DeleteBucket\b/s);
      await pictures("step-undo");
      await visitor.press("Undo Step 3");
      await report().getByRole("heading", { name: "Undone" }).waitFor();
      assert.match((await visitor.newestCall()).label, /DeleteBucket by secure-bucket-admin: 204/);
      await page.goto(server.url);
      await page.getByText("4 of 11 steps").waitFor();
      await visitor.step("test-3");
      await visitor.press("Do it for me");
      await report().getByRole("heading", { name: "Done for you" }).waitFor();
    });

    test("the tutorial is listed part by part, with where it is done and what is true instead", async () => {
      await page.goto(`${server.url}/tutorial`);
      const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "7, claim" }) });
      assert.match(await row.textContent(), /What is true: Admin can read/);
      assert.ok((await page.getByRole("row").count()) > 60);
      const links = await page.getByRole("table").getByRole("link").all();
      const places = new Set(await Promise.all(links.map((link) => link.getAttribute("href"))));
      for (const place of places) {
        const answer = await page.request.get(`${server.url}${place}`);
        assert.equal(answer.status(), 200, place);
      }
      await pictures("tutorial");
    });

    test("the lab is listed, and removed after one more question", async () => {
      await page.goto(`${server.url}/lab`);
      const main = page.getByRole("main");
      for (const thing of ["role/secure-key-admin", `arn:aws:s3:::${bucket}`, "alias/secure-demo-key", "instance-profile/authorized-users"]) {
        await main.getByText(thing).first().waitFor();
      }
      await page.getByRole("link", { name: "Remove this lab…" }).click();
      await page.getByRole("heading", { name: "Remove this lab?" }).waitFor();
      await pictures("lab-remove");
      await visitor.press("Remove this lab");
      await page.getByText("The lab and its account are removed").waitFor();
      await page.getByRole("button", { name: "Start the lab" }).waitFor();
      assert.equal(await page.getByRole("region", { name: "Who you act as" }).count(), 0);
    });
  });

  test(`printed: solving stops at CreateKey and offers the correction (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab("As printed");
    await visitor.step("key");
    await page.getByText(/Listing 2 as printed does not allow/).waitFor();
    const planned = await page.locator(".plan code").allTextContents();
    assert.equal(planned.at(-1), "kms:CreateKey", "what would follow the call that fails is not announced");
    await visitor.press("Do it for me");
    const report = page.locator("#work");
    await report.getByRole("heading", { name: "It stopped before the end" }).waitFor();
    assert.match((await visitor.newestCall()).label, /CreateKey by secure-key-admin: 400/);
    await screenshot(page, `step-stopped-${name.replaceAll(" ", "-")}`);
    await visitor.press("Correct Listing 2 and go on");
    await report.getByRole("heading", { name: "Done for you" }).waitFor();
    assert.match((await visitor.newestCall()).label, /CreateAlias by secure-key-admin: 200/);
    await visitor.step("restore");
    await visitor.press("Do it for me");
    await report.getByRole("heading", { name: "Done for you" }).waitFor();
    assert.deepEqual(page.problems, []);
  });
}

test("with JavaScript a form that works says so and is not sent twice", async () => {
  const page = await browser.newPage();
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  await visitor.step("test-1");
  const button = page.locator("form[action*='step/solve'] button");
  await page.waitForLoadState("networkidle");
  // What would be sent is counted and kept back, so that the page stays to be looked at.
  await page.evaluate(() => {
    window.sent = 0;
    window.addEventListener("submit", (event) => {
      window.sent += event.defaultPrevented ? 0 : 1;
      event.preventDefault();
    });
  });
  await button.click();
  await button.filter({ hasText: "Working on it…" }).waitFor();
  await button.click({ force: true });
  assert.equal(await page.evaluate(() => window.sent), 1);
  assert.deepEqual(page.problems, []);
});
