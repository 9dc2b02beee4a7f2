// Package schema makes JSON Schemas (2020-12) of the types that go into operations and come out of them, and holds input to them.
//
//	type listInput struct {
//		Kind  string `json:"kind" jsonschema:"kind of the entries, such as receipt"`
//		Limit int    `json:"limit,omitempty" jsonschema:"how many, 1 to 500; default 50" schema:"min=0,max=500,default=50"`
//	}
//
// A field without omitempty or omitzero is required. One with it may be left out or null, which is the same. The tag jsonschema describes a
// field: what it is, its unit, its default. The tag schema says what the type cannot, separated by commas:
//
//	min=1, max=500   of a number its value, of text its characters, of an array its items
//	enum=low|high    the values that text can have
//	default=50       what a field that is left out stands for: for readers, Check does not fill it in
//
// Bytes are text in base64. A type that reads itself from JSON (json.RawMessage) takes any value, and says by itself what it refuses.
//
// # What is read
//
// Fields that a schema does not know are ignored, so that extensions written for a newer or another host run. But a document that two
// programs can read in two ways is refused wherever that is, as the door does it with what rules look at (capabilities.TargetOf): a field
// that is there twice, and one that is a known one but for capitals. So what the door has checked is what the operation reads.
package schema
