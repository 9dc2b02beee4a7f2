// Package credentials keeps secrets: credentials.store, get, list and delete. A credential belongs to a library and has an
// id that its extensions agree on, such as "mail". Whoever is granted credentials.get sees it in clear, which is why that
// operation is sensitive.
//
// # At rest
//
// A credential is sealed before it reaches the database, with XChaCha20-Poly1305 in two layers: a key of its own seals
// the credential, and the master key seals that key. So the master key touches 32 random bytes a credential, it can be
// replaced without reading a secret, and it can move to a service for keys without the rows changing shape. Library and
// id are bound to both layers as additional data: a row copied to another library or id does not open.
//
// The layers come from golang.org/x/crypto. It is kept by the Go team, is part of this program anyway, and takes
// additional data, which age does not. Tink does, and brings a format of key sets and a good deal of code for the one
// construction that is needed here. The nonce is of 192 bits, so a random one is safe however often one key is used.
//
// # The master key
//
// It is 32 bytes, in base64, from the environment, from a command or in a file that is made on first use, readable by its user only. All
// services that share a database need the same one. Without it the credentials are lost, so it belongs in a backup,
// elsewhere than the database. A row says which master key sealed it, so a wrong one is told from damage.
//
// To change it, services are started with the new key and the previous one beside it, and Rewrap seals the keys of all credentials with
// the new one; then the previous one can go.
//
// # OAuth2
//
// A credential with the address of its token server is renewed here, two minutes before its access token ends, and guests get neither refresh
// token nor client secret. Servers may take each refresh token once: so whoever renews first takes a claim in the credential's row, for half a
// minute, and all others, in whichever process, wait for what it keeps. The new refresh token is kept before anybody gets the access
// token, also when the caller no longer waits. A credential that is stored meanwhile stays.
//
// # In clear
//
// A credential is in clear in the memory of the service, of the guest that asked, and on the connection between. It is
// never logged, and no error has a part of it. The record of a call has a hash of its input, as the call's key has.
package credentials
