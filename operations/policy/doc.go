// Package policy answers the tools about the operator's policy: airlock.api.policy.get, set and check.
//
// A policy is one YAML document, read and compiled by package capabilities. Only one that can be read is ever kept, and each that was is
// kept with its revision. What is set here, workers see by watching the bucket it is kept in, not by asking this service: they go on
// deciding while it is away.
package policy
