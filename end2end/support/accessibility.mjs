// What can be measured of a page's accessibility. Each function gives what it found as sentences; none is good.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What Tab stops at, in a page's own order; what is folded away is not among it. */
const FOCUSABLE =
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], [contenteditable=true], iframe";

/**
 * Unfolds the page, so that what is hidden until asked for is looked at too. Calls are made alike, and so are listings: of the
 * first call all is unfolded, of the second that it is a call, of the first listing what is said of it. All of all of them would
 * take most of the time there is.
 */
export function unfold(page) {
  return page.evaluate(() => {
    const calls = [...document.querySelectorAll("details.call")];
    const listings = [...document.querySelectorAll(".listing")];
    const within = (parts, selector) => parts.flatMap((part) => [...part.querySelectorAll(selector)]);
    const alike = [...calls.slice(2), ...within(calls.slice(1), "details"), ...within(listings.slice(1), "details.aside")];
    for (const details of document.querySelectorAll("details")) {
      details.dataset.was = details.open ? "open" : "folded";
      details.open ||= !alike.includes(details);
    }
  });
}

/** Folds it again as it was: a person who goes on without leaving the page finds it so. */
export function foldAgain(page) {
  return page.evaluate(() => {
    for (const details of document.querySelectorAll("details[data-was]")) details.open = details.dataset.was === "open";
  });
}

/** Every rule of axe, those of WCAG 2.2 and its good practices, but for the experimental ones; or only those of `only`
 *  in the part of the page that `within` selects. */
export async function axeFindings(page, only, within = "body") {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  return page.evaluate(async ([only, within]) => {
    const rules = only ? { runOnly: only } : { rules: { "target-size": { enabled: true } } };
    const { violations } = await window.axe.run(only ? within : document, { resultTypes: ["violations"], ...rules });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(" ")}: ${failureSummary}`),
    );
  }, [only, within]);
}

/** Controls smaller than 24 by 24 CSS pixels (WCAG 2.5.8). A link inside a sentence may be; room around does not excuse. */
export function smallTargets(page) {
  return page.evaluate((focusable) => {
    const inSentence = (element) =>
      element.localName === "a" &&
      getComputedStyle(element).display === "inline" &&
      [...element.parentElement.childNodes].some((node) => node !== element && node.textContent.trim() !== "");
    // A label is part of its control's target, and a log or a code block is no target at all: it scrolls.
    const target = (element) => (element.type === "radio" || element.type === "checkbox" ? element.labels[0] : element);
    return [...document.querySelectorAll(focusable)]
      .filter((element) => element.checkVisibility() && element.getAttribute("tabindex") === null && !inSentence(element))
      .filter((element) => !element.classList.contains("skip-link"))
      .map((element) => [element, target(element).getBoundingClientRect()])
      .filter(([, box]) => box.width < 24 || box.height < 24)
      .map(([element, box]) => `${element.outerHTML.slice(0, 120)} is ${box.width.toFixed(1)} by ${box.height.toFixed(1)}`);
  }, FOCUSABLE);
}

/** What reaches beyond the page's right edge, so that one would have to scroll sideways (WCAG 1.4.10). */
export function overflowing(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const scrolls = (element) => element && (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
    // An element's box may fit while its text does not, so both are measured.
    const end = (element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return Math.max(element.getBoundingClientRect().right, range.getBoundingClientRect().right);
    };
    return [...document.body.querySelectorAll(":not(.visually-hidden)")]
      .filter((element) => end(element) > root.clientWidth + 1 && !scrolls(element.localName === "pre" ? element : element.parentElement))
      .filter((element) => ![...element.children].some((child) => end(child) > root.clientWidth + 1))
      .map((element) => `${element.outerHTML.slice(0, 160)} ends at ${end(element)} of ${root.clientWidth}`)
      .concat(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  });
}

/** Text that its box cuts off, such as when a reader asks for more space between letters and lines (WCAG 1.4.12). */
export function clippedText(page) {
  return page.evaluate(() => {
    // What only assistive technology is to find is a pixel wide.
    const forEarsOnly = (element) => element && (element.offsetWidth === 1 || forEarsOnly(element.parentElement));
    return [...document.body.querySelectorAll("*")]
      .filter((element) => element.checkVisibility() && !element.closest("input, svg") && !forEarsOnly(element))
      .filter((element) => {
        const { overflowX, overflowY } = getComputedStyle(element);
        const cuts = (overflow) => overflow === "hidden" || overflow === "clip";
        return (
          (cuts(overflowX) && element.scrollWidth > element.clientWidth + 1) ||
          (cuts(overflowY) && element.scrollHeight > element.clientHeight + 1)
        );
      })
      .map((element) => `${element.outerHTML.slice(0, 120)} cuts off what it holds`);
  });
}

/** Sets style rules beside the page's own, as a reader's browser would, and gives what removes them. */
export async function withRules(page, rules, work) {
  await page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [sheet];
  }, rules);
  const result = await work();
  await page.evaluate(() => (document.adoptedStyleSheets = []));
  return result;
}

/** The spacing that WCAG 1.4.12 says a page must stand. */
export const TEXT_SPACING = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
  p { margin-bottom: 2em !important; }`;

/** Sets the text twice as large in the same window, as a reader does in the browser's settings (WCAG 1.4.4), while it works. */
export async function withDoubleText(page, work) {
  const settings = await page.context().newCDPSession(page);
  const size = (standard) => settings.send("Page.setFontSizes", { fontSizes: { standard, fixed: standard } });
  await size(32);
  const result = await work();
  await size(16);
  await settings.detach();
  return result;
}

/** What moves although the reader asked for no motion. */
export function moving(page) {
  return page.evaluate(() => {
    const animations = document.getAnimations().map((animation) => `an animation runs: ${animation.animationName ?? animation.id}`);
    const styled = [document.documentElement, ...document.body.querySelectorAll("*")].flatMap((element) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
      const moves =
        transitionDuration.split(", ").some((duration) => parseFloat(duration) > 0) || animationName !== "none" || scrollBehavior === "smooth";
      return moves ? [`${element.outerHTML.slice(0, 80)} would move`] : [];
    });
    return [...animations, ...styled];
  });
}

/** Headings that leave out a level or say nothing, more than one first heading, more than one main part. */
export function badOutline(page) {
  return page.evaluate(() => {
    const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((heading) => heading.checkVisibility());
    const levels = headings.map((heading) => Number(heading.localName[1]));
    const found = levels.flatMap((level, at) =>
      level > (levels[at - 1] ?? 0) + 1 ? [`"${headings[at].textContent}" is h${level} after h${levels[at - 1] ?? 0}`] : [],
    );
    found.push(...headings.filter((heading) => heading.textContent.trim() === "").map((heading) => `empty ${heading.localName}`));
    if (levels.filter((level) => level === 1).length !== 1) found.push("not one h1");
    if (document.querySelectorAll("main").length !== 1) found.push("not one main");
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    found.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `the id ${id} stands twice`));
    return found;
  });
}

