// An Airlock operation in JavaScript: query:text.shout answers a text in capitals. Starting it makes it callable for every extension that
// is granted it; SIGINT or SIGTERM takes no more calls, answers those that run, and ends. docs/operation-authors.md has the contract.
import { Svcm } from "@nats-io/services";
import { connect, headers } from "@nats-io/transport-node";

const input = {
  type: "object",
  required: ["text"],
  properties: { text: { type: "string", description: "what to shout" } },
};
const output = { type: "object", required: ["text"], properties: { text: { type: "string", description: "the same in capitals" } } };

/** Refusal is an error for the guest: a code of the protocol and a sentence. The text of any other error stays here. */
class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

function shout(text) {
  if (typeof text !== "string") throw new Refusal("invalid_argument", "input /text: want text");
  return { text: text.toUpperCase() };
}

function read(message) {
  if (message.headers?.get("Airlock-Content")) throw new Refusal("invalid_argument", "the input is too large for this operation");
  try {
    return JSON.parse(message.string() || "null") ?? {};
  } catch {
    throw new Refusal("invalid_argument", "input is not JSON");
  }
}

function serve(err, message) {
  if (err || !/^(_INBOX|_R_)\./.test(message.reply ?? "")) return; // an answer goes to an inbox and nowhere else
  try {
    message.respond(JSON.stringify(shout(read(message).text)));
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error);
    const { code, message: text } = error instanceof Refusal ? error : { code: "internal", message: "internal error" };
    const h = headers();
    h.set("Nats-Service-Error-Code", code);
    h.set("Nats-Service-Error", text);
    message.respond(JSON.stringify({ error: text, code }), { headers: h });
  }
}

const nc = await connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222", name: "shouter" });
const service = await new Svcm(nc).add({ name: "shouter", version: "1.0.0", description: "texts in capitals", queue: "airlock" });
service.addEndpoint("query-text_shout", {
  subject: "airlock.call.*.query.text.shout",
  metadata: {
    kind: "query",
    description: "answers a text in capitals",
    input_schema: JSON.stringify(input),
    output_schema: JSON.stringify(output),
  },
  handler: serve,
});
await nc.flush();
console.log("ready");

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await service.stop(); // which drains
    await nc.drain();
  });
}
