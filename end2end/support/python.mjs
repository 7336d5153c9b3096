// Specs written in Python for the clients that live there: each test of a file becomes one of the runner's.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { awsEnvironment } from "./aws.mjs";
import { required, startSandbox } from "./trilock.mjs";

const SUPPORT = join(import.meta.dirname, "python");

/** Accounts of the embedded AWS, as `trilock sandbox --account` takes them, with the keys of AWS's own examples. */
export const ACCOUNTS = [
  "111122223333:AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "444455556666:AKIAI44QH8DHBEXAMPLE:je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
];

/**
 * Runs the tests in a Python file, in the order they are written in, against an embedded AWS of their own, which is started
 * with these options.
 */
export function pythonTests(name, file, env = {}, options = []) {
  test(name, async (t) => {
    const sandbox = await startSandbox({ accounts: ACCOUNTS, options });
    try {
      await reportAll(t, file, { ...environment(sandbox.awsUrl), ...env });
    } finally {
      await sandbox.stop();
    }
  });
}

/** Runs the tests in a Python file that need no AWS. */
export function pythonChecks(name, file) {
  test(name, (t) => reportAll(t, file, environment("http://127.0.0.1:1")));
}

function environment(endpoint) {
  return {
    ...awsEnvironment({ endpoint, imds: "http://127.0.0.1:1" }),
    TRILOCK_ACCOUNTS: ACCOUNTS.join(" "),
    PYTHONPATH: SUPPORT,
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

async function reportAll(t, file, env) {
  const words = [join(SUPPORT, "run.py"), file];
  const child = spawn(required("TRILOCK_PYTHON"), words, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const { name, failure } = JSON.parse(line);
    count += 1;
    await t.test(name, () => failure && assert.fail(failure));
  }
  const status = await ended;
  assert.ok(count > 0 && (status === 0 || status === 1), `the tests ended with ${status}\n${said}`);
}
