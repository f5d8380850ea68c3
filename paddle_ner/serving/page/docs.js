// The routes, from the OpenAPI document.

import { make } from "./element.js";

/**
 * The part of JSON Schema that the server's description uses.
 *
 * @typedef {{
 *   $ref?: string,
 *   anyOf?: Schema[],
 *   enum?: string[],
 *   const?: string,
 *   type?: string,
 *   items?: Schema,
 *   properties?: Record<string, Schema>,
 *   additionalProperties?: Schema | boolean,
 * }} Schema
 * @typedef {Record<string, Schema>} Schemas
 * @typedef {{ [name: string]: Sketch } | Sketch[] | string | number | boolean | null} Sketch
 */

/**
 * @typedef {{ "application/json": { schema: Schema, examples?: Record<string, { value?: object }> } }} Content
 * @typedef {{
 *   summary?: string,
 *   requestBody?: { content: Content },
 *   responses: { [status: string]: { description: string, content: Content } },
 * }} Operation
 * @typedef {{
 *   info: { version: string, summary: string },
 *   components: { schemas: Schemas },
 *   paths: Record<string, Record<string, Operation>>,
 * }} OpenApi
 */

/**
 * An element of docs.html.
 *
 * @param {string} selector
 */
function find(selector) {
  const element = document.querySelector(selector);
  if (!element) throw new TypeError(`docs.html has no ${selector}`);
  return element;
}

/** @type {Record<string, Sketch>} */
const SKETCHES = { string: "…", integer: 0, number: 0.0, boolean: false };

/**
 * A JSON value of the shape that a schema describes.
 *
 * @param {Schema} schema
 * @param {Schemas} all
 * @returns {Sketch}
 */
function sketch(schema, all) {
  if (schema.$ref) return sketch(all[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)], all);
  if (schema.anyOf) return sketch(schema.anyOf[0], all);
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const) return schema.const;
  if (schema.type === "array" && schema.items) return [sketch(schema.items, all)];
  const { additionalProperties: others } = schema;
  if (schema.type === "object" && others) return { "…": others === true ? null : sketch(others, all) };
  if (schema.type === "object")
    return Object.fromEntries(Object.entries(schema.properties || {}).map(([name, one]) => [name, sketch(one, all)]));
  return SKETCHES[schema.type ?? ""] ?? null;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object | undefined} example
 */
function curl(method, path, example) {
  const url = new URL(path.replace(/^\//, "").replace("{name}", "NAME"), document.baseURI);
  return method === "GET"
    ? `curl ${url}`
    : `curl ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(example)}'`;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Operation} operation
 * @param {Schemas} all
 */
function route(method, path, operation, all) {
  const inside = make("div", { class: "inside" });
  const examples = Object.values(operation.requestBody?.content["application/json"].examples ?? { none: {} });
  inside.append(
    make("h3", {}, "Request"),
    ...examples.map(one => make("pre", { tabindex: "0" }, curl(method, path, one.value))),
  );
  const answer = operation.responses["200"].content["application/json"].schema;
  inside.append(make("h3", {}, "Answer"), make("pre", { tabindex: "0" }, JSON.stringify(sketch(answer, all), null, 2)));
  const rows = Object.entries(operation.responses)
    .filter(([status]) => status !== "200")
    .map(([status, one]) => make("tr", {}, make("td", {}, status), make("td", {}, one.description)));
  if (rows.length) inside.append(make("h3", {}, "Problems"), make("table", {}, make("tbody", {}, ...rows)));
  return make(
    "details",
    {},
    make("summary", {}, make("b", {}, method), make("code", {}, path), make("span", {}, operation.summary || "")),
    inside,
  );
}

/** @param {OpenApi} api */
function show(api) {
  find("#version").textContent = api.info.version;
  find("#summary").textContent = api.info.summary;
  const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      route(method.toUpperCase(), path, operation, api.components.schemas),
    ),
  );
  find("#routes").replaceChildren(...routes);
  if (routes[0]) routes[0].open = true;
}

fetch("openapi.json")
  .then(response => response.json())
  .then(show)
  .catch(error => {
    find("#routes").textContent = `The OpenAPI document cannot be read: ${error.message}`;
  });
