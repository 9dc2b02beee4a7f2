// Package fair is a queue of jobs that wait, dealt by priority, then fairly between libraries, and never beyond how many jobs of an
// extension or of a library may run at once.
//
// Jobs wait in lanes: one for each extension, priority and library, first in, first out. Next takes a job in three steps.
//
// # Priority
//
// The three priorities share what is dealt 16 to 4 to 1, as long as each has a job that may run; what one does not use the others
// get. That is stride scheduling (Waldspurger and Weihl, 1995): each priority has a pass, which grows with each job it is dealt by
// its stride, 1, 4 or 16; the least pass is next. One that comes back after a while begins where the others are, so that it
// has saved nothing up. None can starve.
//
// # Libraries
//
// Within a priority each library has a virtual time, which grows by one with each job it is dealt, and the least is next: start-time
// fair queueing (Goyal, Vin and Cheng, 1996) with jobs of equal length. A library whose jobs come when the others have been waiting
// begins at the virtual time of the last one dealt. So a single job of a library is next but for one job of each other library,
// whether they have ten jobs waiting or a hundred thousand. Within a library the extensions take turns.
//
// # Limits
//
// A library none of whose lanes may be dealt leaves the order, and its lanes wait for their extensions. A slot that comes
// free brings back the one that has had least. So what cannot run is not looked at again and again: dealing costs the logarithm of
// the number of libraries, however many are blocked.
package fair
