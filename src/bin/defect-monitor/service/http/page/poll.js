// SPDX-License-Identifier: MPL-2.0
// Asks the server what is new. In a worker, because browsers slow down the timers of pages in the background, not those of workers:
// the alarm must be as quick at night in a tab that nobody looks at.
"use strict";

const EVERY = 2000;
const LONGEST = 5000;
let session = "";
let since = 0;

async function ask() {
  const query = session === "" ? "" : `?session=${session}&since=${since}`;
  const answer = await fetch(`api/v1/board${query}`, { cache: "no-store", signal: AbortSignal.timeout(LONGEST) });
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  const news = await answer.json();
  session = news.session;
  since = news.revision;
  return news;
}

async function go() {
  const start = Date.now();
  try {
    postMessage({ news: await ask(), asked: start });
  } catch (error) {
    // Whatever was missed is asked for anew.
    session = "";
    postMessage({ error: String(error.message || error) });
  }
  setTimeout(go, Math.max(200, EVERY - (Date.now() - start)));
}

go();
