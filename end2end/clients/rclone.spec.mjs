// rclone, as Debian has it: trees in step, checked byte for byte, versions, and what it says when it may not.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { account } from "../support/account.mjs";
import { run } from "../support/aws.mjs";
import { assertListed, operationOf } from "../support/calls.mjs";
import { ACCOUNTS } from "../support/python.mjs";
import { cleanEnvironment, required, startSandbox, temporaryFolder } from "../support/trilock.mjs";

const BUCKET = "aws:rclone-bucket";
const MIB = 1 << 20;
// rclone traces each request: its line, then its headers up to an empty line.
const SENT = /DEBUG : (GET|HEAD|PUT|POST|DELETE) (\S+) HTTP\/1\.1\r\n([^]*?)\r\n\r\n/g;
const IN_PARTS = ["--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"];

describe("rclone", { concurrency: 1 }, () => {
  let sandbox, folder, owner, keyArn;
  const called = new Set();

  before(async () => {
    folder = temporaryFolder();
    mkdirSync(join(folder, "tree/sub"), { recursive: true });
    writeFileSync(join(folder, "tree/a"), "a");
    writeFileSync(join(folder, "tree/sub/b ü&?"), "b");
    writeFileSync(join(folder, "big"), randomBytes(12 * MIB));
    sandbox = await startSandbox({ accounts: ACCOUNTS });
    owner = account(sandbox.awsUrl);
    keyArn = await owner.key();
  });
  after(() => sandbox?.stop());

  /**
   * What rclone printed, and what it complained of. Of its providers "Minio" is the one that does as for AWS but names
   * buckets in paths; "Other" lists by the first version of the API.
   */
  const rclone = async (words, { credentials = owner.root, provider = "Minio" } = {}) => {
    const settings = {
      TYPE: "s3",
      PROVIDER: provider,
      ENDPOINT: sandbox.awsUrl,
      REGION: "us-east-1",
      ACCESS_KEY_ID: credentials.accessKeyId,
      SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const remote = Object.entries(settings).map(([name, value]) => [`RCLONE_CONFIG_AWS_${name}`, value]);
    const flags = ["--config", "/dev/null", "--dump", "headers", "--retries", "1", "--low-level-retries", "1"];
    const { status, stdout, stderr } = await run(required("TRILOCK_RCLONE"), [...flags, ...words], {
      env: { ...cleanEnvironment(), HOME: folder, ...Object.fromEntries(remote) },
      cwd: folder,
    });
    for (const [, method, target, headers] of stderr.matchAll(SENT)) {
      called.add(operationOf(method, target, /^x-amz-copy-source:/im.test(headers)));
    }
    const complaints = stderr.split("\n").filter((line) => / (ERROR|CRITICAL) +: |Failed to /.test(line));
    return { status, stdout, stderr, complaints };
  };
  /** As `rclone`, for what must succeed without a complaint: gives what it printed. */
  const done = async (words, options) => {
    const { status, stdout, complaints } = await rclone(words, options);
    assert.deepEqual({ status, complaints }, { status: 0, complaints: [] });
    return stdout;
  };
  /** Asserts that two places hold the same, by their checksums and by all their bytes. */
  const same = async (one, other) => {
    for (const words of [["check", one, other], ["check", "--download", one, other]]) await done(words);
  };
  const encrypted = () => ["--s3-server-side-encryption", "aws:kms", "--s3-sse-kms-key-id", keyArn];
  const head = (Key) => owner.json("s3api", "head-object", "--bucket", "rclone-bucket", "--key", Key);

  test("a bucket is made and listed", async () => {
    await done(["mkdir", BUCKET]);
    assert.match(await done(["lsd", "aws:"]), /rclone-bucket$/m);
  });

  test("a tree is copied, brought in step and checked", async () => {
    await done(["copy", "tree", `${BUCKET}/tree`]);
    await same("tree", `${BUCKET}/tree`);
    writeFileSync(join(folder, "tree/c"), "c");
    const { complaints } = await rclone(["check", "tree", `${BUCKET}/tree`]);
    assert.match(complaints.join("\n"), /ERROR : c: file not in S3 bucket rclone-bucket path tree/);
    await done(["sync", "tree", `${BUCKET}/tree`]);
    await same("tree", `${BUCKET}/tree`);
    const listed = ["a", "c", "sub/", "sub/b ü&?"];
    for (const provider of ["Minio", "Other"]) {
      const names = (await done(["lsf", "-R", `${BUCKET}/tree`], { provider })).trim().split("\n");
      assert.deepEqual(names.sort(), listed);
    }
    await done(["sync", `${BUCKET}/tree`, "tree.back"]);
    assert.equal(readFileSync(join(folder, "tree.back/sub/b ü&?"), "utf8"), "b");
  });

  test("in parts and under a KMS key", async () => {
    await done(["copyto", ...IN_PARTS, "big", `${BUCKET}/plain/big`]);
    await done(["copy", ...IN_PARTS, ...encrypted(), "big", `${BUCKET}/sealed`]);
    await done(["sync", ...encrypted(), "tree", `${BUCKET}/sealed/tree`]);
    for (const key of ["sealed/big", "sealed/tree/a"]) assert.equal((await head(key)).SSEKMSKeyId, keyArn);
    assert.match((await head("sealed/big")).ETag, /-3"$/);
    for (const place of ["plain", "sealed"]) await same("big", `${BUCKET}/${place}`);
    await done(["copyto", `${BUCKET}/sealed/big`, "big.back"]);
    assert.deepEqual(readFileSync(join(folder, "big.back")), readFileSync(join(folder, "big")));
    assert.match(await done(["size", `${BUCKET}/plain`]), /Total size: 12 MiB/);
  });

  test("within AWS objects are copied without a way through here", async () => {
    await done(["copyto", ...encrypted(), `${BUCKET}/tree/a`, `${BUCKET}/copy/a`]);
    assert.equal((await head("copy/a")).SSEKMSKeyId, keyArn);
    await done(["moveto", ...encrypted(), `${BUCKET}/copy/a`, `${BUCKET}/moved/a`]);
    assert.equal(await done(["cat", `${BUCKET}/moved/a`]), "a");
    await done(["copyto", "--s3-copy-cutoff", "5M", ...IN_PARTS, `${BUCKET}/plain/big`, `${BUCKET}/copied/big`]);
    await same("big", `${BUCKET}/copied`);
  });

  test("a link is a presigned URL", async () => {
    const url = (await done(["link", "--expire", "60s", `${BUCKET}/tree/a`])).trim();
    const answer = await fetch(url);
    assert.deepEqual([answer.status, await answer.text()], [200, "a"]);
  });

  test("versions are kept, listed, read and cleaned up", async () => {
    assert.equal((await done(["backend", "versioning", BUCKET, "Enabled"])).trim(), "Enabled");
    for (const text of ["one", "two"]) {
      writeFileSync(join(folder, "note"), text);
      await done(["copy", "--ignore-times", "note", `${BUCKET}/notes`]);
    }
    const all = (await done(["lsf", "--s3-versions", `${BUCKET}/notes`])).trim().split("\n");
    assert.equal(all.length, 2);
    await done(["copy", "--s3-versions", `${BUCKET}/notes`, "notes.back"]);
    const texts = all.map((name) => [name === "note", readFileSync(join(folder, "notes.back", name), "utf8")]);
    assert.deepEqual(new Map(texts), new Map([[true, "two"], [false, "one"]]));
    await done(["delete", `${BUCKET}/notes`]);
    assert.equal(await done(["lsf", `${BUCKET}/notes`]), "");
    await done(["backend", "cleanup-hidden", BUCKET]);
    assert.equal(await done(["lsf", "--s3-versions", `${BUCKET}/notes`]), "");
  });

  test("who may not is told so in AWS's words, before and behind the key", async () => {
    const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
    const policy = { Version: "2012-10-17", Statement: [statement] };
    const user = await owner.user("keyless", policy);
    const nobody = await owner.user("nobody");
    const arn = (name) => `arn:aws:iam::${owner.root.accountId}:user/${name}`;
    const denied = (who, action, resource) =>
      `AccessDenied: User: ${arn(who)} is not authorized to perform: ${action} on resource: ${resource} because no ` +
      `identity-based policy allows the ${action} action`;
    const noDataKey = denied("keyless", "kms:GenerateDataKey", keyArn);
    for (const [words, who, error] of [
      [["lsf", BUCKET], nobody, denied("nobody", "s3:ListBucket", '"arn:aws:s3:::rclone-bucket"')],
      [["cat", `${BUCKET}/sealed/tree/a`], user, denied("keyless", "kms:Decrypt", keyArn)],
      [["copy", ...encrypted(), "note", `${BUCKET}/x`], user, noDataKey],
      [["copy", ...IN_PARTS, ...encrypted(), "big", `${BUCKET}/x`], user, noDataKey],
    ]) {
      const { status, stderr } = await rclone(words, { credentials: who });
      assert.notEqual(status, 0);
      assert.ok(stderr.includes(error), `${error} is not in\n${stderr}`);
    }
  });

  test("a bucket goes with all that is in it, and with what was begun", async () => {
    await owner.json("s3api", "create-multipart-upload", "--bucket", "rclone-bucket", "--key", "begun");
    assert.match(await done(["backend", "list-multipart-uploads", BUCKET]), /"Key": "begun"/);
    await done(["backend", "cleanup", "-o", "max-age=0s", BUCKET]);
    assert.doesNotMatch(await done(["backend", "list-multipart-uploads", BUCKET]), /begun/);
    await done(["purge", BUCKET]);
    assert.equal(await done(["lsd", "aws:"]), "");
  });

  test("the README says what it calls", () => assertListed("rclone", called));
});
