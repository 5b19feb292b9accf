// What a page looks like, asked inside the page; each answers with what is wrong.

/// Opens what is folded.
export function unfold() {
  document.querySelectorAll('details').forEach((details) => { details.open = true; });
}

/// The page, or anything in it that does not scroll by itself, is wider than the screen.
export function wide() {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const out = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1);
  return [`${root.scrollWidth} px on ${root.clientWidth}: ${out.slice(0, 3).map((element) => element.outerHTML.slice(0, 80)).join(', ')}`];
}

/// Verdict, cause and change are read without scrolling.
export function firstScreen() {
  const terms = [...document.querySelectorAll('dt')];
  return ['verdict', 'cause', 'change'].flatMap((word) => {
    const row = terms.find((term) => term.textContent === word)?.parentElement;
    if (row === undefined) return [`no ${word}`];
    return row.getBoundingClientRect().bottom > innerHeight ? [`${word} is below the first screen`] : [];
  });
}

/// A report of a tool with rings has charts; each has words, a legend, and something drawn within its frame.
export function charts() {
  const all = [...document.querySelectorAll('svg.chart')];
  const wrong = all.length < 3 ? [`only ${all.length}`] : [];
  for (const chart of all) {
    const title = chart.querySelector('title')?.textContent;
    const own = chart.getBoundingClientRect();
    const drawn = [...chart.querySelectorAll('path:not(.grid)')].map((path) => path.getBoundingClientRect());
    if (!title || !chart.querySelector('desc')?.textContent) wrong.push('no words');
    if (!chart.closest('figure')?.querySelector('.legend li')) wrong.push(`${title}: no legend`);
    if (!drawn.some((box) => box.width > 1)) wrong.push(`${title}: nothing drawn`);
    if (drawn.some((box) => box.left < own.left || box.right > own.right + 1)) wrong.push(`${title}: drawn outside of it`);
    if (own.height < 50) wrong.push(`${title}: ${own.height} px high`);
  }
  return wrong;
}

/// Words in a chart stand apart, and within it.
export function labels() {
  const wrong = [];
  for (const chart of document.querySelectorAll('svg.chart')) {
    const own = chart.getBoundingClientRect();
    const words = [...chart.querySelectorAll('text')].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    words.forEach(({ text, box }, place) => {
      if (box.left < own.left - 1 || box.right > own.right + 1) wrong.push(`"${text}" leaves its chart`);
      for (const other of words.slice(place + 1)) {
        const width = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        // A box is as high as a line, which is more than its letters are.
        const height = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (width > -2 && height > 0.3 * Math.min(box.height, other.box.height)) wrong.push(`"${text}" over "${other.text}"`);
      }
    });
  }
  return wrong;
}

/// What the page forbids, its policy forbids: a script that got in would not run, an image would not be asked for.
export async function blocked(page) {
  const policy = await page.evaluate(
    () => document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '',
  );
  return policy.includes("default-src 'none'") && !policy.includes('script-src') ? [] : [`"${policy}"`];
}
