// Package extensions knows what an extension is before any of its code runs: a folder with a manifest and a WebAssembly
// module, and, once installed, an entry in the catalogue.
//
//	folder ── Load ──► Package ── (prepared: which jobs does it register?) ── Catalogue.Install ──► Installed
//	                   manifest.json, checked                                                       Catalogue.Watch ──► Change
//	                   module, with its digest                                                      Catalogue.Version ──► an older one
//
// # The manifest
//
// manifest.json is Spacedrive's, and ours where that leaves off:
//
//	{
//	  "id": "finance", "name": "Finance", "version": "0.1.0", "description": "…", "author": "…",
//	  "wasm_file": "finance.wasm",
//	  "permissions": {
//	    "methods": ["query:ai.ocr", "action:vdfs.write_sidecar"],
//	    "libraries": ["*"],
//	    "rate_limits": {"requests_per_minute": 1000, "concurrent_jobs": 10},
//	    "network_access": ["api.example.com"],
//	    "max_memory_mb": 512
//	  },
//	  "triggers": [{"event": "mail.received", "job": "process_receipt"},
//	    {"event": "order.*", "job": "count", "filter": {"source": {"prefix": "shop/"}, "data.country": ["DE", "FR"]}}],
//	  "schedules": [{"name": "weekly", "job": "report", "cron": "0 7 * * 1", "time_zone": "Europe/Berlin"}, {"job": "fetch", "every": "15m"}],
//	  "jobs": {"process_receipt": {"timeout": "5m", "max_attempts": 5, "priority": "normal", "backoff": {"initial": "10s", "max": "1h"},
//	    "limits": {"fuel": 90000000000}},
//	    "fetch": {"retry": {"max_attempts": 8, "initial_ms": 500, "max_ms": 60000, "multiplier": 2, "jitter": 0.2}}},
//	  "limits": {"fuel": 50000000000},
//	  "min_host_version": "0.1.0"
//	}
//
// [ParseManifest] is strict about what it knows, since a permission that is misread is a hole: a wrong type, a key written
// twice or a malformed pattern fails the load, with line and column, all of them at once. About what it does not know it is
// relaxed: such keys are kept and warned of, so that a manifest written for another host loads.
//
// A [Manifest] exists only parsed, checked and with its grant compiled. Written as JSON it is the document it was read from.
//
// A schedule starts its job in the libraries it lists; without a list, in those that the extension lists in permissions.libraries, and if that
// is every library, in the one of who names none. Schedules are installed, replaced and removed with their extension, and are called
// EXTENSION.NAME, followed by the library if there are several.
//
// # The catalogue
//
// The [Catalogue] keeps a small record for each installed extension, one for each of its versions, and the modules by their
// digest. A [Version] is a manifest and a module together. It outlives its extension's record by 30 days, because a job keeps
// the version it began with; installing something removes what is older than that. Where the bytes are is the business of a [Store],
// whose methods use nothing of this package, so that the bus can be one without importing it. Package storetest holds the suite each Store must pass.
//
// The extensions we ship are in the folders below; they are guests and import nothing but the sdk.
package extensions
