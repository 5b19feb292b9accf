// Pages of dropctl in a real browser: `node check.mjs MODULES FOLDER`.
//
// Every *.html in FOLDER is opened wide and narrow, light and dark, as it comes and with all that is folded opened. Then
// copies of one are broken on purpose, one way each, and the check that is for it has to say so: a check that cannot fail is
// none. The last lines are those of `cargo xtask test`: `failed: NAME: WHY`, `N passed, N failed, N skipped`.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { BREAKS, BROKEN } from './breaks.mjs';
import { blocked, charts, firstScreen, labels, unfold, wide } from './looks.mjs';

const [modules, folder] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const playwright = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const WIDTHS = [1280, 400];
const SCHEMES = ['light', 'dark'];
/// What a browser of its own accord asks the network for is no fault of a page.
const FLAGS = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
];

/// What is wrong with the page in a file, as `CHECK: WORDS`.
async function wrongs(browser, path, isReport, isForAxe = true) {
  const found = new Set();
  const context = await browser.newContext({ viewport: { width: WIDTHS[0], height: 900 } });
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  page.on('console', (message) => found.add(`console: ${message.text()}`));
  page.on('pageerror', (error) => found.add(`console: ${error.message}`));
  page.on('request', (request) => request.url() === url || found.add(`request: ${request.url().slice(0, 200)}`));
  await page.goto(url, { waitUntil: 'load' });
  const say = (check, words) => words.forEach((word) => found.add(`${check}: ${word}`));
  say('script', await page.evaluate(() => [...document.querySelectorAll('script')].map(() => 'the page has a script')));
  say('policy', await blocked(page));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (isReport) {
      say(`first screen at ${width}`, await page.evaluate(firstScreen));
      say(`charts at ${width}`, await page.evaluate(charts));
      say(`labels at ${width}`, await page.evaluate(labels));
    }
  }
  await page.evaluate(unfold);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    say(`overflow at ${width}`, await page.evaluate(wide));
    for (const colorScheme of isForAxe ? SCHEMES : []) {
      await page.emulateMedia({ colorScheme });
      say(`axe ${width} ${colorScheme}`, await accessibility(page, colorScheme === 'dark'));
    }
  }
  await context.close();
  return [...found];
}

/// All rules of axe, or those that look at colours. What it cannot decide (text over the pattern of a chart) is no violation;
/// html/tests/style.rs does that sum.
async function accessibility(page, isColours) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(AXE);
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, {
    resultTypes: ['violations'], elementRef: false, performanceTimer: false, ...rules,
  }), isColours ? { runOnly: ['color-contrast'] } : {});
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 150)}`));
}

const outcomes = { passed: 0, failed: 0 };

function tell(name, why) {
  console.log(why.length === 0 ? `${name}: ok` : `failed: ${name}: ${why.slice(0, 5).join('; ')}`);
  outcomes[why.length === 0 ? 'passed' : 'failed'] += 1;
}

const chromium = process.env.PATH.split(':').map((place) => join(place, 'chromium')).find(existsSync);
const browser = await playwright.chromium.launch({ executablePath: chromium, args: FLAGS });
const scratch = mkdtempSync(join(tmpdir(), 'dropctl-html-'));
try {
  const names = readdirSync(folder).filter((name) => name.endsWith('.html')).sort();
  for (const name of names) {
    tell(name, await wrongs(browser, resolve(folder, name), name.startsWith('report-')));
  }
  const whole = readFileSync(join(folder, BROKEN), 'utf8');
  for (const { name, check, change } of BREAKS) {
    const path = join(scratch, `${name.replaceAll(' ', '-')}.html`);
    const broken = change(whole);
    writeFileSync(path, broken);
    const seen = broken === whole ? [] : await wrongs(browser, path, true, check.startsWith('axe'));
    const isSeen = seen.some((wrong) => wrong.startsWith(check));
    tell(`${name} is seen`, isSeen ? [] : [`no "${check}" in ${JSON.stringify(seen)}`]);
  }
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
console.log(`${outcomes.passed} passed, ${outcomes.failed} failed, 0 skipped`);
process.exitCode = outcomes.failed === 0 ? 0 : 1;
