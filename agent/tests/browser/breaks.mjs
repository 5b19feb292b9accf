// Ways to break a page, and the check that has to see each.

/// The page that is broken.
export const BROKEN = 'report-throttled.html';

const POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/;

/// At the end of a page whose policy is gone, so that nothing stops it.
const within = (words) => (page) => page.replace(POLICY, '').replace('</main>', `${words}</main>`);

export const BREAKS = [
  { name: 'an error of a script', check: 'console', change: within('<script>throw new Error("broken")</script>') },
  { name: 'a script', check: 'script', change: within('<script></script>') },
  { name: 'an image from elsewhere', check: 'request', change: within('<img alt="x" src="http://127.0.0.1:9/x.png">') },
  { name: 'a page without a policy', check: 'policy', change: within('') },
  { name: 'a page that is too wide', check: 'overflow at 400', change: within('<p style="width: 500px">wide</p>') },
  { name: 'pale text by day', check: 'axe 1280 light: color-contrast', change: (page) => page.replace('--quiet: #57606a', '--quiet: #b0b6bc') },
  { name: 'dark text by night', check: 'axe 400 dark: color-contrast', change: (page) => page.replace('--quiet: #a7b1bc', '--quiet: #4a5058') },
  { name: 'a table without a name', check: 'axe', change: (page) => page.replaceAll('role="group" tabindex="0" aria-label', 'role="img" tabindex="0" data-label') },
  { name: 'a page without charts', check: 'charts at 1280', change: (page) => page.replace(/<figure>[^]*<\/figure>/, '') },
  { name: 'a chart with nothing in it', check: 'charts at 1280', change: (page) => page.replace(/<path class="(area|edge)"[^>]* d="M(8|1)[^>]*>/g, '') },
  { name: 'words over words', check: 'labels at 400', change: (page) => page.replace('font-size: 14px', 'font-size: 26px') },
  { name: 'a verdict far down', check: 'first screen at 400', change: (page) => page.replace('</h1>', '</h1><p style="height: 900px"></p>') },
];
