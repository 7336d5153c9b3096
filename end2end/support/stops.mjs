// Every page of the console and every state it can be in, in the order in which one person comes by them. The specs that
// look at all pages (accessibility, snapshots, screenshots) go by this list: a new page is one more line of it.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Any will do that nobody has on this server; its other walk is another account, so it ends otherwise. */
let buckets = 0;
const bucketName = () => `secure-demo-bucket-${String(++buckets).padStart(4, "0")}`;

/**
 * Each walk starts in an empty browser. A stop has a `name`, and a `path` to open, or `arrange(visitor, server)` that brings
 * the page into a state, or both: first arranged, then opened. Stops build on those before them. A stop that is `alike` has
 * nothing that another has not, and is measured less. One that `holdsTab` keeps Tab to a part of the page: a dialog, or halves that are
 * pages of their own.
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
      { name: "bucket-policy-checked", arrange: (visitor) => visitor.press("Check my work") },

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

      { name: "first-page-complete", path: "/" },
      { name: "activity", path: "/activity" },
      { name: "call", arrange: openCall },
      { name: "instance", path: "/instance" },
      { name: "instance-refused", arrange: refusedCommand },
      { name: "instance-files", path: "/instance", arrange: fetchFiles },
      { name: "instance-own-key", path: "/instance", arrange: ownAccessKey },
      { name: "palette-open", arrange: openPalette, holdsTab: true },
      { name: "side-by-side", path: "/side-by-side/secure-key-admin/instance", holdsTab: true },
      { name: "tab-of-its-own", path: "/as/secure-key-admin/steps/test-4" },
      { name: "call-not-found", path: "/activity/999999" },
      { name: "step-not-found", path: "/steps/nothing" },
      { name: "not-found", path: "/nowhere" },

      { name: "role-expired", path: "/steps/test-4", arrange: expireRoles },
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
      { name: "printed-stopped", arrange: (visitor) => solve(visitor, "key") },
      { name: "printed-corrected", arrange: (visitor) => visitor.press("Correct Listing 2 and go on") },
      { name: "printed-bucket-policy", path: "/steps/bucket-policy" },
    ],
  },
  {
    name: "helped",
    stops: [
      { name: "lab-empty", path: "/lab", arrange: (visitor) => startLab(visitor, "Corrected") },
      { name: "locks-empty", path: "/locks" },
      { name: "what-if-empty", path: "/what-if" },
      { name: "scenario-not-yet", path: "/drills/bucket-opened" },
      { name: "step-check-failed", arrange: checkPolicies },
      { name: "listing-difference", arrange: (visitor) => compareListing(visitor, 2) },
      { name: "step-hints", arrange: openHints },
      { name: "step-skipped", path: "/steps/bucket", arrange: skipBucket },
      { name: "step-solved", arrange: (visitor) => solve(visitor, "test-1") },
      { name: "step-undo-nothing", path: "/steps/test-2/undo" },
      { name: "more", path: "/more", arrange: (visitor) => solve(visitor, "restore") },
      { name: "drills", path: "/drills" },
      { name: "cost", path: "/more/cost" },
      { name: "tutorial", path: "/tutorial" },
      { name: "lab", path: "/lab" },

      ...scenario("more/key-of-another-account"),
      ...scenario("more/another-service"),
      ...scenario("more/encrypt-only-decrypt-only"),
      ...scenario("more/default-encryption"),
      ...scenario("more/not-retroactive"),
      ...scenario("more/bucket-admin-deletes"),
      ...scenario("more/key-admin-makes-data-keys"),
      ...scenario("more/admin-still-reads"),
      ...scenario("more/iam-alone-undoes"),
      ...scenario("more/root-statement-narrowed"),
      ...scenario("drills/bucket-opened"),
      ...scenario("drills/iam-too-wide"),
      ...scenario("drills/key-user-added"),
      ...scenario("drills/two-at-once"),
      { name: "scenario-another-open", path: "/drills/bucket-opened" },
      { name: "scenario-put-back", arrange: putTwoAtOnceBack },
      { name: "scenario-otherwise", path: "/more/not-retroactive", arrange: moveOtherwise },

      { name: "locks", path: "/locks", arrange: putBack },
      { name: "what-if", path: "/what-if" },
      { name: "what-if-changed", arrange: takeKeyUserAwayOnPaper },
      { name: "what-if-applied", arrange: (visitor) => visitor.press("Apply key policy") },
      { name: "what-if-unreadable", arrange: spoilKeyPolicy },
      { name: "what-if-refused", arrange: (visitor) => visitor.press("Apply key policy") },

      { name: "step-undo", path: "/steps/bucket/undo" },
      { name: "step-undone", arrange: (visitor) => visitor.press("Undo Step 3") },
      { name: "lab-remove", path: "/lab/remove" },
      { name: "lab-removed", arrange: (visitor) => visitor.press("Remove this lab") },
    ],
  },
];

/**
 * A scenario as one finds it, after its first move, and when all its moves are made. What the one before it changed is put back.
 * Their pages are made of the same parts, so all is measured of a drill, which has the most of them, and the rest once.
 */
function scenario(path) {
  const name = path.split("/")[1];
  const alike = path !== "drills/two-at-once";
  return [
    { name, path: `/${path}`, arrange: putBack, alike },
    { name: `${name}-begun`, arrange: firstMove, alike },
    { name: `${name}-played`, arrange: (visitor) => visitor.press("Do all of it"), alike },
  ];
}

