// Package notify keeps what extensions tell the people of a library: that a receipt wants a look, that a mailbox cannot be read. People list
// them and mark them as read; how else they get to know of one is a matter of extensions that send mail or call a web hook.
//
// A library keeps the newest MaxKept; an extension's text is text, and nothing in it is a link or a command.
package notify
