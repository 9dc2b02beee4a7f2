// Package folder reads folders of mail on the machine of the service: a Maildir, as fetchmail, getmail or mbsync fill it, or a folder into which
// files .eml are dropped.
//
// # Which folders
//
// Those below the roots that the operator named, and no other: whoever adds an account could read any file of the machine otherwise. A folder is
// opened as an [os.Root] below its root, so that neither `..` nor a symbolic link leads out of it, also one that is put there meanwhile. Only
// regular files are mails: no link, device or pipe is opened.
//
// # Names
//
// What a file is known by stays as it is read, moved and flagged: in a Maildir its unique name, before the flags; of a file .eml, its name, size
// and time of change, as one that is written anew is another mail. Names are any bytes, and are told in a form that is text.
//
// # Whole files
//
// A Maildir is delivered to by renaming: what is in new or cur is whole. A file .eml is taken once it has stood still for [Settle]. Programs
// that write slower should write under another name, such as one that begins with a dot, and rename.
//
// # Changes
//
// The kernel tells of changes where it can, and whoever follows a folder looks by themselves, too: file systems of a network tell of nothing.
package folder
