//go:build wasip1

package airlock

// sample is a job's context with all that one can have.
const sample = `{"job_id":"00000000-0000-4000-8000-000000000000","library_id":"00000000-0000-4000-8000-000000000000",` +
	`"extension":"e","job":"j","attempt":1,"resumed":false,` +
	`"event":{"id":"1","type":"t","source":"s","subject":"s","time":"2006-01-02T15:04:05Z","data":{"a":[1,"b"]}}}`

// warm does once what every job begins with, and what jobs have for it.
func warm() {
	_, _ = newJobContext(nil, []byte(sample), nil)
	for _, job := range extension.jobs {
		if job.Warm != nil {
			job.Warm()
		}
	}
}
