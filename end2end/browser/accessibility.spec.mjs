// Every page in every state, as people with other eyes, hands and ears meet it: axe, targets, reflow, text size and spacing,
// motion, keyboard, focus, outline. What WCAG 2.2 asks beyond what can be measured is in docs/accessibility.md.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  TEXT_SPACING,
  axeFindings,
  badOutline,
  clippedText,
  foldAgain,
  keyboardFindings,
  moving,
  overflowing,
  smallTargets,
  strayFocus,
  unfold,
  withDoubleText,
  withRules,
} from "../support/accessibility.mjs";
import { launchBrowser, screenshots } from "../support/browser.mjs";
import { matchesSnapshot } from "../support/snapshots.mjs";
import { WALKS, goTo } from "../support/stops.mjs";
import { startTrilock } from "../support/trilock.mjs";
import { Visitor } from "../support/walk.mjs";

const [WIDE, NARROW] = [1280, 390];
// 1280 px at 400 %: what is left of the window are so many CSS pixels.
const ZOOMED = 320;
// Nothing but colours differs in the dark.
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

let browser, server;
before(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTrilock()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// One person a walk, who all walk at once: each has a page of their own.
describe("every page in every state", { concurrency: WALKS.length }, () => {
  for (const walk of WALKS) {
    describe(`the ${walk.name} walk`, { concurrency: 1 }, () => {
      const titles = new Map();
      let page, visitor;

      before(async () => {
        page = await browser.newPage();
        visitor = new Visitor(page, server.url);
      });
      after(() => page?.context().close());

      for (const stop of walk.stops) {
        test(`${stop.name} keeps to what WCAG asks`, async () => {
          const found = {};
          const find = async (what, work) => {
            const sentences = await work();
            if (sentences.length > 0) found[what] = sentences;
          };
          const misfits = async () => [...(await overflowing(page)), ...(await clippedText(page))];
          const resize = (width, height = 900) => page.setViewportSize({ width, height });
          await resize(WIDE);
          await goTo(stop, visitor, server);

          await find("focus", () => strayFocus(page));
          await find("outline", () => badOutline(page));
          await find("motion", () => moving(page));
          await find("title", () => sharedTitle(page, titles));
          // Thrown at the end, so that it hides nothing of what is found besides.
          const otherwise = await matchesSnapshot(page.getByRole("main"), stop.name).catch((error) => error);
          // Where a form left the page scrolled, what stays in sight would stand in the middle of the picture.
          await page.evaluate(() => scrollTo(0, 0));
          await screenshots(page, stop.name, { few: stop.alike || !stop.path });
          await resize(WIDE);
          if (!stop.alike && !stop.holdsTab) await find("keyboard", () => keyboardFindings(page));
          await resize(NARROW);
          if (!stop.holdsTab) await find(`keyboard at ${NARROW}`, () => keyboardFindings(page));

          await unfold(page);
          await find(`targets at ${NARROW}`, () => smallTargets(page));
          await find(`width at ${NARROW}`, misfits);
          if (!stop.alike) {
            // The narrow page has the least room for more.
            await find("text spacing", () => withRules(page, TEXT_SPACING, misfits));
            await find("text at 200 %", () => withDoubleText(page, misfits));
          }
          await resize(ZOOMED, 450);
          await find(`width at ${ZOOMED}`, () => overflowing(page));
          await resize(WIDE);
          await find("targets", () => smallTargets(page));
          await find("width", misfits);
          await find("axe", () => axeFindings(page));
          if (!stop.alike) {
            await page.emulateMedia({ colorScheme: "dark" });
            await find("axe, dark", () => axeFindings(page, COLOUR_RULES, "main"));
            await page.emulateMedia({ colorScheme: "light" });
          }
          await foldAgain(page);
          // A page that is not found says so in the console too; nothing else may.
          const problems = page.problems.splice(0).filter((problem) => !/status of 404/.test(problem));
          assert.deepEqual({ ...found, ...(problems.length > 0 && { problems }) }, {});
          if (otherwise) throw otherwise;
        });
      }
    });
  }
});

/** Pages have titles of their own; states of a page share its title. */
async function sharedTitle(page, titles) {
  // A tab of its own has the pages of the others.
  const pathname = new URL(page.url()).pathname.replace(/^\/as\/[^/]+/, "");
  const title = await page.title();
  const other = titles.get(title);
  if (!other && title !== "") titles.set(title, pathname);
  // Addresses that lead nowhere are one page, that says so.
  return title === "" || (other && other !== pathname && !title.startsWith("Not found")) ? [`"${title}" is the title of ${other} too`] : [];
}

test("the frame of every page reads as it did: header, role bar, steps, footer", async () => {
  const page = await browser.newPage();
  await page.goto(server.url);
  await matchesSnapshot(page.locator("body"), "frame-without-lab");
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  // The script brings it.
  await page.getByRole("button", { name: "Jump" }).waitFor();
  for (const [name, part] of [
    ["banner", page.getByRole("banner")],
    ["role-bar", page.getByRole("region", { name: "Who you act as" })],
    ["steps", page.getByRole("navigation", { name: "Steps" })],
    ["footer", page.getByRole("contentinfo")],
  ]) {
    await matchesSnapshot(part, `frame-${name}`);
  }
  // Everywhere else the dark is looked at in the page's main part only, and axe goes over the wide page.
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await axeFindings(page), []);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: NARROW, height: 900 });
  await unfold(page);
  assert.deepEqual(await axeFindings(page), []);
});

