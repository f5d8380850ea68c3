// The routes, from the OpenAPI document.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/* A JSON value of the shape that a schema describes. */
function sketch(schema, all) {
  if (schema.$ref) return sketch(all[schema.$ref.split("/").pop()], all);
  if (schema.anyOf) return sketch(schema.anyOf[0], all);
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const) return schema.const;
  if (schema.type === "array") return [sketch(schema.items, all)];
  if (schema.type === "object" && schema.additionalProperties) return { "…": sketch(schema.additionalProperties, all) };
  if (schema.type === "object")
    return Object.fromEntries(Object.entries(schema.properties || {}).map(([name, one]) => [name, sketch(one, all)]));
  return { string: "…", integer: 0, number: 0.0, boolean: false }[schema.type] ?? null;
}

function curl(method, path, example) {
  const url = new URL(path.replace(/^\//, "").replace("{name}", "NAME"), document.baseURI);
  return method === "GET"
    ? `curl ${url}`
    : `curl ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(example)}'`;
}

function route(method, path, operation, all) {
  const inside = make("div", { class: "inside" });
  const examples = Object.values(operation.requestBody?.content["application/json"].examples || { none: {} });
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

fetch("openapi.json")
  .then(response => response.json())
  .then(api => {
    document.getElementById("version").textContent = api.info.version;
    document.getElementById("summary").textContent = api.info.summary;
    const all = api.components.schemas;
    document
      .getElementById("routes")
      .replaceChildren(
        ...Object.entries(api.paths).flatMap(([path, methods]) =>
          Object.entries(methods).map(([method, operation]) => route(method.toUpperCase(), path, operation, all)),
        ),
      );
    document.querySelector("details").open = true;
  })
  .catch(error => {
    document.getElementById("routes").textContent = `The OpenAPI document cannot be read: ${error.message}`;
  });
