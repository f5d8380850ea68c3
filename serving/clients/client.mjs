// Label texts over HTTP from JavaScript: node client.mjs http://127.0.0.1:8000 '我😀在北京'
// Works in Node 18 and later and in browsers; no packages. An API key is taken from the variable PADDLE_NER_API_KEY.

/** The server refused: `problem` is the RFC 9457 body, with status, title, detail and perhaps errors. */
export class ProblemError extends Error {
  constructor(problem) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`);
    this.problem = problem;
  }
}

/**
 * The predictions for `texts`, in order; `key` is for a server that wants one. Waits and tries again where the server says Retry-After.
 *
 * The server's offsets are code points. JavaScript strings are indexed by UTF-16 units, of which characters beyond
 * U+FFFF (emoji, rare Han such as 𠮷) have two; so each entity gets `utf16Start` and `utf16End` as well, for
 * `text.slice(utf16Start, utf16End)`, text selections and editors.
 */
export async function predict(url, texts, { model, key, tries = 3 } = {}) {
  const route = model ? `${url}/models/${encodeURIComponent(model)}/predict` : `${url}/predict`;
  for (;;) {
    const response = await fetch(route, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ texts }),
      signal: AbortSignal.timeout(30_000),
    });
    const body = await response.json();
    if (response.ok) return body.predictions.map(withUtf16Offsets);
    const seconds = response.headers.get("Retry-After");
    if (seconds === null || --tries <= 0) throw new ProblemError(body);
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(seconds)));
  }
}

function withUtf16Offsets(prediction) {
  if (!prediction.entities) return prediction;
  const offsets = [0]; // the UTF-16 offset of each code point, and of the end
  for (const character of prediction.text) offsets.push(offsets[offsets.length - 1] + character.length);
  const entities = prediction.entities.map((entity) => ({
    ...entity,
    utf16Start: offsets[entity.start],
    utf16End: offsets[entity.end],
  }));
  return { ...prediction, entities };
}

if (typeof process !== "undefined" && decodeURI(import.meta.url) === `file://${process.argv[1]}`) {
  const [url, ...texts] = process.argv.slice(2);
  try {
    for (const prediction of await predict(url, texts, { key: process.env.PADDLE_NER_API_KEY })) {
      for (const { utf16Start, utf16End, text } of prediction.entities ?? []) {
        if (prediction.text.slice(utf16Start, utf16End) !== text) throw new Error(`offsets of ${text} are wrong`);
      }
      console.log(JSON.stringify(prediction));
    }
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
