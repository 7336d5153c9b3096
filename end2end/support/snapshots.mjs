// ARIA snapshots: a page as assistive technology is told of it, kept as files and compared.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SNAPSHOTS = join(import.meta.dirname, "..", "browser", "snapshots");

/** What differs from lab to lab, and what stands for it. The order matters: an id may hold what another looks like. */
const CHANGING = [
  [/i-[0-9a-f]{17}/g, "i-INSTANCE"],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID"],
  [/\b[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\b/g, "UUID"],
  [/(AKIA|ASIA|AROA|AIDA|AIPA|ANPA)[A-Z0-9]{16,17}/g, "$1ID"],
  [/secure-demo-bucket-[0-9a-f]{10}/g, "SUGGESTED-BUCKET"],
  [/secure-demo-bucket-\d{4}/g, "BUCKET"],
  [/\b\d{12}\b/g, "ACCOUNT"],
  [/\b[0-9A-Z]{16}\b/g, "REQUEST-ID"],
  [/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| UTC)?/g, "TIME"],
  [/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "TIME"],
  [/\d\d:\d\d:\d\d UTC/g, "TIME"],
  // How many calls were made before says nothing of a page.
  [/\/activity\/\d+/g, "/activity/NUMBER"],
  [/#call-\d+/g, "#call-NUMBER"],
  [/\b([Cc])all \d+\b/g, "$1all NUMBER"],
  [/(\d+ h )?\d+ (min|s) left/g, "TIME left"],
];

/** The text with what differs from lab to lab replaced. */
export function steady(text) {
  return CHANGING.reduce((text, [changing, name]) => text.replace(changing, name), text);
}

/**
 * Compares the ARIA snapshot of what the locator finds with the one in `browser/snapshots/<name>.yml`. `UPDATE_SNAPSHOTS=1`
 * writes it instead: look at the difference before you commit it.
 */
export async function matchesSnapshot(locator, name) {
  const path = join(SNAPSHOTS, `${name}.yml`);
  const now = `${steady(await locator.ariaSnapshot())}\n`;
  if (process.env.UPDATE_SNAPSHOTS) {
    mkdirSync(SNAPSHOTS, { recursive: true });
    writeFileSync(path, now);
    return;
  }
  assert.ok(existsSync(path), `there is no snapshot ${name}: write it with UPDATE_SNAPSHOTS=1`);
  assert.equal(now, readFileSync(path, "utf8"), `${name} reads otherwise: if it should, write it with UPDATE_SNAPSHOTS=1`);
}
