// Package entries is the rows of a library's entries, and how they are found.
//
// # Filters
//
// A filter compares one field of the metadata, "total" or "vendor.name", with a value: a number with numbers, text with text by its bytes,
// true or false with the same. A value of another type, or none, does not fit.
//
// # Indexes
//
// Any field can be filtered by. Find visits entries in the order they are listed in until the page is full, and reads the metadata of each;
// a page ends early, with a cursor, once maxVisited were visited. So a field that few entries have is found slowly, over many pages. An
// Index has the values of one field of one kind of entry in an order of their own: Find begins at those that fit, and can list by the field.
//
// The entries that are there when an index is declared are added in the background (Build). Until it is built nobody uses it; what is
// written meanwhile is in it.
//
// # Text
//
// Each entry has the words of its name, path, metadata and text files, in the transaction that writes them. Words are compared without case
// and accents. Entries that have all words of a query are visited from the newest one on.
package entries