/** Brings the visitor's page to a stop. */
export async function goTo(stop, visitor, server) {
  await stop.arrange?.(visitor, server);
  if (stop.path) await visitor.page.goto(`${server.url}${stop.path}`);
  await scriptsAtWork(visitor.page);
}

/** Waits until the page has all that scripts bring: the line that says it is live, buttons that copy, the terminal's hint. */
function scriptsAtWork(page) {
  return page.waitForFunction(() => {
    const waiting = document.querySelector("#terminal-hint[hidden], .copy .button[hidden], #what-if-try:not([hidden])");
    const live = document.querySelector("p.live");
    return !waiting && live?.textContent.trim() !== "";
  });
}

/**
 * Lets the credentials of every role that the console holds for this visitor run out, as they do after an hour. Nobody can wait for that, so
 * the time the console noted for them is set back where it is kept.
 */
export async function expireRoles({ page }, server) {
  const [account] = (await page.getByRole("region", { name: "Who you act as" }).innerText()).match(/\d{12}/);
  const script = `import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    database.execute("UPDATE vault SET expires_at = 1 WHERE expires_at IS NOT NULL AND persona NOT LIKE '%nstance%' AND arn LIKE ?", (f"%:{sys.argv[2]}:%",))`;
  execFileSync(process.env.TRILOCK_PYTHON || "python3", ["-c", script, join(server.data, "console.db"), account]);
}

/** Opens the palette on a page that is short. */
async function openPalette({ page }, server) {
  await page.goto(`${server.url}/words`);
  await page.getByRole("button", { name: "Jump" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
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

async function fetchFiles(visitor) {
  await visitor.type("curl -O https://d1.awsstatic.com/whitepapers/KMS-Cryptographic-Details.pdf");
  await visitor.type("cp KMS-Cryptographic-Details.pdf a-copy-under-a-name-that-is-longer-than-its-column.pdf");
}

async function ownAccessKey({ page }) {
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Create an access key and download it" }).click();
  await downloading;
}

/** Has a step done, with what it needs of those before it. */
export async function solve(visitor, step) {
  await visitor.step(step);
  await visitor.press("Do it for me");
}

async function checkPolicies(visitor) {
  await visitor.step("policies");
  await visitor.press("Check my work");
}

/** A listing as printed, with its difference to the corrected one and the lint's findings unfolded. */
export async function compareListing({ page }, number) {
  const listing = page.getByRole("region", { name: `Listing ${number}` });
  await listing.getByRole("button", { name: "As printed" }).click();
  await page.waitForURL(/#listing-/);
  await listing.getByText(/The difference between printed and corrected/).click();
  await listing.getByText(/findings of the lint/).click();
}

async function openHints(visitor) {
  await visitor.step("policies");
  await visitor.page.getByRole("region", { name: "Listing 2" }).getByRole("button", { name: "Corrected" }).click();
  await visitor.page.waitForURL(/#listing-secure-key-admin$/);
  await visitor.step("key");
  const help = visitor.page.getByRole("region", { name: "Help with this step" });
  for (const grade of ["A nudge", "A pointer", "What exactly to do"]) await help.getByText(grade).click();
}

async function skipBucket(visitor) {
  await visitor.step("bucket");
  await visitor.press("Skip this step");
}

async function firstMove({ page }) {
  const answered = page.waitForResponse((response) => response.request().method() === "POST");
  await page.locator("#move-1").getByRole("button").click();
  await answered;
  await page.waitForLoadState("load");
}

/** Has put back what the scenario on this page changed, if it has. */
async function putBack(visitor) {
  if ((await visitor.page.getByRole("button", { name: "Put things back" }).count()) > 0) await visitor.press("Put things back");
}

async function putTwoAtOnceBack(visitor) {
  await visitor.page.goto(`${visitor.url}/drills/two-at-once`);
  await putBack(visitor);
}

/** The third move with another bucket policy than it should put. */
async function moveOtherwise(visitor) {
  const { page } = visitor;
  await page.goto(`${visitor.url}/more/not-retroactive`);
  const [second, third] = [page.locator("#move-2"), page.locator("#move-3")];
  await firstMove(visitor);
  await second.getByRole("button").click();
  await second.getByText("As expected").waitFor();
  await third.getByText("Bucket policy that is put").click();
  await third.getByRole("textbox", { name: "Bucket policy" }).fill('{"Version": "2012-10-17", "Statement": "nothing"}');
  await third.getByRole("button").click();
  await third.getByRole("alert").first().waitFor();
}

function keyPolicy({ page }) {
  return page.locator("details.document").filter({ hasText: "Key policy" });
}

export async function takeKeyUserAwayOnPaper(visitor) {
  const key = keyPolicy(visitor);
  await key.locator("summary").click();
  const field = key.getByRole("textbox", { name: "Key policy" });
  await field.fill((await field.inputValue()).replaceAll(":role/authorized-users", ":role/secure-bucket-admin"));
  await visitor.page.getByText(/authorized-users, read an object: now refused/).waitFor();
}

async function spoilKeyPolicy(visitor) {
  // As one comes to the page, and not from a call that it points at.
  await visitor.page.goto(`${visitor.url}/what-if`);
  const key = keyPolicy(visitor);
  const field = key.getByRole("textbox", { name: "Key policy", includeHidden: true });
  if (!(await field.isVisible())) await key.locator("summary").first().click();
  await field.fill((await field.inputValue()).slice(0, -1) + ', "Typo": 1}');
  await visitor.page.getByText(/cannot be read/).first().waitFor();
  await key.getByText(/Refused, line \d+/).first().waitFor();
}
