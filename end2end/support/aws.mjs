// The real AWS clients, pointed at one endpoint and cut off from every other source of credentials or settings.

import { spawn } from "node:child_process";
import { cleanEnvironment, required } from "./trilock.mjs";

const LIMIT = 120_000;

/**
 * The environment of an AWS client.
 *
 * - `endpoint`: the URL every service is called at.
 * - `credentials`: `{accessKeyId, secretAccessKey, sessionToken}`; none for a client that is to find its own.
 * - `imds`: the URL of an instance metadata service; without it the client asks none.
 * - `region`: `us-east-1` unless given.
 */
export function awsEnvironment({ endpoint, credentials, imds, region = "us-east-1" }) {
  const chosen = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_PAGER: "",
    AWS_MAX_ATTEMPTS: "1",
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    AWS_SESSION_TOKEN: credentials?.sessionToken,
    AWS_EC2_METADATA_DISABLED: imds ? undefined : "true",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: imds,
  };
  const set = Object.entries(chosen).filter(([, value]) => value !== undefined);
  return { ...cleanEnvironment(), ...Object.fromEntries(set) };
}

/** Runs `aws` with these words, for example `["s3", "cp", "a", "s3://b/a"]`. Gives `{status, stdout, stderr}`. */
export function aws(words, account, { cwd, input } = {}) {
  return run(required("TRILOCK_AWS_CLI"), words, { env: awsEnvironment(account), cwd, input });
}

/** As [`aws`], for a call that must succeed: gives its parsed JSON, or null if it prints nothing. */
export async function awsJson(words, account, options) {
  const { status, stdout, stderr } = await aws([...words, "--output", "json"], account, options);
  if (status !== 0) throw new Error(`aws ${words.join(" ")} ended with ${status}\n${stderr}`);
  return stdout.trim() === "" ? null : JSON.parse(stdout);
}

/** Runs a Python program that uses boto3. Gives `{status, stdout, stderr}`. */
export function python(program, account, { cwd, input } = {}) {
  return run(required("TRILOCK_PYTHON"), ["-c", program], { env: awsEnvironment(account), cwd, input });
}

/** Runs a program to its end. Gives `{status, stdout, stderr}`. */
export function run(program, words, { env, cwd, input = "" }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env, cwd, timeout: LIMIT, killSignal: "SIGKILL" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
    child.stdin.on("error", () => {}); // It may end without reading what it was given.
    child.stdin.end(input);
  });
}
