// What a person does in the console, by the names a person sees.

import assert from "node:assert/strict";

/** The console in one page, for one person. */
export class Visitor {
  constructor(page, url) {
    this.page = page;
    this.url = url;
  }

  /** Starts a lab with these listings: `Corrected` or `As printed`. Gives the bucket's name. */
  async startLab(listings = "Corrected") {
    await this.page.goto(this.url);
    await this.page.getByRole("radio", { name: listings }).check();
    const bucket = await this.page.getByRole("textbox", { name: "Bucket name" }).inputValue();
    await this.press("Start the lab");
    return bucket;
  }

  /** Opens a step by its slug. */
  async step(slug) {
    await this.page.goto(`${this.url}/steps/${slug}`);
  }

  /** Presses a button and waits for the page it leads to. */
  async press(name) {
    const button = this.page.getByRole("button", { name, exact: true }).first();
    const answered = this.page.waitForResponse((response) => response.request().method() === "POST");
    await button.click();
    await answered;
    await this.page.waitForLoadState("load");
  }

  /** Switches to a role, or back to Admin, in the role bar. */
  async become(persona) {
    const bar = this.page.getByRole("region", { name: "Who you act as" });
    const verb = persona === "Admin" ? "Back to" : persona === "authorized-users" ? "Try" : "Switch to";
    const button = bar.getByRole("button", { name: `${verb} ${persona}` });
    // On a narrow screen the roles are behind a button.
    if (!(await button.isVisible())) await bar.getByRole("button", { name: "Switch role" }).click();
    const answered = this.page.waitForResponse((response) => response.request().method() === "POST");
    await button.click();
    await answered;
    await this.page.waitForLoadState("load");
  }

  /** Who the role bar says one acts as. */
  async actingAs() {
    return (await this.page.getByRole("region", { name: "Who you act as" }).getByRole("strong").first().textContent()).trim();
  }

  /** Runs a line in the terminal of this page and gives what it printed. */
  async type(line) {
    const log = this.page.getByRole("log", { name: "Terminal log" });
    const entries = log.locator(".entry");
    const before = await entries.count();
    await this.page.getByRole("textbox", { name: "command" }).fill(line);
    await this.page.locator("#form-run").getByRole("button", { name: "Run" }).click();
    await entries.nth(before).waitFor();
    const output = entries.nth(before).locator("pre");
    return (await output.count()) === 0 ? "" : (await output.textContent()).trimEnd();
  }

  /** The commands this step offers, ready to run. */
  async offered() {
    return this.page.getByRole("list", { name: "Commands of this step" }).locator("form code").allTextContents();
  }

  /**
   * The newest call of this step, as the page shows it: who, what, status, each lane's word, the lane that decided, and
   * AWS's own text.
   */
  async newestCall() {
    return this.readCall(this.page.getByRole("region", { name: "What came of it" }).locator("details.call").first());
  }

  /** The newest call of this operation in this step; unfolds it. */
  async call(operation) {
    const region = this.page.getByRole("region", { name: "What came of it" });
    const call = region.locator("details.call").filter({ hasText: operation }).first();
    if ((await call.getAttribute("open")) === null) await call.locator("summary").first().click();
    return this.readCall(call);
  }

  async readCall(call) {
    const article = call.getByRole("article");
    const label = await article.getAttribute("aria-label");
    const lanes = {};
    for (const lane of await article.getByRole("list", { name: "What each policy said" }).getByRole("listitem").all()) {
      const name = (await lane.locator(".lane-name").textContent()).trim();
      lanes[name] = (await lane.locator(".lane-word").textContent()).trim();
    }
    const value = async (term) => {
      const row = article.locator("dl.answer > div").filter({ has: this.page.getByText(term, { exact: true }) });
      return (await row.count()) === 0 ? "" : (await row.locator("dd").textContent()).trim();
    };
    return {
      label,
      lanes,
      decidedBy: await value("Decided by"),
      said: await value("What AWS said"),
      caller: await value("Caller"),
      text: await article.textContent(),
    };
  }

  /** Does steps 1 to 7 as the tutorial says; every call must succeed. */
  async setUp() {
    await this.step("policies");
    for (const policy of ["secure-bucket-admin", "secure-key-admin", "secure-bucket-access"]) {
      await this.press(`Create ${policy}`);
      await this.expectSuccess("CreatePolicy");
    }
    await this.step("roles");
    for (const [role, policy] of [
      ["secure-bucket-admin", "secure-bucket-admin"],
      ["secure-key-admin", "secure-key-admin"],
      ["authorized-users", "secure-bucket-access"],
    ]) {
      await this.press(`Create role ${role}`);
      await this.expectSuccess("CreateRole");
      await this.press(`Attach policy ${policy}`);
      await this.expectSuccess("AttachRolePolicy");
    }
    await this.press("Create instance profile");
    await this.expectSuccess("AddRoleToInstanceProfile");
    await this.step("bucket");
    await this.become("secure-bucket-admin");
    await this.press("Create bucket");
    await this.expectSuccess("CreateBucket");
    await this.step("key");
    await this.become("secure-key-admin");
    await this.press("Create key");
    await this.expectSuccess("CreateAlias");
    await this.step("bucket-policy");
    await this.become("secure-bucket-admin");
    await this.press("Put bucket policy");
    await this.expectSuccess("PutBucketPolicy");
    await this.step("instance");
    await this.become("Admin");
    await this.press("Launch instance");
    await this.expectSuccess("RunInstances");
  }

  async expectSuccess(operation) {
    const call = await this.newestCall();
    assert.match(call.label, new RegExp(`${operation} by .*: 20\\d$`), `${call.label}\n${call.said}`);
    assert.ok(!call.text.includes("differ"), call.text);
  }
}
