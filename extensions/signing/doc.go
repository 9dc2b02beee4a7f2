// Package signing tells who stands for an extension: it signs a manifest together with a module, and verifies such signatures.
//
// # What is signed
//
// The [Statement]: a line that says what it is, a line with the module's digest, and then the manifest, byte for byte as its author
// wrote it.
//
//	airlock extension v1
//	sha256:6f1f5a0e…
//	{"id": "finance", …
//
// So a signature of one extension says nothing of another, nor one of an old module of a new one; and no one has to agree on how JSON is
// to be brought into a normal form.
//
// # The envelope
//
// Keys and signatures are minisign's: ed25519, a file of four lines for a signature, a line that begins "RW" for a public key, and a private key
// that a passphrase may protect. Several signatures stand one after the other in one file, beside the manifest:
//
//	untrusted comment: signature from private key: 7A3F…
//	RUQ…
//	trusted comment: finance 1.2.0
//	mZ0…
//
// What a signature says of itself, comments and the id of its key, is a hint and counts for nothing. Who may sign is what the operator says: a
// [Trust] is made of the operator's settings, and its [Trust.Check] is strict:
//
//   - a signature that claims a key which the operator trusts, and does not hold, refuses the extension, whatever others there are;
//   - one by a key that the operator does not know is left aside;
//   - each rule that names the extension needs a signature of one of its keys.
package signing
