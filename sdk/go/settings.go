package airlock

import "encoding/json"

// Settings decodes the extension's settings in the library, which people make with `airlock extension settings set`, into out: an object
// as the manifest's config_schema describes it, with its defaults. It calls query:config.get.
//
// # Errors
//
// [FailedPrecondition] when they lack what the schema requires.
func (j *JobContext) Settings(out any) error {
	var got struct {
		Settings json.RawMessage `json:"settings"`
	}
	if err := j.Call("query:config.get", "", struct{}{}, &got); err != nil {
		return err
	}
	return json.Unmarshal(got.Settings, out)
}
