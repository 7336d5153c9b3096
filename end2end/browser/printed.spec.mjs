// The walk with the listings as printed fails where the specification says it does, says why, and offers the correction.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchBrowser, projects, screenshot } from "../support/browser.mjs";
import { startTrilock } from "../support/trilock.mjs";
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
  test(`Listing 2 as printed stops at CreateKey, and mends there (${name})`, async () => {
    const page = await browser.newPage({ javaScriptEnabled });
    const visitor = new Visitor(page, server.url);
    await visitor.startLab("As printed");
    await page.getByText("As printed, this listing has defects.").first().waitFor();
    assert.match(await page.locator("#form-create-policy-secure-key-admin textarea").inputValue(), /" arn:aws:kms:/);
    for (const policy of ["secure-bucket-admin", "secure-key-admin", "secure-bucket-access"]) {
      await visitor.press(`Create ${policy}`);
      await visitor.expectSuccess("CreatePolicy");
    }
    await visitor.step("roles");
    for (const [role, policy] of [
      ["secure-bucket-admin", "secure-bucket-admin"],
      ["secure-key-admin", "secure-key-admin"],
      ["authorized-users", "secure-bucket-access"],
    ]) {
      await visitor.press(`Create role ${role}`);
      await visitor.press(`Attach policy ${policy}`);
      await visitor.expectSuccess("AttachRolePolicy");
    }
    await visitor.step("key");
    await visitor.become("secure-key-admin");
    await visitor.press("Create key");
    const refused = await visitor.newestCall();
    assert.match(refused.label, /CreateKey by secure-key-admin: 400/);
    assert.equal(refused.lanes.IAM, "Silent");
    assert.equal(refused.decidedBy, "IAM");
    assert.match(
      refused.said,
      /^User: arn:aws:sts::\d{12}:assumed-role\/secure-key-admin\/\S+ is not authorized to perform: kms:CreateKey on resource: \* because no identity-based policy allows the kms:CreateKey action$/,
    );
    const correction = page.getByRole("region", { name: "Correction" });
    assert.match(await correction.textContent(), /no key/);
    await screenshot(page, `printed-key-${name.replaceAll(" ", "-")}`);

    await visitor.press("Correct secure-key-admin");
    const wrongRole = await visitor.newestCall();
    assert.match(wrongRole.label, /CreatePolicyVersion by secure-key-admin: 403/, "only Admin changes IAM");
    await visitor.become("Admin");
    await visitor.press("Correct secure-key-admin");
    await visitor.expectSuccess("CreatePolicyVersion");
    await visitor.become("secure-key-admin");
    await visitor.press("Create key");
    await visitor.expectSuccess("CreateAlias");
    assert.deepEqual(page.problems, []);
  });
}
