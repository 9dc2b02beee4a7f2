package fence

import (
	"slices"
	"strings"

	"github.com/airlock-run/airlock/bus"
)

// rights are what a user of the trusted account may do. What is not here, it may not.
type rights struct {
	publish, deny []string
	subscribe     []string
	// answers says that it serves requests: it may publish one message to where each wants its answer.
	answers bool
}

// The streams, and those behind the buckets.
var (
	coreStreams = []string{"EVENTS", "JOBS", "RUNS", "LEASES", "LEDGER", "AUDIT", "ACTIVITY"}
	keyValues   = []string{"KV_airlock-extensions", "KV_airlock-versions", "KV_airlock-schedules", "KV_airlock-pauses", "KV_airlock-workers", "KV_airlock-policy", "KV_airlock-libraries", "KV_airlock-floors"}
	objects     = []string{"OBJ_airlock-modules", "OBJ_airlock-content", "OBJ_airlock-inputs", "OBJ_airlock-calls"}
	allStreams  = slices.Concat(coreStreams, keyValues, objects)
)

// streams are requests to JetStream, each about one of some streams.
func streams(request string, names ...string) []string {
	subjects := make([]string, len(names))
	for i, name := range names {
		subjects[i] = strings.Replace("$JS.API."+request, "@", name, 1)
	}
	return subjects
}

// reads are what it takes to look at streams: directly, and by a consumer that is nobody else's.
func reads(names ...string) []string {
	return slices.Concat(
		streams("STREAM.INFO.@", names...), streams("STREAM.MSG.GET.@", names...),
		streams("DIRECT.GET.@", names...), streams("DIRECT.GET.@.>", names...),
		streams("CONSUMER.CREATE.@.>", names...), streams("CONSUMER.INFO.@.*", names...), streams("CONSUMER.MSG.NEXT.@.*", names...),
		flow(names...),
	)
}

// flow are how a client answers the flow control of a stream.
func flow(names ...string) []string {
	subjects := make([]string, len(names))
	for i, name := range names {
		subjects[i] = "$JS.FC." + name + ".>"
	}
	return subjects
}

// makes are what it takes to make streams, and buckets, for which a client asks what the server can do.
func makes(names ...string) []string {
	return append(streams("STREAM.CREATE.@", names...), "$JS.API.INFO")
}

// objectsOf is where the objects of buckets are written.
func objectsOf(buckets ...string) []string { return below("$O.", buckets) }

// keysOf is where the keys of buckets are written.
func keysOf(buckets ...string) []string { return below("$KV.", buckets) }

func below(prefix string, buckets []string) []string {
	subjects := make([]string, len(buckets))
	for i, bucket := range buckets {
		subjects[i] = prefix + bucket + ".>"
	}
	return subjects
}

// personsCall is where people's own calls are published, which no extension's may be.
var personsCall = strings.TrimSuffix(bus.CallSubject(bus.Operator, "", ""), "..") + ".>"

// trusted are the rights of the members that have no account of their own.
func (m Member) trusted() (rights, error) {
	switch m.Role {
	case Worker:
		return workerRights, nil
	case Operations:
		return operationsRights, nil
	case Console:
		return consoleRights, nil
	default:
		r := rights{subscribe: []string{"$SRV.>"}, answers: true}
		for _, method := range m.Serves {
			subjects, err := servedSubjects(method)
			if err != nil {
				return rights{}, err
			}
			r.subscribe = append(r.subscribe, subjects...)
		}
		return r, nil
	}
}

