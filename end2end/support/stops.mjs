// Every page of the console and every state it can be in, in the order in which one person comes by them. The specs that
// look at all pages (accessibility, snapshots, screenshots) go by this list: a new page is one more line of it.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Any will do that nobody has on this server; its other walk is another account, so it ends otherwise. */
let buckets = 0;
const bucketName = () => `secure-demo-bucket-${String(++buckets).padStart(4, "0")}`;

/**
 * Each walk starts in an empty browser. A stop has a `name`, and a `path` to open, or `arrange(visitor, server)` that brings
 * the page into a state, or both: first arranged, then opened. Stops build on those before them.
 */
export const WALKS = [
  {
    name: "corrected",
    stops: [
      { name: "first-page", path: "/" },
      { name: "first-page-refused", arrange: refusedBucketName },
      { name: "first-page-without-lab", path: "/steps/key" },
      { name: "not-found-without-lab", path: "/nowhere" },

      { name: "policies", arrange: (visitor) => startLab(visitor, "Corrected") },
      { name: "first-page-with-lab", path: "/" },
      { name: "words", path: "/words" },
      { name: "activity-empty", path: "/activity" },
      { name: "instance-absent", path: "/instance" },
      { name: "policies-refused", arrange: refusedPolicy },
      { name: "policies-done", arrange: createPolicies },

      { name: "roles", path: "/steps/roles" },
      { name: "roles-done", arrange: createRoles },
      { name: "roles-trust-refused", arrange: (visitor) => visitor.become("authorized-users") },

      { name: "bucket-wrong-role", path: "/steps/bucket" },
      { name: "bucket", arrange: (visitor) => visitor.become("secure-bucket-admin") },
      { name: "bucket-refused", arrange: refusedSecondBucket },
      { name: "bucket-done", arrange: createBucket },

      { name: "key-wrong-role", path: "/steps/key" },
      { name: "key", arrange: (visitor) => visitor.become("secure-key-admin") },
      { name: "key-refused", arrange: refusedKey },
      { name: "key-done", arrange: createKey },

      { name: "bucket-policy-wrong-role", path: "/steps/bucket-policy" },
      { name: "bucket-policy", arrange: (visitor) => visitor.become("secure-bucket-admin") },
      { name: "bucket-policy-done", arrange: (visitor) => visitor.press("Put bucket policy") },

      { name: "instance-step-wrong-role", path: "/steps/instance" },
      { name: "instance-step", arrange: (visitor) => visitor.become("Admin") },
      { name: "instance-step-done", arrange: (visitor) => visitor.press("Launch instance") },

      { name: "test-1", path: "/steps/test-1" },
      { name: "test-1-done", arrange: runOffered },
      { name: "test-2", path: "/steps/test-2" },
      { name: "test-2-done", arrange: runOffered },
      { name: "test-3", path: "/steps/test-3" },
      { name: "test-3-done", arrange: runOffered },

      { name: "test-4", path: "/steps/test-4" },
      { name: "test-4-wrong-role", arrange: removeKeyUserAsBucketAdmin },
      { name: "test-4-done", arrange: removeKeyUser },
      { name: "restore", path: "/steps/restore" },
      { name: "restore-done", arrange: addKeyUser },

      { name: "locks", path: "/locks" },
      { name: "what-if", path: "/what-if" },
      { name: "first-page-complete", path: "/" },
      { name: "activity", path: "/activity" },
      { name: "call", arrange: openCall },
      { name: "instance", path: "/instance" },
      { name: "instance-refused", arrange: refusedCommand },
      { name: "call-not-found", path: "/activity/999999" },
      { name: "step-not-found", path: "/steps/nothing" },
      { name: "not-found", path: "/nowhere" },

      { name: "role-expired", path: "/steps/restore", arrange: expireRoles },
      { name: "role-expired-refused", arrange: (visitor) => visitor.press("Remove key user") },
    ],
  },
  {
    name: "printed",
    stops: [
      { name: "printed-policies", arrange: (visitor) => startLab(visitor, "As printed") },
      { name: "printed-roles", path: "/steps/roles", arrange: createPolicies },
      { name: "printed-bucket", path: "/steps/bucket", arrange: createRoles },
      { name: "printed-key", path: "/steps/key" },
      { name: "printed-key-refused", arrange: refusedPrintedKey },
      { name: "printed-bucket-policy", path: "/steps/bucket-policy" },
    ],
  },
];

