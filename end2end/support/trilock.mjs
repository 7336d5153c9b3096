// Starts a Trilock of its own for a spec: free loopback ports, a data folder that only it uses.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_LIMIT = 30_000;
const STOP_LIMIT = 10_000;

// Neither a server nor its data outlives the spec, however the spec ends.
const running = new Set();
const folders = new Set();
process.once("exit", () => {
  running.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** A folder for this spec, removed when it ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "trilock-spec-"));
  folders.add(folder);
  return folder;
}

/**
 * What a server has said about itself on standard output: `{url, awsUrl}`, each undefined if not said yet. It prints
 * `Trilock  http://127.0.0.1:3000` and `AWS      http://127.0.0.1:4566`.
 */
export function addressesIn(lines) {
  const after = (name) => lines.map((line) => line.match(new RegExp(`^${name}\\s+(http://\\S+)$`))).find(Boolean)?.[1];
  return { url: after("Trilock"), awsUrl: after("AWS") };
}

/** This environment without anything that would lead a client to a real AWS account or through a proxy. */
export function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_.*|(https?|all)_proxy)$/i.test(name));
  return Object.fromEntries(kept);
}

/** An environment variable that `cargo xtask test` sets. */
export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the specs with \`cargo xtask test\``);
  return value;
}

/**
 * Runs `trilock serve` and resolves once it has printed both addresses.
 *
 * - `data`: the data folder of an earlier server; without it, a fresh one.
 * - `options`: more words for the command line; an option given here replaces the helper's own.
 * - `env`: more environment.
 *
 * Gives `{url, awsUrl, pid, data, log(), stop(), crash()}`. `stop` asks the server to end and gives its exit code, or
 * null if it had to be killed; `crash` kills it at once. Both keep the data for the next start.
 */
export async function startTrilock({ data = temporaryFolder(), options = [], env = {} } = {}) {
  const own = [["--listen", "127.0.0.1:0"], ["--aws-listen", "127.0.0.1:0"], ["--data", data]];
  const defaults = own.filter(([name]) => !options.includes(name)).flat();
  const server = await start(["serve", ...defaults, ...options], env, (found) => found.url && found.awsUrl);
  return { ...server, data };
}

/**
 * Runs `trilock sandbox` in memory, with these accounts (`ACCOUNT_ID:ACCESS_KEY_ID:SECRET`), and resolves once it has
 * printed its address. Gives the same as [`startTrilock`] but `url` and `data`.
 */
export function startSandbox({ accounts = [], options = [] } = {}) {
  const held = accounts.flatMap((account) => ["--account", account]);
  return start(["sandbox", "--listen", "127.0.0.1:0", "--in-memory", ...held, ...options], {}, (found) => found.awsUrl);
}

/** Runs the server with these words until it has printed what `complete` wants to have found. */
async function start(words, env, complete) {
  const child = spawn(required("TRILOCK_BIN"), words, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const closed = once(child, "close").finally(() => running.delete(child));
  closed.catch(() => {}); // That it did not start at all is told below.

  const said = [];
  const log = [];
  const ready = new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`trilock did not start: ${why}\n${log.join("\n")}`));
    createInterface(child.stderr).on("line", (line) => log.push(line));
    createInterface(child.stdout).on("line", (line) => {
      log.push(line);
      said.push(line);
      const found = addressesIn(said);
      if (complete(found)) resolve(found);
    });
    child.once("error", (error) => fail(error.message));
    child.once("close", (code, signal) => fail(`it ended with ${code ?? signal}`));
    setTimeout(() => fail(`no addresses after ${START_LIMIT} ms`), START_LIMIT).unref();
  });

  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const impatient = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
    const [code] = await closed;
    clearTimeout(impatient);
    return code;
  };

  try {
    const { url, awsUrl } = await ready;
    return {
      url,
      awsUrl,
      pid: child.pid,
      log: () => log.join("\n"),
      stop: () => end("SIGTERM"),
      crash: () => end("SIGKILL"),
    };
  } catch (error) {
    if (child.pid !== undefined) await end("SIGKILL");
    throw error;
  }
}