// workerRights are those of a worker that runs any job: it calls as every extension, starts jobs for events, and deals.
var workerRights = rights{
	publish: slices.Concat(
		[]string{
			"airlock.call.>", "airlock.run.*", "airlock.activity.*.*",
			"airlock.job.>", "airlock.schedule.*", "airlock.unique.>",
			"airlock.lease.*", "airlock.dealer", "airlock.worker.>", "airlock.api.queue.status",
			"airlock.ledger.>", "airlock.audit.>", "airlock.api.ledger.*", "airlock.event.*.airlock.budget.warning",
			"$JS.ACK.EVENTS.triggers.>",
		},
		keysOf("airlock-workers"), objectsOf("airlock-calls", "airlock-inputs"),
		makes(allStreams...), streams("STREAM.INFO.@", "OBJ_airlock-content", "AUDIT"),
		reads("EVENTS", "JOBS", "RUNS", "LEASES", "LEDGER", "ACTIVITY", "OBJ_airlock-modules", "OBJ_airlock-inputs", "OBJ_airlock-calls"), reads(keyValues...),
		streams("STREAM.PURGE.@", "JOBS", "OBJ_airlock-inputs", "OBJ_airlock-calls"),
		streams("STREAM.MSG.DELETE.@", "JOBS", "RUNS", "LEASES", "LEDGER"),
		streams("CONSUMER.DELETE.@.*", "JOBS", "LEDGER", "KV_airlock-extensions", "KV_airlock-versions", "KV_airlock-pauses", "KV_airlock-workers", "KV_airlock-policy", "KV_airlock-libraries",
			"OBJ_airlock-modules", "OBJ_airlock-inputs", "OBJ_airlock-calls"),
	),
	deny:      []string{personsCall},
	subscribe: []string{"airlock.dealer", "airlock.dealer.*.*", "airlock.worker.>", "airlock.api.queue.status", "airlock.api.ledger.*", "airlock.record.*.*", "$SRV.>"},
	answers:   true,
}

// operationsRights are those of the process that serves Airlock's operations. It calls none, and it brings the streams up to date.
var operationsRights = rights{
	publish: slices.Concat(
		[]string{
			"airlock.job.>", "airlock.schedule.*", "airlock.unique.>", "airlock.child.>", "airlock.record.*.cancel", "airlock.lease.*", "airlock.api.queue.status", "airlock.audit.*.denied.>",
			"airlock.event.>",
		},
		keysOf("airlock-policy"), objectsOf("airlock-calls", "airlock-content", "airlock-inputs"),
		makes(allStreams...), streams("STREAM.UPDATE.@", allStreams...), streams("STREAM.INFO.@", "ACTIVITY", "EVENTS", "LEDGER", "AUDIT"),
		reads("JOBS", "RUNS", "LEASES"), reads(keyValues...), reads(objects...),
		streams("STREAM.PURGE.@", "OBJ_airlock-content", "OBJ_airlock-inputs", "OBJ_airlock-calls"),
		streams("CONSUMER.DELETE.@.*", "JOBS", "RUNS", "KV_airlock-extensions", "KV_airlock-versions", "KV_airlock-policy", "KV_airlock-libraries", "OBJ_airlock-content", "OBJ_airlock-calls", "OBJ_airlock-inputs"),
	),
	// It keeps a mark of its list of jobs among the leases, and must neither deal nor have the ledger.
	deny:      []string{"airlock.lease.dealer", "airlock.lease.dealer-held", "airlock.lease.ledger", "airlock.lease.ledger-held"},
	subscribe: []string{"airlock.call.*.query.>", "airlock.call.*.action.>", "airlock.api.jobs.*", "airlock.api.policy.*", "airlock.api.config.*", "airlock.api.mail.*", "airlock.api.notify.*", "airlock.api.*.erase", "airlock.api.credentials.rewrap", "$SRV.>"},
	answers:   true,
}

// consoleRights are those of the tools of people who run Airlock: they install, enqueue, cancel, and call operations themselves.
var consoleRights = rights{
	publish: slices.Concat(
		[]string{
			personsCall, "airlock.api.>", "airlock.event.>", "airlock.job.>", "airlock.schedule.*", "airlock.recur.*", "airlock.unique.>",
			"airlock.run.*", "airlock.dealer", "airlock.worker.control", "airlock.audit.>", "$SRV.>",
			"airlock.lease.list-backup", "$JS.SNAPSHOT.ACK.EVENTS.>", // for backups
		},
		streams("STREAM.SNAPSHOT.@", "EVENTS"),
		keysOf("airlock-extensions", "airlock-versions", "airlock-schedules", "airlock-pauses", "airlock-libraries", "airlock-floors"), objectsOf("airlock-modules", "airlock-content", "airlock-inputs", "airlock-calls"),
		reads(allStreams...),
		streams("STREAM.MSG.DELETE.@", "JOBS", "RUNS"), streams("STREAM.PURGE.@", append([]string{"JOBS"}, objects...)...),
		streams("CONSUMER.DELETE.@.*", slices.Concat([]string{"JOBS", "RUNS", "ACTIVITY", "AUDIT"}, keyValues, objects)...),
	),
	deny: []string{"airlock.api.ledger.lend"},
}

