package airlock

// WriteSidecar writes a file of up to 5 MiB beside an entry, in place of one of that name. It calls action:vdfs.write_sidecar.
func (v VDFS) WriteSidecar(entryID, filename string, data []byte) error {
	input := struct {
		ID       string `json:"entry_id"`
		Filename string `json:"filename"`
		Data     []byte `json:"data"`
	}{entryID, filename, bytesOrEmpty(data)}
	return v.job.Call("action:vdfs.write_sidecar", "", input, nil)
}

// WriteSidecarContent writes a file that is content of the library, of up to 100 MiB, see [VDFS.WriteContent]. It calls
// action:vdfs.write_sidecar.
func (v VDFS) WriteSidecarContent(entryID, filename, content string) error {
	input := map[string]string{"entry_id": entryID, "filename": filename, "content": content}
	return v.job.Call("action:vdfs.write_sidecar", "", input, nil)
}

// SidecarContent is a sidecar's bytes, or a part of them. Size and Digest, which is its content reference, are those of the whole.
type SidecarContent struct {
	Data   []byte `json:"data"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
	EOF    bool   `json:"eof"`
}

func (c *SidecarContent) data() *[]byte { return &c.Data }

// ReadSidecar returns a file beside an entry, of a large one the first 5 MiB; [VDFS.ContentReader] of its Digest reads it all. It calls
// query:vdfs.read_sidecar.
func (v VDFS) ReadSidecar(entryID, filename string) (SidecarContent, error) {
	input := struct {
		ID       string `json:"entry_id"`
		Filename string `json:"filename"`
	}{entryID, filename}
	var out SidecarContent
	err := v.job.Call("query:vdfs.read_sidecar", "", input, &out)
	return out, err
}

// Sidecars returns the files beside an entry, ordered by name. It calls query:vdfs.list_sidecars.
func (v VDFS) Sidecars(entryID string) ([]Sidecar, error) {
	var out struct {
		Sidecars []Sidecar `json:"sidecars"`
	}
	err := v.job.Call("query:vdfs.list_sidecars", "", map[string]string{"entry_id": entryID}, &out)
	return out.Sidecars, err
}

// DeleteSidecar removes a file beside an entry. It calls action:vdfs.delete_sidecar.
//
// # Errors
//
// [NotFound].
func (v VDFS) DeleteSidecar(entryID, filename string) error {
	return v.job.Call("action:vdfs.delete_sidecar", "", map[string]string{"entry_id": entryID, "filename": filename}, nil)
}

// bytesOrEmpty keeps JSON from turning a file without content into a null.
func bytesOrEmpty(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
