// What the instance's page says to paste, pasted: the real AWS CLI acts as the instance and as the roles, prints what the
// terminal in the page prints, and runs the commands that the calls' pages show.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../support/aws.mjs";
import { launchBrowser } from "../support/browser.mjs";
import { cleanEnvironment, required, startTrilock, temporaryFolder } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

describe("a terminal of one's own", { concurrency: 1 }, () => {
  let browser, server, visitor, page, home, bucket, key;

  /** Runs lines in a shell whose home is a folder of the spec's. Gives `{status, stdout, stderr}`. */
  const shell = (lines, setUp = true) => {
    const paths = "export AWS_CONFIG_FILE=~/.trilock/config AWS_SHARED_CREDENTIALS_FILE=~/.trilock/credentials";
    const env = {
      ...cleanEnvironment(),
      HOME: home,
      PATH: `${dirname(required("TRILOCK_AWS_CLI"))}:${process.env.PATH}`,
      AWS_PAGER: "",
      AWS_MAX_ATTEMPTS: "1",
      TZ: "UTC",
    };
    return run("bash", ["-c", `${setUp ? `${paths}\n` : ""}${lines}`], { env, cwd: home });
  };
  const ok = async (lines, setUp) => {
    const { status, stdout, stderr } = await shell(lines, setUp);
    assert.equal(status, 0, `${lines}\n${stdout}${stderr}`);
    return stdout;
  };
  const text = (id) => page.locator(`#${id}`).textContent();
  const type = async (line) => {
    await page.goto(`${server.url}/instance`);
    return visitor.type(line);
  };

  before(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
    page = await browser.newPage({ javaScriptEnabled: false });
    visitor = new Visitor(page, server.url);
    bucket = await visitor.startLab();
    await visitor.setUp();
    home = temporaryFolder();
    await visitor.step("test-1");
    for (const line of await visitor.offered()) await visitor.type(line);
    key = (await visitor.offered())[1].match(/arn:aws:kms:\S+/)[0];
    await page.goto(`${server.url}/instance`);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("the pasted profiles make the AWS CLI the instance, without any key", async () => {
    await ok(await text("own-profiles"), false);
    // Version 2 prints times so; version 1 if it is told to.
    await ok("sed -i 's/^region/cli_timestamp_format = iso8601\\nregion/' ~/.trilock/config");
    const who = JSON.parse(await ok(await text("own-instance")));
    assert.match(who.Arn, /assumed-role\/authorized-users\/i-[0-9a-f]{17}$/);
    assert.deepEqual(who, JSON.parse(await type("aws sts get-caller-identity")));
  });

  test("with the downloaded key it is Admin and, through Admin, each role", async () => {
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Create an access key and download it" }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), "trilock-credentials");
    mkdirSync(join(home, "Downloads"));
    await download.saveAs(join(home, "Downloads", "trilock-credentials"));
    await page.goto(`${server.url}/instance`);
    const said = await ok(await text("own-roles"));
    assert.match(said, /assumed-role\/secure-bucket-admin\/Admin/);
    assert.match(said, /assumed-role\/secure-key-admin\/Admin/);
    assert.match(await ok("aws --profile trilock-admin sts get-caller-identity"), /:user\/Admin"/);
  });

  test("a role of the shell may what it may in the page, and no more", async () => {
    assert.equal(await ok(`aws --profile trilock-secure-bucket-admin s3api get-bucket-location --bucket ${bucket} --output text`), "None\n");
    const refused = await shell(`aws --profile trilock-secure-bucket-admin s3 cp s3://${bucket}/KMS-Cryptographic-Details.pdf x.pdf`);
    assert.equal(refused.status, 1, refused.stdout);
    assert.match(await ok(`aws --profile trilock-secure-key-admin kms describe-key --key-id ${key} --output text`), /secure|For|SYMMETRIC/);
  });

  test("the terminal prints what the AWS CLI prints", async () => {
    const commands = [
      `aws sts get-caller-identity --output text`,
      `aws s3 ls s3://${bucket}`,
      `aws s3api list-objects-v2 --bucket ${bucket}`,
      `aws s3api list-objects-v2 --bucket ${bucket} --output text`,
      `aws s3api list-objects-v2 --bucket ${bucket} --max-keys 1`,
      `aws s3api list-objects-v2 --bucket ${bucket} --max-keys 1 --prefix a --delimiter /`,
      `aws s3api head-object --bucket ${bucket} --key KMS-Cryptographic-Details.pdf`,
      `aws s3api head-bucket --bucket ${bucket}`,
      `aws s3api get-bucket-location --bucket ${bucket}`,
      `aws s3api list-buckets`,
      `aws kms describe-key --key-id ${key}`,
      `aws kms describe-key --key-id ${key} --output text`,
      `aws s3api get-bucket-policy --bucket ${bucket}`,
      `aws s3api get-bucket-encryption --bucket ${bucket}`,
      `aws kms list-keys`,
      `aws kms list-aliases`,
      `aws kms get-key-policy --key-id ${key}`,
      `aws s3 cp s3://${bucket}/nothing.pdf x.pdf`,
      `aws s3 cp s3://${bucket}/KMS-Cryptographic-Details.pdf MINE-x.pdf --no-progress`,
      `aws s3 cp MINE-x.pdf s3://${bucket}/plain.pdf --no-progress`,
      `aws s3 cp MINE-x.pdf s3://${bucket}/MINE-x.pdf --sse aws:kms --sse-kms-key-id ${key} --no-progress`,
      `aws s3 mv s3://${bucket}/MINE-x.pdf s3://${bucket}/MINE-y.pdf --sse aws:kms --sse-kms-key-id ${key} --no-progress`,
      `aws s3 mv s3://${bucket}/MINE-y.pdf MINE-y.pdf --no-progress`,
      `aws s3 mv MINE-y.pdf s3://${bucket}/ --sse aws:kms --sse-kms-key-id ${key} --no-progress`,
      `aws s3 mv s3://${bucket}/MINE-y.pdf s3://${bucket}/MINE-z.pdf --no-progress`,
      `aws s3api copy-object --bucket ${bucket} --key MINE-c.pdf --copy-source ${bucket}/MINE-y.pdf --server-side-encryption aws:kms --ssekms-key-id ${key}`,
      `aws s3 rm s3://${bucket}/MINE-c.pdf`,
      `aws s3 rm s3://${bucket}/MINE-y.pdf`,
      `aws s3api get-object --bucket ${bucket} --key KMS-Cryptographic-Details.pdf got.pdf`,
      `aws s3api delete-object --bucket ${bucket} --key MINE-c.pdf`,
    ];
    const differ = [];
    for (const command of commands) {
      // Each has names of its own, as both work on the same bucket.
      const typed = await type(command.replaceAll("MINE", "page"));
      const own = command.replaceAll("MINE", "shell").replace("aws ", "aws --profile trilock-instance ");
      const { status, stdout, stderr } = await shell(own);
      const same = (output) =>
        output
          .replaceAll(/\b(page|shell)-/g, "")
          .replaceAll(/20\d\d-\d\d-\d\d[T ][\d:.]+(\+00:00)?/g, "TIME")
          .replace(command.includes("copy-object") ? /"ETag": .*/ : /^$/, "")
          .trim();
      if (same(stdout + stderr) !== same(typed)) differ.push({ command, status, cli: stdout + stderr, typed });
    }
    assert.deepEqual(differ, []);
  });

  test("the commands that the calls' pages show run as they stand", async () => {
    writeFileSync(join(home, "FILE"), "hello");
    const commandOf = async (operation, persona) => {
      await page.goto(`${server.url}/activity`);
      const call = page.getByRole("link", { name: new RegExp(`${operation}\\b.*`) }).first();
      await call.click();
      const command = await text("wire-command");
      const shown = await page.getByRole("region", { name: "Over the wire" }).textContent();
      assert.ok(shown.includes(`--profile trilock-${persona}`), shown);
      return command.replace(/^aws /, `aws --profile trilock-${persona} `);
    };
    await type("aws kms list-keys");
    await type(`aws kms generate-data-key --key-id ${key} --key-spec AES_256`);
    await type(`aws kms encrypt --key-id ${key} --plaintext aGVsbG8= --encryption-context team=a`);
    await type(`aws s3api head-object --bucket ${bucket} --key KMS-Cryptographic-Details.pdf`);
    await type(`aws s3api copy-object --bucket ${bucket} --key c.pdf --copy-source ${bucket}/KMS-Cryptographic-Details.pdf --server-side-encryption aws:kms --ssekms-key-id ${key}`);
    await type(`aws s3api put-object --bucket ${bucket} --key hello --server-side-encryption aws:kms --ssekms-key-id ${key}`);
    for (const [operation, persona, expected] of [
      ["GetCallerIdentity", "instance", 0],
      ["KMS GenerateDataKey", "instance", 0],
      ["KMS Encrypt", "instance", 0],
      ["PutObject", "instance", 0],
      ["GetObject", "instance", 0],
      ["HeadObject", "instance", 0],
      ["CopyObject", "instance", 0],
      ["ListObjectsV2", "instance", 0],
      ["PutBucketPolicy", "secure-bucket-admin", 0],
      ["CreateAlias", "secure-key-admin", "AlreadyExistsException"],
      ["CreateKey", "secure-key-admin", 0],
      ["RunInstances", "admin", 0],
      ["AddRoleToInstanceProfile", "admin", "LimitExceeded"],
      ["AttachRolePolicy", "admin", 0],
      ["CreateRole", "admin", "EntityAlreadyExists"],
      ["CreatePolicy", "admin", "EntityAlreadyExists"],
      ["AssumeRole", "admin", 0],
      ["CreateAccessKey", "admin", "LimitExceeded"],
    ]) {
      const command = await commandOf(operation, persona);
      const { status, stderr } = await shell(command);
      if (expected === 0) assert.equal(status, 0, `${command}\n${stderr}`);
      else assert.ok(stderr.includes(`(${expected})`), `${command}\n${stderr}`);
    }
  });

  test("the key that was downloaded is no use once it is deleted", async () => {
    await page.goto(`${server.url}/instance`);
    await page.getByRole("button", { name: "Delete the access key" }).click();
    await page.waitForURL(/\/activity\/\d+$/);
    const { status, stderr } = await shell("aws --profile trilock-admin sts get-caller-identity");
    assert.notEqual(status, 0);
    assert.match(stderr, /InvalidClientTokenId/);
  });
});
