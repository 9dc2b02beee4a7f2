// Package model asks a language model for text, for JSON and for vectors, on any server that speaks the API of OpenAI: Ollama,
// llama.cpp and vLLM do so at home, others are hosted. The operator says where it is (Config); without one every question is
// refused with what to set.
//
// # What is sent
//
// Chat completions and embeddings, which all such servers have. Where they differ the Client gives way once for each: a server that
// refuses to be held to a JSON Schema is asked in words only, one that knows another name for the bound of an answer is asked by that name.
//
// # What comes back
//
// A server may be slow, full, broken or not the one that was meant. An answer is read to Config.MaxAnswer bytes and has to be JSON; a redirect
// is not followed, for it would take text and key to an address that nobody configured; the caller's deadline ends everything. Nothing is
// asked a second time by itself, but for what Extract says: the caller learns when to come again and decides.
//
// # JSON
//
// Extract gives the model a schema, holds its answer to it, and on a misfit asks once more, with what was wrong. The schema is the caller's,
// who is not trusted: it has no references, which could stand for more than anybody can check.
//
// # Tokens
//
// Each answer says what it took in Usage, also with an error, so that whoever pays can count. A server that does not tell is charged by
// the length of what went to and fro, and Usage.Estimated says so.
//
// # Errors
//
// All are of type *bus.Error, or of the context. What the server says goes to the log, without the key, and never to a caller.
package model
