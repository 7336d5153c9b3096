// Beyond the walk: drills, defects, variations, cost, and the checks of steps, each played in the browser on a lab that is built.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser, projects, screenshot } from "../support/browser.mjs";
import { startTrilock } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

const SCENARIOS = [
  "more/key-of-another-account",
  "more/another-service",
  "more/encrypt-only-decrypt-only",
  "more/default-encryption",
  "more/not-retroactive",
  "more/bucket-admin-deletes",
  "more/key-admin-makes-data-keys",
  "more/admin-still-reads",
  "more/iam-alone-undoes",
  "more/root-statement-narrowed",
  "drills/iam-too-wide",
  "drills/key-user-added",
  "drills/two-at-once",
];

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const moves = (page) => page.getByRole("list", { name: "Moves" });
const move = (page, number) => page.locator(`#move-${number}`);
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The rows of a move's table of locks: `["other-team read", "holds", "silent", "holds", "stopped"]`. */
async function locks(page, number) {
  const rows = [];
  for (const row of await move(page, number).getByRole("row").all()) {
    const cells = await row.getByRole("cell").allTextContents();
    if (cells.length) rows.push([await row.getByRole("rowheader").textContent(), ...cells].map((text) => text.trim()));
  }
  return rows;
}

for (const { name, javaScriptEnabled } of projects) {
  const label = name.replaceAll(" ", "-");

  test(`drills, variations and defects come out as they say, and are put back (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab();

    // Before the lab is built, the page says which steps are missing, and its buttons say why they are off.
    await page.goto(`${server.url}/drills/bucket-opened`);
    assert.match(await page.locator("#hindrance").innerText(), /These steps are still to do/);
    assert.ok(await page.getByRole("button", { name: "Do it as instance" }).isDisabled());
    await screenshot(page, `scenario-not-yet-${label}`);

    // A check of a step that is not done says what to do.
    await visitor.step("policies");
    await visitor.press("Check my work");
    assert.match(await page.locator("#check").innerText(), /Nothing could be tried yet[^]*Not tried yet: 8/);

    await visitor.setUp();
    const count = await page.locator(".walk-wide .walk-count").first().textContent();

    // By hand: the drill in which the bucket team opens the bucket to all.
    await page.goto(`${server.url}/drills`);
    await page.getByRole("link", { name: "Bucket policy opened to all" }).first().click();
    const total = await moves(page).locator("> li").count();
    assert.equal(await moves(page).getByText("Expected:").count(), 0, "a drill does not say beforehand which lock holds");
    for (let number = 1; number <= total; number++) {
      await move(page, number).getByRole("button").click();
      await page.waitForLoadState("load");
      await move(page, number).getByText("As expected").waitFor();
    }
    assert.deepEqual(await locks(page, 3), [
      ["other-team read", "holds", "silent", "not asked, would hold", "stopped"],
      ["other-team write", "holds", "silent", "not asked, would hold", "stopped"],
    ]);
    // AWS wants a signed request: it asks none of the three.
    assert.deepEqual(await locks(page, 7), [
      ["anonymous read", "not asked", "not asked, would be open", "not asked, would hold", "stopped"],
    ]);
    assert.deepEqual(await locks(page, 8), [
      ["other-team read", "passed over", "open", "holds", "stopped"],
      ["other-team write", "passed over", "open", "holds", "stopped"],
    ]);
    await screenshot(page, `drill-bucket-opened-1280-${label}`);
    await page.setViewportSize({ width: 390, height: 900 });
    assert.equal(await overflow(page), 0, "nothing is wider than the page");
    await screenshot(page, `drill-bucket-opened-390-${label}`);
    await page.setViewportSize({ width: 1280, height: 900 });

    // Another one must wait until things are put back, which is listed before it is done.
    await page.goto(`${server.url}/drills/two-at-once`);
    assert.match(await page.locator("#hindrance").innerText(), /Another one is still open/);
    await page.goto(`${server.url}/drills/bucket-opened`);
    const listed = await page.locator("#put-back li").allTextContents();
    assert.deepEqual(listed, [
      "the bucket policy is put again as it was",
      "Block Public Access of the bucket is switched on again",
      "the role other-team is deleted",
      "the object reports/payroll.csv is deleted",
    ]);
    await visitor.press("Put things back");
    await page.getByText("Everything is as it was before").waitFor();
    // What came of it is still there, as that of a round that is over; the next is begun like the first.
    assert.equal(await page.getByText("Last round: as expected", { exact: true }).count(), total);
    assert.equal(await page.getByText("As expected", { exact: true }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "Do it again" }).count(), 0);
    await page.getByRole("button", { name: "Do all of it" }).waitFor();

    for (const path of SCENARIOS) {
      await page.goto(`${server.url}/${path}`);
      if (!path.startsWith("drills/")) assert.ok((await moves(page).getByText("Expected:").count()) > 0, path);
      await visitor.press("Do all of it");
      const [made, moved] = [await page.getByText("As expected", { exact: true }).count(), await moves(page).locator("> li").count()];
      assert.equal(made, moved, `${path}: ${await page.locator(".problem").allTextContents()}`);
      assert.equal(await overflow(page), 0, path);
      await screenshot(page, `scenario-${path.replace("/", "-")}-${label}`);
      await visitor.press("Put things back");
      await page.getByText("Everything is as it was before").waitFor();
    }

    // None of it counts for the walk, and Activity tells it apart.
    assert.equal(await page.locator(".walk-wide .walk-count").first().textContent(), count);
    await page.goto(`${server.url}/activity`);
    assert.ok((await page.getByRole("link", { name: "Two at once" }).count()) > 0);
    await screenshot(page, `activity-occasions-${label}`);

    for (const slug of ["policies", "roles", "bucket", "key", "bucket-policy", "instance", "test-1", "test-2", "test-3", "restore"]) {
      await visitor.step(slug);
      await visitor.press("Check my work");
      const said = await page.locator("#check").innerText();
      assert.match(said, /(All \d+|Both) are as they should be/, `${slug}: ${said}`);
    }
    await visitor.step("test-4");
    await visitor.press("Check my work");
    const said = await page.locator("#check").innerText();
    assert.match(said, /Not so[^]*authorized-users is still a key user/, said);
    await screenshot(page, `check-test-4-${label}`);

    for (const [path, shot] of [["more", "more"], ["more/cost", "cost"], ["drills", "drills"]]) {
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`${server.url}/${path}`);
        assert.equal(await overflow(page), 0, `${path} at ${width} px`);
        await screenshot(page, `${shot}-${width}-${label}`);
      }
    }
    assert.match(await page.locator("main").innerText(), /One team errs/);
    assert.deepEqual(page.problems, []);
  });
}

test("what was typed into a move stays, and what came out otherwise says what to do (JavaScript off)", async () => {
  const page = await browser.newPage({ javaScriptEnabled: false });
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  await visitor.setUp();
  await page.goto(`${server.url}/more/not-retroactive`);
  await visitor.press("Do it as secure-bucket-admin");
  // The third move puts a policy: something else is put in its place.
  const third = move(page, 3);
  await third.getByText("Bucket policy that is put").click();
  const typed = '{"Version": "2012-10-17", "Statement": "<b>nothing</b>"}';
  await third.getByRole("textbox", { name: "Bucket policy" }).fill(typed);
  await third.getByRole("button").click();
  await page.waitForLoadState("load");
  assert.match(await third.getByRole("alert").innerText(), /should work for secure-bucket-admin, and was refused[^]*begin again/);
  await third.getByText("Bucket policy that is put").click();
  assert.equal(await third.getByRole("textbox", { name: "Bucket policy" }).inputValue(), typed);
  await screenshot(page, "scenario-otherwise");
  await visitor.press("Put things back");
  await page.getByText("Everything is as it was before").waitFor();
});
