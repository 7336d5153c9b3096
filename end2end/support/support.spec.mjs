// The helpers themselves: what the other specs rely on is checked before it is relied on.

import assert from "node:assert/strict";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { aws, awsEnvironment, python } from "./aws.mjs";
import { launchBrowser, projects, screenshot } from "./browser.mjs";
import { operationOf } from "./calls.mjs";
import { pythonChecks } from "./python.mjs";
import { addressesIn, cleanEnvironment, startTrilock, temporaryFolder } from "./trilock.mjs";

/** A program in place of the server, for what a real one would do only by accident. */
async function withServer(script, work) {
  const program = join(temporaryFolder(), "server");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const real = process.env.TRILOCK_BIN;
  process.env.TRILOCK_BIN = program;
  try {
    return await work();
  } finally {
    process.env.TRILOCK_BIN = real;
  }
}

describe("the server", () => {
  const announce = "echo 'Trilock  http://127.0.0.1:1'; echo 'AWS      http://127.0.0.1:2'";

  test("its addresses are read from what it prints, and from nothing else", () => {
    const both = ["starting", "Trilock  http://127.0.0.1:3000", "AWS      http://127.0.0.1:4566"];
    assert.deepEqual(addressesIn(both), { url: "http://127.0.0.1:3000", awsUrl: "http://127.0.0.1:4566" });
    assert.deepEqual(addressesIn(["see Trilock  http://x"]), { url: undefined, awsUrl: undefined });
  });

  test("it gets free ports and a folder of its own unless the spec chooses", async () => {
    await withServer(`${announce}; echo "$@" >&2; exec sleep 60`, async () => {
      const server = await startTrilock({ options: ["--listen", "127.0.0.1:9"] });
      await server.stop();
      const words = `serve --aws-listen 127.0.0.1:0 --data ${server.data} --listen 127.0.0.1:9`;
      assert.ok(server.log().includes(words), server.log());
      assert.ok(existsSync(server.data), "the data stays for the next start");
    });
  });

  test("it is gone after stop and after crash", async () => {
    await withServer(`${announce}; exec sleep 60`, async () => {
      for (const way of ["stop", "crash"]) {
        const server = await startTrilock();
        await server[way]();
        assert.throws(() => process.kill(server.pid, 0), { code: "ESRCH" }, way);
      }
    });
  });

  test("that it did not start is told with what it said", async () => {
    await withServer("echo 'address in use' >&2; exit 1", async () => {
      await assert.rejects(startTrilock(), /did not start: it ended with 1\naddress in use/);
    });
  });
});

describe("the AWS clients", () => {
  const account = {
    endpoint: "http://127.0.0.1:1",
    credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "example", sessionToken: undefined },
  };

  test("they see no settings but those of the spec", () => {
    process.env.AWS_PROFILE = "production";
    process.env.HTTPS_PROXY = "http://127.0.0.1:2";
    try {
      assert.equal(cleanEnvironment().AWS_PROFILE, undefined);
      const env = awsEnvironment(account);
      assert.equal(env.AWS_PROFILE, undefined);
      assert.equal(env.HTTPS_PROXY, undefined);
      assert.equal("AWS_SESSION_TOKEN" in env, false);
      assert.equal(env.AWS_ENDPOINT_URL, "http://127.0.0.1:1");
      assert.equal(env.AWS_EC2_METADATA_DISABLED, "true");
      assert.equal(awsEnvironment({ ...account, imds: "http://127.0.0.1:3" }).AWS_EC2_METADATA_DISABLED, undefined);
    } finally {
      delete process.env.AWS_PROFILE;
      delete process.env.HTTPS_PROXY;
    }
  });

  test("the AWS CLI calls the endpoint of the spec", async () => {
    const { status, stderr } = await aws(["sts", "get-caller-identity"], account);
    assert.notEqual(status, 0);
    assert.match(stderr, /Could not connect to the endpoint URL: "http:\/\/127\.0\.0\.1:1\/"/);
  });

  test("Python has boto3, pointed at the same endpoint", async () => {
    const program = "import boto3; print(boto3.client('kms').meta.endpoint_url)";
    assert.deepEqual(await python(program, account), { status: 0, stdout: "http://127.0.0.1:1\n", stderr: "" });
  });
});

pythonChecks("the reader of answers finds what is wrong with them", join(import.meta.dirname, "python/answers_check.py"));

test("the operation of S3 that a request calls is told by its method and path", () => {
  for (const [method, target, operation, copies] of [
    ["GET", "/", "ListBuckets"],
    ["GET", "/b", "ListObjects"],
    ["GET", "/b/?list-type=2&prefix=a", "ListObjectsV2"],
    ["GET", "/b?versions=", "ListObjectVersions"],
    ["GET", "/b?location", "GetBucketLocation"],
    ["PUT", "/b/?policy", "PutBucketPolicy"],
    ["POST", "/b?delete", "DeleteObjects"],
    ["GET", "/b?uploads", "ListMultipartUploads"],
    ["DELETE", "/b/a%20key", "DeleteObject"],
    ["GET", "/b/k?acl", "GetObjectAcl"],
    ["PUT", "/b/k", "CopyObject", true],
    ["POST", "/b/k?uploads=", "CreateMultipartUpload"],
    ["PUT", "/b/k?partNumber=1&uploadId=x", "UploadPart"],
    ["PUT", "/b/k?partNumber=1&uploadId=x", "UploadPartCopy", true],
    ["POST", "/b/k?uploadId=x", "CompleteMultipartUpload"],
  ]) {
    assert.equal(operationOf(method, target, copies), operation, `${method} ${target}`);
  }
});

describe("the browser", () => {
  let browser, site;
  before(async () => {
    browser = await launchBrowser();
    site = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<h1>off</h1><script>document.querySelector('h1').textContent = 'on'; oops()</script>");
    });
    await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });

  for (const { name, javaScriptEnabled } of projects) {
    test(`${name} is what the page sees, and its problems are noted`, async () => {
      const page = await browser.newPage({ javaScriptEnabled, width: 400 });
      await page.goto(`http://127.0.0.1:${site.address().port}/`);
      assert.equal(await page.getByRole("heading").textContent(), javaScriptEnabled ? "on" : "off");
      assert.deepEqual(page.viewportSize(), { width: 400, height: 900 });
      const icon = page.problems.filter((problem) => !problem.includes("oops"));
      assert.deepEqual(icon, []);
      assert.equal(page.problems.length, javaScriptEnabled ? 1 : 0);
      assert.ok(existsSync(await screenshot(page, `support-${name.replaceAll(" ", "-")}`)));
    });
  }
});