/** Brings the visitor's page to a stop. */
export async function goTo(stop, visitor, server) {
  await stop.arrange?.(visitor, server);
  if (stop.path) await visitor.page.goto(`${server.url}${stop.path}`);
}

/**
 * Lets the credentials of every role that the console holds run out, as they do after an hour. Nobody can wait for that, so
 * the time the console noted for them is set back where it is kept.
 */
export function expireRoles(_visitor, server) {
  const script = `import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    database.execute("UPDATE vault SET expires_at = 1 WHERE expires_at IS NOT NULL AND persona NOT LIKE '%nstance%'")`;
  execFileSync(process.env.TRILOCK_PYTHON || "python3", ["-c", script, join(server.data, "console.db")]);
}

async function startLab(visitor, listings) {
  await visitor.page.goto(visitor.url);
  await visitor.page.getByRole("radio", { name: listings }).check();
  await visitor.page.getByRole("textbox", { name: "Bucket name" }).fill(bucketName());
  await visitor.press("Start the lab");
}

async function refusedBucketName({ page }) {
  await page.getByRole("textbox", { name: "Bucket name" }).fill("Not_A_Bucket");
  await page.getByRole("button", { name: "Start the lab" }).click();
  await page.getByRole("alert").first().waitFor();
}

async function refusedPolicy(visitor) {
  await visitor.step("policies");
  const form = visitor.page.locator("#form-create-policy-secure-bucket-admin");
  const document = form.getByLabel("Policy document");
  const good = await document.inputValue();
  await document.fill('{\n  "Version": "2012-10-17",\n  "Statement": [\n');
  await visitor.press("Create secure-bucket-admin");
  visitor.goodDocument = good;
}

async function createPolicies(visitor) {
  await visitor.step("policies");
  if (visitor.goodDocument) {
    const form = visitor.page.locator("#form-create-policy-secure-bucket-admin");
    await form.getByLabel("Policy document").fill(visitor.goodDocument);
  }
  for (const policy of ["secure-bucket-admin", "secure-key-admin", "secure-bucket-access"]) {
    await visitor.press(`Create ${policy}`);
  }
}

async function createRoles(visitor) {
  await visitor.step("roles");
  for (const [role, policy] of [
    ["secure-bucket-admin", "secure-bucket-admin"],
    ["secure-key-admin", "secure-key-admin"],
    ["authorized-users", "secure-bucket-access"],
  ]) {
    await visitor.press(`Create role ${role}`);
    await visitor.press(`Attach policy ${policy}`);
  }
  await visitor.press("Create instance profile");
}

async function refusedSecondBucket(visitor) {
  const field = visitor.page.getByRole("textbox", { name: "Bucket name" });
  visitor.bucket = await field.inputValue();
  await field.fill("a..b");
  await visitor.press("Create bucket");
}

async function createBucket(visitor) {
  await visitor.page.getByRole("textbox", { name: "Bucket name" }).fill(visitor.bucket);
  await visitor.press("Create bucket");
}

async function refusedKey(visitor) {
  await visitor.page.getByRole("textbox", { name: "Alias" }).fill(" ");
  await visitor.press("Create key");
}

async function createKey(visitor) {
  await visitor.page.getByRole("textbox", { name: "Alias" }).fill("secure-demo-key");
  await visitor.press("Create key");
}

async function runOffered(visitor) {
  for (const line of await visitor.offered()) await visitor.type(line);
}

async function removeKeyUserAsBucketAdmin(visitor) {
  await visitor.become("secure-bucket-admin");
  await visitor.press("Remove key user");
}

async function removeKeyUser(visitor) {
  await visitor.become("secure-key-admin");
  await visitor.press("Remove key user");
  await runOffered(visitor);
}

async function addKeyUser(visitor) {
  await visitor.press("Add key user");
  await runOffered(visitor);
}

async function openCall(visitor) {
  await visitor.page.getByRole("link", { name: /GetObject/ }).first().click();
  await visitor.page.getByRole("region", { name: "Over the wire" }).waitFor();
}

async function refusedCommand(visitor) {
  await visitor.page.getByRole("textbox", { name: "command" }).fill(" ");
  await visitor.page.locator("#form-run").getByRole("button", { name: "Run" }).click();
  await visitor.page.getByRole("alert").first().waitFor();
}

async function refusedPrintedKey(visitor) {
  await visitor.become("secure-key-admin");
  await visitor.press("Create key");
}
