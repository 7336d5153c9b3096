// s3cmd, as Debian has it: files up and down, trees, copies, and what it says when it may not.

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

const BUCKET = "s3://s3cmd-bucket";
const MIB = 1 << 20;
// s3cmd traces what it signs: method, path, query, headers.
const SIGNED = /Canonical Request:\n(\w+)\n(.*)\n(.*)\n([^]*?)\n-{3}/g;

describe("s3cmd", { concurrency: 1 }, () => {
  let sandbox, folder, owner, keyArn;
  const called = new Set();

  before(async () => {
    folder = temporaryFolder();
    writeFileSync(join(folder, "small"), "a small thing\n");
    writeFileSync(join(folder, "big"), randomBytes(12 * MIB));
    mkdirSync(join(folder, "tree/sub"), { recursive: true });
    writeFileSync(join(folder, "tree/a"), "a");
    writeFileSync(join(folder, "tree/sub/b ü"), "b");
    sandbox = await startSandbox({ accounts: ACCOUNTS });
    owner = account(sandbox.awsUrl);
    keyArn = await owner.key();
  });
  after(() => sandbox?.stop());

  /** What s3cmd printed, and what it complained of: errors and warnings, but for what it traces. */
  const s3cmd = async (words, { credentials = owner.root, region = "us-east-1" } = {}) => {
    const host = new URL(sandbox.awsUrl).host;
    const options = {
      config: "/dev/null",
      access_key: credentials.accessKeyId,
      secret_key: credentials.secretAccessKey,
      host,
      "host-bucket": host,
      region,
    };
    const typed = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const flags = [...typed, "--no-ssl", "--no-progress", "--debug"];
    const { status, stdout, stderr } = await run(required("TRILOCK_S3CMD"), [...flags, ...words], {
      env: { ...cleanEnvironment(), HOME: folder },
      cwd: folder,
    });
    for (const [, method, path, query, headers] of stderr.matchAll(SIGNED)) {
      called.add(operationOf(method, `${path}?${query}`, headers.includes("x-amz-copy-source")));
    }
    const complaints = stderr.split("\n").filter((line) => /^(ERROR|WARNING)/.test(line));
    return { status, stdout, complaints };
  };
  /** As `s3cmd`, for what must succeed without a complaint: gives what it printed. */
  const done = async (...words) => {
    const { status, stdout, complaints } = await s3cmd(words);
    assert.deepEqual({ status, complaints }, { status: 0, complaints: [] });
    return stdout;
  };
  /** As `s3cmd`, for what must be refused: asserts that this is the error, and that nothing was tried again. */
  const refused = async (error, words, who) => {
    const { status, complaints } = await s3cmd(words, who);
    assert.notEqual(status, 0);
    assert.deepEqual([complaints.at(-1), complaints.filter((line) => line.startsWith("WARNING"))], [`ERROR: ${error}`, []]);
  };
  const encrypted = () => ["--server-side-encryption", `--server-side-encryption-kms-id=${keyArn}`];

  test("a bucket is made and listed", async () => {
    assert.match(await done("mb", BUCKET), /Bucket 's3:\/\/s3cmd-bucket\/' created/);
    assert.match(await done("ls"), /s3:\/\/s3cmd-bucket$/m);
    const info = await done("info", BUCKET);
    assert.match(info, /Location: +us-east-1/);
    assert.match(info, /Policy: +none/);
  });

  test("a file goes up, in one piece and in parts, and comes back", async () => {
    await done("put", "small", `${BUCKET}/small`);
    await done("put", "--multipart-chunk-size-mb=5", "big", `${BUCKET}/big`);
    const list = await done("ls", BUCKET);
    assert.match(list, /12582912 +s3:\/\/s3cmd-bucket\/big$/m);
    for (const name of ["small", "big"]) {
      await done("get", `${BUCKET}/${name}`, `${name}.back`);
      assert.deepEqual(readFileSync(join(folder, `${name}.back`)), readFileSync(join(folder, name)));
    }
    assert.match(await done("info", `${BUCKET}/small`), /SSE: +AES256/);
    assert.match(await done("du", BUCKET), /^ *12582926 +2 objects/m);
  });

  test("under a KMS key", async () => {
    await done("put", ...encrypted(), "small", `${BUCKET}/sealed`);
    await done("put", ...encrypted(), "--multipart-chunk-size-mb=5", "big", `${BUCKET}/sealed-big`);
    const at = ["--bucket", "s3cmd-bucket", "--key"];
    for (const key of ["sealed", "sealed-big"]) {
      assert.equal((await owner.json("s3api", "head-object", ...at, key)).SSEKMSKeyId, keyArn);
      assert.match(await done("info", `${BUCKET}/${key}`), /SSE: +aws:kms/);
    }
    await done("get", `${BUCKET}/sealed-big`, "sealed.back");
    assert.deepEqual(readFileSync(join(folder, "sealed.back")), readFileSync(join(folder, "big")));
    const error = "S3 error: 400 (KMS.NotFoundException): Invalid keyId 'no-key'";
    const noKey = ["--server-side-encryption", "--server-side-encryption-kms-id=no-key"];
    await refused(error, ["put", ...noKey, "small", `${BUCKET}/x`]);
  });

  test("a tree is brought in step both ways", async () => {
    const first = await done("sync", "tree/", `${BUCKET}/tree/`);
    assert.match(first, /tree\/sub\/b ü/);
    assert.equal(await done("sync", "tree/", `${BUCKET}/tree/`), "");
    await done("sync", `${BUCKET}/tree/`, "tree.back/");
    assert.equal(readFileSync(join(folder, "tree.back/sub/b ü"), "utf8"), "b");
    writeFileSync(join(folder, "tree/a"), "changed");
    assert.match(await done("sync", "tree/", `${BUCKET}/tree/`), /tree\/a/);
    const away = await done("sync", "--acl-private", "--delete-removed", "tree/sub/", `${BUCKET}/tree/`);
    assert.match(away, /delete: 's3:\/\/s3cmd-bucket\/tree\/a'/);
  });

  test("objects are copied, moved, changed and deleted", async () => {
    // As on AWS, where buckets have no access control lists, s3cmd must be told not to copy any (s3tools/s3cmd#1304).
    const none = "Copy failed for: 's3://s3cmd-bucket/small' (400 (AccessControlListNotSupported): The bucket does not allow ACLs)";
    await refused(none, ["cp", `${BUCKET}/small`, `${BUCKET}/copy`]);
    await done("cp", "--acl-private", `${BUCKET}/small`, `${BUCKET}/copy`);
    await done("mv", "--acl-private", `${BUCKET}/copy`, `${BUCKET}/moved`);
    await done("modify", "--acl-private", "--add-header=x-amz-meta-colour:red", `${BUCKET}/moved`);
    assert.match(await done("info", `${BUCKET}/moved`), /x-amz-meta-colour: +red/);
    await done("del", `${BUCKET}/moved`);
    assert.doesNotMatch(await done("ls", BUCKET), /moved|copy/);
  });

  test("uploads that were begun are listed, and dropped", async () => {
    const at = ["--bucket", "s3cmd-bucket", "--key", "begun"];
    const { UploadId } = await owner.json("s3api", "create-multipart-upload", ...at);
    assert.match(await done("multipart", BUCKET), new RegExp(UploadId));
    await done("listmp", `${BUCKET}/begun`, UploadId);
    await done("abortmp", `${BUCKET}/begun`, UploadId);
    assert.doesNotMatch(await done("multipart", BUCKET), new RegExp(UploadId));
  });

  test("a bucket policy is set, shown and taken away", async () => {
    const Resource = "arn:aws:s3:::s3cmd-bucket/secret";
    const statement = { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource };
    writeFileSync(join(folder, "policy.json"), JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
    await done("setpolicy", "policy.json", BUCKET);
    assert.match(await done("info", BUCKET), /Policy: .*s3:GetObject/s);
    await done("delpolicy", BUCKET);
  });

  test("its signed URLs are of Signature Version 2, which is refused", async () => {
    const url = (await done("signurl", `${BUCKET}/small`, "+60")).trim();
    const answer = await fetch(url);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /Please use AWS4-HMAC-SHA256\./);
  });

  test("who may not is told so, once and in AWS's words", async () => {
    const nobody = { credentials: await owner.user("nobody") };
    const arn = `arn:aws:iam::${owner.root.accountId}:user/nobody`;
    const denied = (action, resource) =>
      `S3 error: 403 (AccessDenied): User: ${arn} is not authorized to perform: ${action} on resource: "${resource}" ` +
      `because no identity-based policy allows the ${action} action`;
    await refused(denied("s3:ListBucket", "arn:aws:s3:::s3cmd-bucket"), ["ls", BUCKET], nobody);
    for (const file of ["small", "big"]) {
      const error = denied("s3:PutObject", "arn:aws:s3:::s3cmd-bucket/x");
      await refused(error, ["put", "--disable-multipart", file, `${BUCKET}/x`], nobody);
    }
    const forged = { credentials: { ...owner.root, secretAccessKey: "guessed" } };
    const mismatch =
      "S3 error: 403 (SignatureDoesNotMatch): The request signature we calculated does not match the signature you " +
      "provided. Check your key and signing method.";
    await refused(mismatch, ["ls", BUCKET], forged);
    await refused("S3 error: 404 (NoSuchKey): The specified key does not exist.", ["info", `${BUCKET}/missing`]);
  });

  test("configured for another region it finds the right one by itself", async () => {
    const put = ["put", "--disable-multipart"];
    for (const words of [["ls", BUCKET], [...put, "small", `${BUCKET}/abroad`], [...put, "big", `${BUCKET}/abroad`]]) {
      const { status, complaints } = await s3cmd(words, { region: "eu-west-1" });
      assert.deepEqual({ status, complaints }, { status: 0, complaints: [] });
    }
  });

  test("a bucket goes with all that is in it", async () => {
    await refused("S3 error: 409 (BucketNotEmpty): The bucket you tried to delete is not empty", ["rb", BUCKET]);
    await done("del", "--recursive", "--force", BUCKET);
    await done("rb", BUCKET);
    assert.equal(await done("ls"), "");
  });

  test("the README says what it calls", () => assertListed("s3cmd", called));
});
