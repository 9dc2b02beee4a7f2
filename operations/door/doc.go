// Package door lets a service decide again what the door of a worker has decided already.
//
// A worker asks what an extension may do before it sends a call, about what the call names. Some operations learn only while they work where
// a call leads: an HTTP server answers with a redirect to another host. They ask here, about each such target.
//
// Nothing that a call says is believed for that, beside who makes it, which is its subject. Policy and libraries are followed as workers follow
// them. The manifest is that of the version the job began with, as its run record says; while a job has no record yet, in its first attempt,
// it is that of the version which is installed.
package door