/** Presses Tab so many times. They are sent without waiting for each other, which is most of the time they would take. */
async function pressTab(page, times) {
  const session = await page.context().newCDPSession(page);
  const key = { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 };
  const presses = Array.from({ length: times }, () => [
    session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key }),
    session.send("Input.dispatchKeyEvent", { type: "keyUp", ...key }),
  ]);
  await Promise.all(presses.flat());
  await session.detach();
}

/**
 * Goes through the page by Tab, from its skip link on. Finds controls that Tab does not reach or reaches out of order,
 * that do not show that they have the focus, or that something covers (WCAG 2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11).
 */
export async function keyboardFindings(page) {
  const count = await page.evaluate((focusable) => {
    const radios = new Set();
    const isStop = (element) => {
      if (!element.checkVisibility() || element.tabIndex < 0 || element.disabled) return false;
      if (element.type !== "radio") return true;
      const first = !radios.has(element.name);
      const group = [...document.getElementsByName(element.name)];
      if (first) radios.add(element.name);
      return group.some((radio) => radio.checked) ? element.checked : first;
    };
    const expected = [...document.querySelectorAll(focusable)].filter(isStop);
    const seen = [];
    const boxOnPage = (element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      return { left, right, top: top + scrollY, bottom: bottom + scrollY };
    };
    const inSight = (element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    const covered = (element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2);
      return hit !== null && !element.contains(hit) && !hit.contains(element) && ![...(element.labels ?? [])].some((label) => label.contains(hit));
    };
    const note = ({ target }) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(target);
      const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      seen.push({ target, outlined, box: boxOnPage(target), inSight: inSight(target), covered: covered(target) });
    };
    document.addEventListener("focusin", note);
    window.tabbed = { expected, seen, end: () => document.removeEventListener("focusin", note) };
    expected[0].focus();
    return expected.length;
  }, FOCUSABLE);
  await pressTab(page, count - 1);
  return page.evaluate(() => {
    const { expected, seen, end } = window.tabbed;
    end();
    const name = (element) => `<${element.localName}> "${(element.ariaLabel || element.name || element.textContent || "").trim().slice(0, 50)}"`;
    const found = [];
    const reached = seen.map(({ target }) => target);
    found.push(...expected.filter((element) => !reached.includes(element)).map((element) => `Tab does not reach ${name(element)}`));
    found.push(...reached.filter((element) => !expected.includes(element)).map((element) => `Tab reaches ${name(element)}`));
    const scrolls = (element) => element !== document.body && (/auto|scroll/.test(getComputedStyle(element).overflowY) || scrolls(element.parentElement));
    seen.forEach(({ target, outlined, box, inSight, covered }, at) => {
      if (at > 0 && !outlined) found.push(`${name(target)} does not show that it has the focus`);
      // Where something is in a box that scrolls on its own, one cannot say before it has scrolled.
      const before = seen[at - 1];
      if (at < 2 || scrolls(target.parentElement) || scrolls(before.target.parentElement)) return;
      if (!inSight) found.push(`${name(target)} has the focus out of sight`);
      if (covered) found.push(`${name(target)} has the focus under something else`);
      // Up is in reading order only where the next column begins.
      if (box.bottom <= before.box.top && box.left < before.box.right) {
        found.push(`${name(target)} comes after ${name(before.target)} but stands above it`);
      }
    });
    return found.slice(0, 8);
  });
}

/** After a form was sent, the focus is to be in what the address points at: the call that was made, or the form. */
export function strayFocus(page) {
  return page.evaluate(() => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return location.hash ? [`${location.hash} is not on the page`] : [];
    const focused = document.activeElement;
    // A command that was sent in the background leaves the address as it was, and the focus where the next one is typed.
    return target.contains(focused) || focused.id === "terminal-line" ? [] : [`the focus is at <${focused.localName} id="${focused.id}">, not in ${location.hash}`];
  });
}
