// Package mail reads mailboxes for guests, over IMAP or in files: what there is (mail.list, mail.search), a message with its attachments as content of the
// library (mail.fetch), and flags (mail.flag).
//
// # Accounts
//
// A person adds an account to a library: where its server is, and the credential that opens it, which has the account's id. A guest names the
// account and never learns the secret, and the secret goes to that server alone. The rules that say which credentials an extension uses
// (`credentials.use`) say which accounts.
//
// # UIDs
//
// A message is named by mailbox, UIDVALIDITY and UID. A server may number a mailbox anew; then its UIDVALIDITY is another, and a call that
// names the old one is failed_precondition, with the new one. So nobody takes one message for another.
//
// # Folders
//
// An account may be a folder of files on the service's machine as well (package folder). It is a mailbox INBOX whose UIDs are kept in the
// database: whoever watches the account goes through the folder, numbers what is new, and only then tells of it, so that a service that is
// killed in between tells of it later. Calls read the index, and look for files that have been moved since. A file that was not seen twice is
// gone; a file that is moved while the folder is read may not be seen once.
//
// # Whole mails
//
// mail.fetch streams a message from the server into the library's content, and takes it apart from there: no process holds it whole.
// Reading twice keeps the same bytes once. What is fetched and not referred to within content.HoldTime goes again.
//
// # Servers
//
// A server is not trusted either. How much it may say to one call is bounded, its addresses are checked as those of http.request are
// (package outside), and what it says reaches guests as one line.
package mail
