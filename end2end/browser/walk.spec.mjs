// The corrected tutorial from an empty browser to restored access, with JavaScript on and through plain forms: at each of
// the four tests the lanes, the lane that decided and AWS's own words are compared with the specification.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchBrowser, projects, screenshot } from "../support/browser.mjs";
import { startTrilock } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

const PAPER = "KMS-Cryptographic-Details.pdf";

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const { name, javaScriptEnabled } of projects) {
  describe(`the corrected walk, ${name}`, { concurrency: 1 }, () => {
    const picture = name.replaceAll(" ", "-");
    let visitor, page, bucket, key, instance;

    before(async () => {
      page = await browser.newPage({ javaScriptEnabled });
      visitor = new Visitor(page, server.url);
    });
    after(() => {
      assert.deepEqual(page.problems, [], "the browser met problems that a person would not see");
    });

    const caller = () => `arn:aws:sts::${page.account}:assumed-role/authorized-users/${instance}`;
    const denied = (action, resource, why) =>
      `User: ${caller()} is not authorized to perform: ${action} on resource: ${resource} ${why}`;

    test("steps 1 to 7 succeed, each as the role it is meant for", async () => {
      bucket = await visitor.startLab();
      await screenshot(page, `policies-${picture}`);
      await visitor.setUp();
      await visitor.step("instance");
      const title = await page.getByRole("heading", { name: /^Terminal of/ }).textContent();
      instance = title.match(/i-[0-9a-f]{17}/)[0];
    });

    test("the instance is who the profile says it is", async () => {
      await visitor.step("test-1");
      const identity = JSON.parse(await visitor.type("aws sts get-caller-identity"));
      page.account = identity.Account;
      assert.equal(identity.Arn, caller());
    });

    test("test 1: the encrypted upload is taken; the key policy is what allows the key", async () => {
      await visitor.step("test-1");
      const offered = await visitor.offered();
      const upload = offered.find((line) => line.startsWith("aws s3 cp"));
      key = upload.match(/arn:aws:kms:\S+/)[0];
      for (const line of offered.filter((line) => line !== upload)) await visitor.type(line);
      assert.equal(await visitor.type(upload), `upload: ./${PAPER} to s3://${bucket}/${PAPER}`);
      const call = await visitor.newestCall();
      assert.match(call.label, /PutObject by instance: 200/);
      assert.deepEqual(call.lanes, { IAM: "Allows", "Bucket policy": "Silent", "Key policy": "Allows" });
      await screenshot(page, `test-1-${picture}`);
    });

    test("test 2: the unencrypted upload is denied by the bucket policy", async () => {
      await visitor.step("test-2");
      const [line] = await visitor.offered();
      const why = denied("s3:PutObject", `"arn:aws:s3:::${bucket}/test2.pdf"`, "with an explicit deny in a resource-based policy");
      assert.equal(
        await visitor.type(line),
        `upload failed: ./${PAPER} to s3://${bucket}/test2.pdf An error occurred (AccessDenied) when calling the PutObject operation: ${why}`,
      );
      const call = await visitor.newestCall();
      assert.match(call.label, /PutObject by instance: 403/);
      assert.deepEqual(call.lanes, { IAM: "Allows", "Bucket policy": "Denies", "Key policy": "Not consulted" });
      assert.equal(call.decidedBy, "Bucket policy");
      assert.equal(call.said, why);
      assert.match(call.text, /DenyUnencryptedObjectUploads/);
      assert.match(call.text, /s3:x-amz-server-side-encryption/);
      await screenshot(page, `test-2-${picture}`);
    });

    test("test 3: the download works: HEAD asks S3 alone, GET asks the key too", async () => {
      await visitor.step("test-3");
      const [line] = await visitor.offered();
      assert.equal(await visitor.type(line), `download: s3://${bucket}/${PAPER} to ./test3.pdf`);
      const get = await visitor.newestCall();
      assert.match(get.label, /GetObject by instance: 200/);
      assert.deepEqual(get.lanes, { IAM: "Allows", "Bucket policy": "Silent", "Key policy": "Allows" });
      const head = await visitor.call("HeadObject");
      assert.deepEqual(head.lanes, { IAM: "Allows", "Bucket policy": "Silent", "Key policy": "Not consulted" });
      assert.match(await visitor.type("sha256sum KMS-Cryptographic-Details.pdf test3.pdf"), /^([0-9a-f]{64}) .*\n\1 /);
    });

    test("the wrong role cannot remove the key user, and is told which lane refused", async () => {
      await visitor.step("test-4");
      await visitor.become("secure-bucket-admin");
      await visitor.press("Remove key user");
      const call = await visitor.newestCall();
      assert.match(call.label, /GetKeyPolicy by secure-bucket-admin: 400/);
      assert.deepEqual([call.lanes.IAM, call.lanes["Key policy"], call.decidedBy], ["Silent", "Delegates", "IAM"]);
      assert.match(call.said, /kms:GetKeyPolicy on resource: arn:aws:kms:.* because no identity-based policy allows the kms:GetKeyPolicy action$/);
    });

    test("test 4: without the key user both directions fail at the key, though AWS names the identity policy", async () => {
      await visitor.step("test-4");
      await visitor.become("secure-key-admin");
      await visitor.press("Remove key user");
      await visitor.expectSuccess("PutKeyPolicy");
      const [upload, download] = (await visitor.offered()).filter((line) => line.startsWith("aws s3 cp"));
      const lanes = { IAM: "Silent", "Bucket policy": "Silent", "Key policy": "Delegates" };
      for (const [line, operation, action] of [
        [upload, "PutObject", "kms:GenerateDataKey"],
        [download, "GetObject", "kms:Decrypt"],
      ]) {
        const why = denied(action, key, `because no identity-based policy allows the ${action} action`);
        const printed = await visitor.type(line);
        assert.ok(printed.endsWith(`An error occurred (AccessDenied) when calling the ${operation} operation: ${why}`), printed);
        const call = await visitor.newestCall();
        assert.match(call.label, new RegExp(`${operation} by instance: 403`));
        assert.deepEqual(call.lanes, lanes);
        assert.equal(call.decidedBy, "Key policy");
        assert.equal(call.said, why);
        assert.match(call.text, /identity/);
      }
      await screenshot(page, `test-4-${picture}`);
    });

    test("restored: the key user is back, and so is access", async () => {
      await visitor.step("restore");
      await visitor.press("Add key user");
      await visitor.expectSuccess("PutKeyPolicy");
      const [upload, download] = (await visitor.offered()).filter((line) => line.startsWith("aws s3 cp"));
      assert.match(await visitor.type(upload), /^upload: /);
      assert.match(await visitor.type(download), /^download: /);
      await page.goto(server.url);
      await page.getByText("11 of 11 steps").waitFor();
      await page.getByRole("link", { name: /The walk is complete/ }).waitFor();
    });

    test("authorized-users cannot be taken on by hand: the trust policy is the fourth lane", async () => {
      await visitor.step("restore");
      await visitor.become("authorized-users");
      const call = await visitor.call("AssumeRole");
      assert.match(call.label, /AssumeRole by Admin: 403/);
      assert.equal(call.lanes["Trust policy"], "Silent");
      assert.equal(call.decidedBy, "Trust policy");
      assert.equal(await visitor.actingAs(), "secure-key-admin", "a refused switch changes nothing");
    });

    test("the activity lists every call, newest first", async () => {
      await page.goto(`${server.url}/activity`);
      await page.getByText("AssumeRole").first().waitFor();
      await screenshot(page, `activity-${picture}`);
    });
  });
}
