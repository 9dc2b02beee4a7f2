package airlock

import (
	"fmt"
	"slices"
)

// DefaultExport is the export that runs a job which names none of its own.
const DefaultExport = "execute_job"

// Job is one kind of work an extension does.
type Job struct {
	// Name is what the manifest and `airlock job submit` call it: 1–64 of a-z 0-9 _ -.
	Name string
	// Resumable lets a retry start from the last checkpoint. Without it a retry starts from the input.
	Resumable bool
	// Export is the module's function that runs the job. Empty means [DefaultExport], which this package provides; any other is
	// the author's to export, in a line that calls [Execute].
	Export string
	// Run does the work. What it returns is described in the package's documentation.
	Run func(job *JobContext) error
	// Warm may do beforehand what each run would do anew: build tables, compile expressions, decode and encode once what
	// Run will, as encoding/json learns a type when it first meets it. It runs when the module is prepared, after which
	// each job begins with the memory as it is then. It reaches no host.
	Warm func()
}

// extension is what this module registered. A module holds one extension, so there is one.
var extension struct {
	name, version string
	jobs          []Job
}

// Describe gives the extension a name and a version, which it then logs when it is loaded. Call it from an init function.
func Describe(name, version string) {
	extension.name, extension.version = name, version
}

// Register adds a job to the extension. Call it from an init function; later ones are never announced to the host.
//
// It panics if the job has no valid name, no Run, or a name that is taken: these are mistakes in the program, and the module
// then refuses to load with the panic's text.
func Register(job Job) {
	if !validName(job.Name) {
		panic(fmt.Sprintf("airlock: register job %q: a name is 1 to 64 of a-z, 0-9, '_' and '-'", job.Name))
	}
	if job.Run == nil {
		panic(fmt.Sprintf("airlock: register job %q: Run is nil", job.Name))
	}
	if _, taken := find(job.Name); taken {
		panic(fmt.Sprintf("airlock: register job %q: the name is taken", job.Name))
	}
	if job.Export == "" {
		job.Export = DefaultExport
	}
	extension.jobs = append(extension.jobs, job)
}

// Init announces the registered jobs to the host and returns what plugin_init answers: 0, or 1 if the host refused one. The
// module's plugin_init calls it; a test of its own calls it with a fake host.
func Init(host Host) int32 {
	announce := func(format string, args ...any) {
		if extension.name != "" {
			host.Log(LevelInfo, fmt.Sprintf(format, args...))
		}
	}
	announce("%s v%s initializing...", extension.name, extension.version)
	for _, job := range extension.jobs {
		announce("Registering job: %s", job.Name)
		if !host.RegisterJob(job.Name, job.Export, job.Resumable) {
			host.Log(LevelError, "Failed to register job: "+job.Name)
			return 1
		}
	}
	announce("✓ %s v%s initialized!", extension.name, extension.version)
	return 0
}

// find looks a job up by name. A host that does not say which job it runs ("") means the only one there is.
func find(name string) (Job, bool) {
	if name == "" && len(extension.jobs) == 1 {
		return extension.jobs[0], true
	}
	i := slices.IndexFunc(extension.jobs, func(job Job) bool { return job.Name == name })
	if i < 0 {
		return Job{}, false
	}
	return extension.jobs[i], true
}

func validName(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return len(name) >= 1 && len(name) <= 64
}