test("the skip link is the first stop, comes into sight and leads to the page", async () => {
  const page = await browser.newPage();
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  await page.keyboard.press("Tab");
  const link = page.getByRole("link", { name: "Skip to the page" });
  assert.ok(await link.evaluate((element) => element === document.activeElement && element.getBoundingClientRect().top >= 0));
  assert.deepEqual(await link.evaluate((element) => getComputedStyle(element).outlineStyle), "solid");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)), "Tab goes on inside the page");
});

test("what folds opens and closes by keyboard, and the focus stays on it", async () => {
  const page = await browser.newPage();
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  const fold = page.locator("details").filter({ visible: true }).first();
  await fold.locator("summary").first().focus();
  const open = () => fold.evaluate((details) => details.open);
  const first = await open();
  for (const key of ["Enter", "Space"]) {
    const was = await open();
    await page.keyboard.press(key);
    assert.equal(await open(), !was, key);
    assert.ok(await fold.locator("summary").first().evaluate((summary) => summary === document.activeElement), key);
  }
  assert.equal(await open(), first);
});

test("a command's output and its verdict are in a live region, and the focus stays on the command line", async () => {
  const page = await browser.newPage();
  const visitor = new Visitor(page, server.url);
  await visitor.startLab();
  await visitor.setUp();
  await visitor.step("test-2");
  const log = page.getByRole("log", { name: "Terminal log" });
  assert.equal(await log.getAttribute("aria-live"), "polite");
  const line = page.getByRole("textbox", { name: "command" });
  // What the script brings says that it is there.
  await page.getByText("Tab completes, and moves on").waitFor();
  await line.fill("aws s3 ls");
  await page.keyboard.press("Enter");
  await log.getByText("S3 ListBuckets 200, decided by IAM").waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "terminal-line");
  // Out of the terminal again, in both directions.
  await page.keyboard.press("Tab");
  assert.ok(await page.getByRole("button", { name: "Run" }).last().evaluate((element) => element === document.activeElement));
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  assert.ok(await line.evaluate((element) => element !== document.activeElement));
});

test("the checks find what is wrong", async () => {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.evaluate(() => {
    document.querySelector("main").insertAdjacentHTML(
      "beforeend",
      `<h4>Too deep</h4><img src="/favicon.svg"><div id="wide">${"x".repeat(400)}</div><p><button id="small">x</button></p>
       <button id="unseen">a button without outline</button><main></main>`,
    );
    // As script: the page's policy allows no style in its markup.
    Object.assign(document.getElementById("wide").style, { overflowWrap: "normal", whiteSpace: "nowrap" });
    Object.assign(document.getElementById("small").style, { width: "9px", height: "9px", padding: 0 });
    Object.assign(document.getElementById("unseen").style, { outline: "none", transition: "color 1s" });
  });
  const found = [
    ...(await axeFindings(page)),
    ...(await smallTargets(page)),
    ...(await overflowing(page)),
    ...(await badOutline(page)),
    ...(await moving(page)),
    ...(await keyboardFindings(page)),
  ].join("\n");
  for (const expected of [/image-alt/, /id="small".* is 9/, /id="wide".* ends at/, /h4 after h2/, /not one main/, /would move/, /"a button without outline" does not show/]) {
    assert.match(found, expected);
  }
});
