// Bad input of every kind: each gets a clear error that says what to do next, and nothing typed or built is lost.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { launchBrowser, projects, screenshot } from "../support/browser.mjs";
import { cleanEnvironment, required, startTrilock, temporaryFolder } from "../support/trilock.mjs";
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
  const visit = async () => new Visitor(await browser.newPage({ javaScriptEnabled }), server.url);

  test(`a bucket name against the rules is refused beside its field, and stays in it (${name})`, async () => {
    const visitor = await visit();
    const { page } = visitor;
    await page.goto(server.url);
    const field = page.getByRole("textbox", { name: "Bucket name" });
    await field.fill("Not_A_Bucket");
    await page.getByRole("radio", { name: "As printed" }).check();
    await visitor.press("Start the lab");
    assert.equal(await field.inputValue(), "Not_A_Bucket");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.ok(await page.getByRole("radio", { name: "As printed" }).isChecked());
    await screenshot(page, `bad-bucket-name-${name.replaceAll(" ", "-")}`);
    await field.fill("a-good-bucket-name-4711");
    await visitor.press("Start the lab");
    assert.match(page.url(), /\/steps\/policies/);
  });

  test(`a malformed policy is refused in IAM's words, and stays in the form (${name})`, async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.startLab();
    const document = page.locator("#form-create-policy-secure-bucket-admin").getByLabel("Policy document");
    const typed = '{\n  "Version": "2012-10-17",\n  "Statement": [\n';
    await document.fill(typed);
    await visitor.press("Create secure-bucket-admin");
    const call = await visitor.newestCall();
    assert.match(call.label, /CreatePolicy by Admin: 400/);
    assert.equal(call.said, "Syntax errors in policy.");
    assert.equal(await document.inputValue(), typed);
    await page.reload();
    assert.equal(await document.inputValue(), typed, "a draft survives a reload");
  });

  test(`an unknown step, call and page say so (${name})`, async () => {
    const visitor = await visit();
    await visitor.startLab();
    for (const path of ["/steps/nothing", "/activity/999999", "/nowhere"]) {
      const answer = await visitor.page.goto(`${server.url}${path}`);
      assert.equal(answer.status(), 404, path);
      await visitor.page.getByRole("link", { name: "Trilock" }).waitFor();
    }
  });

  test(`another browser has no lab, and is sent to the start (${name})`, async () => {
    const visitor = await visit();
    await visitor.page.goto(`${server.url}/steps/key`);
    assert.match(visitor.page.url(), /\/\?problem=no-lab/);
    await visitor.page.getByRole("button", { name: "Start the lab" }).waitFor();
  });

  test(`a file too large for the instance is refused with the limit (${name})`, async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.startLab();
    await visitor.setUp();
    await page.goto(`${server.url}/instance`);
    await page.getByText("Put a file of your own on the instance").click();
    const buffer = Buffer.alloc(9 * 1024 * 1024);
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "large.bin", mimeType: "application/octet-stream", buffer });
    await visitor.press("Upload");
    assert.match(await page.locator("body").textContent(), /8 MiB/);
    await page.goto(`${server.url}/instance`);
    assert.equal(await visitor.type("ls"), "", "nothing was kept of it");
    assert.match(await visitor.type("rm -rf / ; curl http://127.0.0.1"), /rm: |not/, "there is no shell behind the terminal");
    assert.match(await visitor.type("nmap localhost"), /nmap: command not found/);
  });
}

test("a cookie that was changed is no session", async () => {
  const page = await browser.newPage();
  await page.context().addCookies([{ name: "trilock", value: "forged", url: server.url }]);
  await page.goto(`${server.url}/steps/key`);
  assert.match(page.url(), /\/\?problem=no-lab/);
});

test("a form sent from a foreign page changes nothing", async () => {
  const answer = await fetch(`${server.url}/api/lab/start`, {
    method: "POST",
    headers: { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" },
    body: "listings=corrected&bucket=some-bucket-name",
    redirect: "manual",
  });
  assert.equal(answer.status, 403);
});

test("an occupied port is named, with what to do", async () => {
  const taken = new URL(server.url).host;
  const words = ["serve", "--listen", taken, "--aws-listen", "127.0.0.1:0", "--data", temporaryFolder()];
  const second = spawn(required("TRILOCK_BIN"), words, { env: cleanEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  second.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(second, "close");
  assert.notEqual(code, 0);
  assert.ok(said.includes(taken) && said.includes("--listen"), said);
});

test("killed in the middle of the walk and started again, it has lost nothing that was answered", async () => {
  const data = temporaryFolder();
  // Fixed ports, so that the browser finds the second server where it left the first.
  let mine = await startTrilock({ data });
  const listen = ["--listen", new URL(mine.url).host, "--aws-listen", new URL(mine.awsUrl).host];
  const page = await browser.newPage();
  const visitor = new Visitor(page, mine.url);
  await visitor.startLab();
  await visitor.setUp();
  await visitor.step("test-1");
  for (const line of await visitor.offered()) await visitor.type(line);
  const before = await visitor.newestCall();
  await mine.crash();

  mine = await startTrilock({ data, options: listen });
  await page.reload();
  assert.deepEqual(await visitor.newestCall(), before, "records survive");
  await visitor.step("test-4");
  await visitor.become("secure-key-admin");
  assert.equal(await visitor.actingAs(), "secure-key-admin", "the session and its roles survive");
  await visitor.press("Remove key user");
  await visitor.expectSuccess("PutKeyPolicy");
  await mine.crash();

  mine = await startTrilock({ data, options: listen });
  await visitor.step("test-4");
  const download = (await visitor.offered()).find((line) => line.startsWith("aws s3 cp s3://"));
  assert.match(await visitor.type(download), /AccessDenied.*kms:Decrypt/, "the key policy as it was answered is in force");
  await mine.stop();
});