// imported is what a member with an account of its own may use of the trusted one.
type imported struct {
	// services are subjects it may publish on, streams subjects it may listen on.
	services, streams []string
}

func (m Member) imports() imported {
	if m.Role == Client {
		return clientImports(m)
	}
	return poolImports(m)
}

// many tells whether a request has many answers.
func many(subject string) bool {
	return strings.HasPrefix(subject, "$JS.API.DIRECT.GET.") || strings.HasPrefix(subject, "$JS.API.CONSUMER.MSG.NEXT.")
}

// clientImports are for applications that enqueue jobs, publish events and watch what becomes of them.
func clientImports(m Member) imported {
	read := slices.Concat(
		streams("STREAM.INFO.@", "EVENTS", "JOBS", "RUNS", "ACTIVITY", "KV_airlock-extensions", "KV_airlock-versions", "OBJ_airlock-modules", "OBJ_airlock-inputs", "OBJ_airlock-content"),
		streams("DIRECT.GET.@", "JOBS", "RUNS"), streams("DIRECT.GET.@.>", "JOBS", "RUNS", "KV_airlock-extensions", "KV_airlock-versions", "OBJ_airlock-inputs", "OBJ_airlock-content"),
		streams("CONSUMER.CREATE.@.>", "RUNS", "ACTIVITY"), streams("CONSUMER.INFO.@.*", "RUNS", "ACTIVITY"),
		streams("CONSUMER.MSG.NEXT.@.*", "RUNS", "ACTIVITY"),
	)
	return imported{services: slices.Concat(
		[]string{
			"airlock.job.>", "airlock.schedule.*", "airlock.unique.>", "airlock.event.>",
			"airlock.api.jobs.list", "airlock.api.jobs.show", "airlock.api.queue.status",
		},
		objectsOf("airlock-inputs", "airlock-content"), read,
	), streams: m.inboxes()}
}

// poolImports are for workers of a pool: calls as its extensions, what concerns their jobs, and what is installed. What it reads it gets directly:
// who makes a consumer names the subject to which it delivers, so a pool makes one on what it cannot write alone.
func poolImports(m Member) imported {
	in := imported{streams: append(m.inboxes(), "airlock.worker.hello", "airlock.worker.control")}
	in.services = slices.Concat(
		[]string{"airlock.activity.*.*", "airlock.audit.>", "airlock.api.ledger.lend", "$KV.airlock-workers." + m.Name + ".*"}, objectsOf("airlock-calls"),
		streams("STREAM.INFO.@", "JOBS", "KV_airlock-extensions", "KV_airlock-versions", "KV_airlock-workers", "KV_airlock-policy", "KV_airlock-libraries", "OBJ_airlock-modules", "OBJ_airlock-inputs", "OBJ_airlock-calls"),
		streams("DIRECT.GET.@.>", "KV_airlock-extensions", "KV_airlock-versions", "KV_airlock-policy", "KV_airlock-libraries"),
		streams("DIRECT.GET.@.>", "OBJ_airlock-modules", "OBJ_airlock-inputs", "OBJ_airlock-calls"),
		streams("DIRECT.GET.@", "OBJ_airlock-modules", "OBJ_airlock-inputs", "OBJ_airlock-calls"),
		streams("CONSUMER.CREATE.@.*.$KV.airlock-extensions.>", "KV_airlock-extensions"), flow("KV_airlock-extensions"),
		streams("CONSUMER.CREATE.@.*.$KV.airlock-policy.>", "KV_airlock-policy"), flow("KV_airlock-policy"),
		streams("CONSUMER.CREATE.@.*.$KV.airlock-libraries.>", "KV_airlock-libraries"), flow("KV_airlock-libraries"),
	)
	for _, id := range m.Extensions {
		token := strings.ReplaceAll(id, ".", "_")
		in.services = append(in.services, "airlock.call."+token+".>", "airlock.record."+token+".*", "airlock.dealer."+m.Name+"."+token)
		in.streams = append(in.streams, "airlock.worker.deal."+m.Name+".*."+token)
	}
	return in
}

// inboxes are where the consumers a member makes deliver.
func (m Member) inboxes() []string {
	subjects := make([]string, len(m.Keys))
	for i, key := range m.Keys {
		subjects[i] = bus.UserInbox(key) + ".>"
	}
	return subjects
}
