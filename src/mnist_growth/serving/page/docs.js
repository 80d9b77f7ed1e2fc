// The API reference, built from openapi.json.
const description = await (await fetch("openapi.json")).json();
document.querySelector("#title").textContent = `${description.info.title} ${description.info.version}`;
document.querySelector("#summary").textContent = description.info.summary ?? "";

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function resolve(schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.split("/").slice(1).reduce((found, name) => found[name], description);
}

function type(schema) {
  const found = resolve(schema);
  if (found.anyOf) return found.anyOf.map(type).join(" or ");
  if (found.type === "array") return `list of ${type(found.items)}`;
  return found.enum ? found.enum.map((value) => JSON.stringify(value)).join(" or ") : found.title && found.properties ? found.title : found.type ?? "anything";
}

function fields(schema) {
  const found = resolve(schema);
  const list = element("dl");
  for (const [name, field] of Object.entries(found.properties ?? {})) {
    list.append(element("dt", `${name}: ${type(field)}`), element("dd", resolve(field).description ?? ""));
    const inner = resolve(field.type === "array" ? field.items : field);
    if (inner.properties) list.append(element("dd", "", fields(inner)));
  }
  return list;
}

function example(schema) {
  const found = resolve(schema);
  if (found.examples) return found.examples[0];
  if (found.type === "array") return [example(found.items)];
  if (found.properties) return Object.fromEntries(Object.entries(found.properties).map(([name, field]) => [name, example(field)]));
  return found.type ?? "";
}

// One command for each kind of body: JSON, a file and a form.
function commands(method, path, content) {
  const address = new URL(`.${path}`, document.baseURI);
  if (!content) return [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${address}`];
  const field = Object.keys(content["multipart/form-data"].schema.properties)[0];
  return [
    `curl -X POST ${address} -H 'Content-Type: application/json' -d '${JSON.stringify(example(content["application/json"].schema))}'`,
    `curl -X POST ${address} -H 'Content-Type: image/png' --data-binary @digit.png`,
    `curl -X POST ${address} -F ${field}=@digit.png`,
  ];
}

function command(text) {
  const block = element("pre", text);
  block.tabIndex = 0; // a long line scrolls
  return block;
}

for (const [path, operations] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(operations)) {
    const block = element("details", "", element("summary", "", element("b", method.toUpperCase()), " ", element("code", path), ` – ${operation.description ?? operation.summary}`));
    const content = operation.requestBody?.content;
    if (content) {
      const types = Object.keys(content);
      block.append(element("h2", "Request body"), element("p", `Content types: ${types.join(", ")}`), fields(content["application/json"].schema));
    }
    block.append(element("h2", content ? "Examples" : "Example"), ...commands(method, path, content).map(command), element("h2", "Responses"));
    for (const [status, answer] of Object.entries(operation.responses)) {
      const schema = answer.content?.["application/json"]?.schema;
      block.append(element("p", `${status}: ${answer.description}`), schema && status < 300 ? fields(schema) : "");
    }
    document.querySelector("#operations").append(block);
  }
}
