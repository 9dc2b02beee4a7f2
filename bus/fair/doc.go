// Package fair is a queue of jobs that wait, dealt by priority, then fairly between libraries, and never beyond how many jobs of an
// extension or of a library may run at once.
//
// Jobs wait in lanes: one for each extension, priority and library, first in, first out. Next decides three times.
//
// # Which priority
//
// The three priorities share what is dealt 16 to 4 to 1, as long as each has a job that may run; what one does not use the others
// get. That is stride scheduling (Waldspurger and Weihl, 1995): each priority has a pass, which grows with each job it is dealt by
// its stride, 1, 4 or 16; the least pass is next. One that had nothing that may run goes on where the others are, so that it has
// saved nothing up. None can starve.
//
// # Which library
//
// Each library is owed the same. Start-time fair queueing (Goyal, Vin and Cheng, 1996) gives each a virtual time, which grows
// with what it is dealt, and deals to the least; who comes back begins at the virtual time of now. With jobs that all cost the
// same, all virtual times lie within one job of each other, and the queue that orders them becomes two lists: those that
// still have a turn in this round, and those that had it. So it is deficit round robin (Shreedhar and Varghese, 1996) with a
// quantum of one job, which needs no heap, and has no number that runs over. A round deals each library that has a job which may run
// one job. Who comes joins the round under way if it has had no job in it; as it ends at some time however many come, a round
// takes no more newcomers than were there when it began. To empty and come back gains nothing: a library that has become empty is
// remembered until the round is over.
//
// What follows: while a library waits with a job that may run, each other is dealt two jobs at most, and one as a rule. Whether
// the others have ten jobs waiting or a hundred thousand does not matter.
// Within a library the extensions take turns.
//
// # Which may run
//
// A lane whose extension has no slot free when its library's turn comes goes to the extension's gate, where the lanes of all
// libraries stand in line. A library of which all lanes stand at gates has no turns: what cannot run is not looked at again. A
// slot that comes free opens the gate, and is for the lane that has waited longest, so that who uses an extension all the
// time does not keep it from the others; but not for a library that has had its job in this round while others still have to
// come. Gates and turns alternate, so that neither waits for the other. A library that is at its own limit is parked until a slot
// of its own comes free; its lanes then keep their places in line.
//
// # What it costs
//
// Push, Next and Done take constant time, whatever waits, but for what is amortized: a lane goes to a gate once for each job,
// and is passed over there once a round. No more than sixteen are passed over for one job; then the first of them is dealt, though its
// library has had its turn. With very many libraries at many open gates the two jobs of above can so become more; as gates
// and turns alternate, and gates are first come, first served, none starves.
package fair
