package bus

import (
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// Anyone with the right to publish may send anything: it is refused or it is what it says, and never a panic.
func FuzzDecodeJob(f *testing.F) {
	id := uuid.NewString()
	f.Add("airlock.job.x.normal."+id+"."+id, []byte(`{"id":"`+id+`","extension":"x","job":"y","library":"`+id+`","priority":"normal"}`))
	f.Add("airlock.job.x", []byte(`{}`))
	f.Add("", []byte("{not json"))
	f.Fuzz(func(t *testing.T, subject string, data []byte) {
		job, err := decodeJob(subject, data)
		if err == nil && JobSubject(job.Extension, job.Priority, job.Library, job.ID) != subject {
			t.Errorf("a job of subject %q was taken from %q", JobSubject(job.Extension, job.Priority, job.Library, job.ID), subject)
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	library := uuid.NewString()
	f.Add("airlock.event."+library+".mail.received", "1", "source", "mail.received", library, "0", "message/rfc822", "", []byte("x"))
	f.Add("airlock.event.x.y", "", "", "y", "x", "-1", "", "sha256:00", []byte{})
	f.Fuzz(func(t *testing.T, subject, id, source, kind, library, hops, contentType, content string, data []byte) {
		header := nats.Header{}
		for name, value := range map[string]string{
			"ce-specversion": "1.0", "ce-id": id, "ce-source": source, "ce-type": kind, "ce-library": library,
			"ce-hops": hops, "ce-datacontenttype": contentType, "ce-content": content, "ce-contentsize": "17",
		} {
			header.Set(name, value)
		}
		event, err := decodeEvent(subject, header, data)
		if err == nil && EventSubject(event.Library, event.Type) != subject {
			t.Errorf("an event of type %q was taken from %q", event.Type, subject)
		}
	})
}

func FuzzParseCall(f *testing.F) {
	f.Add("airlock.call.x.query.ai.ocr", uuid.NewString(), uuid.NewString(), "1", "1000")
	f.Add("airlock.call.com_example.action.a", "", "", "-1", "0")
	f.Add("airlock.call..", "x", "y", "", "99999999999999999999")
	f.Fuzz(func(t *testing.T, subject, library, job, attempt, timeout string) {
		header := nats.Header{
			headerLibrary: {library}, headerJob: {job}, headerAttempt: {attempt}, headerTimeout: {timeout},
		}
		call, wait, err := parseCall(subject, header, nil)
		if err == nil && (wait <= 0 || CallSubject(call.Extension, call.Kind, call.Operation) != subject) {
			t.Errorf("call %+v with %s was taken from %q", call, wait, subject)
		}
	})
}
