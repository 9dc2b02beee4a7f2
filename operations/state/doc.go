// Package state keeps what an extension has to know beyond the end of a job: the last UID of a mailbox, the token of the next page. It is
// the extension's own, in a library, and small.
//
// A value has a revision, which a change of it never repeats, not even when it was deleted in between. Who read a value changes it
// under the condition that it still has the revision that was read: of two jobs that do so at once one is refused, and reads again.
// Revision 0 stands for what is not there.
//
// | limit | |
// |---|---|
// | key | 256 bytes of UTF-8 without control characters |
// | value | JSON, 64 KiB |
// | keys of an extension in a library | 10,000 |
// | keys and values of an extension in a library together | 16 MiB |
package state
