// The instance's page: what its terminal runs and completes, its files, the way in from a shell of one's own, and the command
// that every call's page shows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { launchBrowser, projects, screenshot } from "../support/browser.mjs";
import { startTrilock } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

const PDF = "KMS-Cryptographic-Details.pdf";

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const { name, javaScriptEnabled } of projects) {
  describe(`the instance's page (${name})`, { concurrency: 1 }, () => {
    let page, visitor, bucket, key;
    const type = (line) => visitor.type(line);
    const open = (path = "/instance") => page.goto(`${server.url}${path}`);

    before(async () => {
      page = await browser.newPage({ javaScriptEnabled });
      visitor = new Visitor(page, server.url);
      bucket = await visitor.startLab();
      await visitor.setUp();
      await visitor.step("test-1");
      key = (await visitor.offered())[1].match(/arn:aws:kms:\S+/)[0];
      await open();
    });

    test("help names the groups, and one command more closely", async () => {
      assert.match(await type("help"), /Files of the instance[\s\S]*aws kms OPERATION/);
      assert.match(await type("help aws kms encrypt"), /--plaintext fileb:\/\/FILE \| BASE64/);
      assert.match(await type("aws kms encrypt"), /aws: error: the following arguments are required: --key-id, --plaintext$/);
    });

    test("objects are uploaded, looked at, moved and deleted", async () => {
      await type(`curl -O 'https://d1.awsstatic.com/whitepapers/${PDF}'`);
      const encrypted = `--sse aws:kms --sse-kms-key-id ${key}`;
      assert.equal(await type(`aws s3 cp ${PDF} s3://${bucket}/ ${encrypted}`), `upload: ./${PDF} to s3://${bucket}/${PDF}`);
      assert.match(await type(`aws s3api head-object --bucket ${bucket} --key ${PDF}`), new RegExp(`"SSEKMSKeyId": "${key}"`));
      assert.equal(
        await type(`aws s3 mv s3://${bucket}/${PDF} s3://${bucket}/m.pdf ${encrypted}`),
        `move: s3://${bucket}/${PDF} to s3://${bucket}/m.pdf`,
      );
      const calls = page.locator(".entry").last().getByRole("list", { name: "Calls this made" }).getByRole("link");
      const made = await calls.allTextContents();
      assert.deepEqual(made.map((text) => text.split(",")[0]), ["S3 HeadObject 200", "S3 CopyObject 200", "S3 DeleteObject 204"]);
      assert.match(await type(`aws s3 cp s3://${bucket}/m.pdf s3://${bucket}/n.pdf`), /^copy failed: .*AccessDenied/);
      assert.equal(await type(`aws s3 rm s3://${bucket}/m.pdf`), `delete: s3://${bucket}/m.pdf`);
    });

    test("a data key is shown to whoever asked for it, and in no record of the call", async () => {
      const printed = JSON.parse(await type(`aws kms generate-data-key --key-id ${key} --key-spec AES_256`));
      assert.equal(printed.Plaintext.length, 44);
      await page.locator(".entry").last().getByRole("link", { name: /GenerateDataKey 200/ }).click();
      await page.waitForURL(/activity/);
      const shown = await page.content();
      assert.ok(!shown.includes(printed.Plaintext));
      assert.match(await page.locator("#wire-command").textContent(), /^aws kms generate-data-key \\\n  --key-id arn:/);
    });

    test("the command of a call can be copied, or selected", async () => {
      const copy = page.getByRole("button", { name: "Copy the command" });
      if (!javaScriptEnabled) assert.ok(!(await copy.isVisible()));
      else {
        await copy.waitFor();
        await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
        await copy.click();
        await page.getByText("Copied.").waitFor();
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        assert.equal(copied, await page.locator("#wire-command").textContent());
      }
      await open();
    });

    test("Tab completes, and lets go where there is nothing to complete", { skip: !javaScriptEnabled }, async () => {
      const line = page.getByRole("textbox", { name: "command" });
      const focused = () => page.evaluate(() => document.activeElement.id);
      await page.getByText("Tab completes, and moves on").waitFor();
      for (const [typed, completed] of [
        ["aws k", "aws kms "],
        ["aws kms des", "aws kms describe-key "],
        [`aws s3 cp KMS`, `aws s3 cp ${PDF} `],
        [`aws s3 cp ${PDF} s3:`, `aws s3 cp ${PDF} s3://${bucket}/`],
        [`aws s3 cp ${PDF} s3://${bucket}/ --sse-`, `aws s3 cp ${PDF} s3://${bucket}/ --sse-kms-key-id `],
        ["aws kms encrypt --plaintext fileb://KM", `aws kms encrypt --plaintext fileb://${PDF} `],
      ]) {
        await line.fill(typed);
        await line.press("Tab");
        assert.equal(await line.inputValue(), completed);
        assert.equal(await focused(), "terminal-line");
      }
      await line.fill("c");
      await line.press("Tab");
      assert.equal(await page.locator("#terminal-choices").textContent(), "cat  clear  cp  curl");
      await screenshot(page, "terminal-choices-1280");
      await line.press("Tab");
      assert.notEqual(await focused(), "terminal-line", "the second Tab moves on");
      for (const nothing of ["", "emacs x"]) {
        await line.fill(nothing);
        await line.press("Tab");
        assert.notEqual(await focused(), "terminal-line", `Tab moves on from "${nothing}"`);
      }
      await line.fill("aws k");
      await line.press("Shift+Tab");
      assert.notEqual(await focused(), "terminal-line");
    });

    test("files are listed, saved and removed", async () => {
      await type(`cp ${PDF} two.pdf`);
      const files = page.getByRole("region", { name: "Files on the instance" });
      const row = files.getByRole("listitem").filter({ hasText: "two.pdf" });
      assert.match(await row.textContent(), /1\.3 KiB.*20\d\d-\d\d-\d\d \d\d:\d\d UTC/);
      const downloading = page.waitForEvent("download");
      await row.getByRole("link", { name: "Save two.pdf" }).click();
      const download = await downloading;
      assert.equal(download.suggestedFilename(), "two.pdf");
      assert.ok(readFileSync(await download.path()).subarray(0, 4).equals(Buffer.from("%PDF")));
      const answer = await page.request.get(`${server.url}/instance/files/two.pdf`);
      assert.match(answer.headers()["content-disposition"], /^attachment; /);
      assert.equal(answer.headers()["x-content-type-options"], "nosniff");
      const stranger = await browser.newPage({ javaScriptEnabled });
      assert.equal((await stranger.request.get(`${server.url}/instance/files/two.pdf`)).status(), 404);
      await stranger.context().close();
      await visitor.press("Remove two.pdf");
      assert.equal(await row.count(), 0);
      assert.equal((await page.request.get(`${server.url}/instance/files/two.pdf`)).status(), 404);
    });

    test("the way in from a shell shows no secret; an access key is downloaded once", async () => {
      const own = page.getByRole("region", { name: "Use your own terminal" });
      assert.match(await own.textContent(), /ec2_metadata_service_endpoint = http:\/\/127\.0\.0\.1:\d+\/imds\/i-/);
      const pressed = page.waitForResponse((response) => response.url().endsWith("/instance/credentials"));
      const downloading = page.waitForEvent("download");
      await own.getByRole("button", { name: "Create an access key and download it" }).click();
      const [response, download] = [await pressed, await downloading];
      assert.equal(response.headers()["cache-control"], "no-store");
      const text = readFileSync(await download.path(), "utf8");
      const [, id, secret] = text.match(/^\[trilock-admin\]\naws_access_key_id = (AKIA\w+)\naws_secret_access_key = (\S+)\n$/);
      for (const path of ["/instance", "/activity"]) {
        await open(path);
        assert.ok(!(await page.content()).includes(secret), path);
      }
      await page.getByRole("link", { name: /CreateAccessKey/ }).first().click();
      await page.waitForURL(/activity\/\d+/);
      assert.ok(!(await page.content()).includes(secret));
      assert.equal((await page.request.get(`${server.url}/instance/credentials`)).status(), 405, "nothing is made by GET");
      await open();
      assert.ok((await own.textContent()).includes(id));
      await own.getByRole("button", { name: "Delete the access key" }).click();
      await page.waitForURL(/activity\/\d+/);
      assert.match(await page.textContent("h1"), /DeleteAccessKey/);
      await open();
      assert.equal(await own.getByRole("button", { name: "Delete the access key" }).count(), 0);
    });

    for (const width of [1280, 390]) {
      test(`nothing is wider than the page at ${width} px`, async () => {
        await page.setViewportSize({ width, height: 900 });
        for (const path of ["/instance", "/activity"]) {
          await open(path);
          if (path === "/activity") {
            await page.getByRole("link", { name: /CopyObject/ }).first().click();
            await page.waitForURL(/activity\/\d+/);
            await page.waitForLoadState("load");
          }
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.equal(overflow, 0, path);
          await screenshot(page, `terminal${path.replaceAll("/", "-")}-${width}-${name.replaceAll(" ", "-")}`);
        }
        assert.deepEqual(page.problems, []);
      });
    }
  });
}
