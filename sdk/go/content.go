package airlock

import (
	"errors"
	"fmt"
	"io"
)

// ContentRange is part of what a content reference names. Size is that of the whole.
type ContentRange struct {
	Data []byte `json:"data"`
	Size int64  `json:"size"`
	EOF  bool   `json:"eof"`
}

func (c *ContentRange) data() *[]byte { return &c.Data }

// ReadContent returns up to length bytes, from offset, of what a content reference names. A length of 0 means 1 MiB. It calls
// query:vdfs.read_content.
func (v VDFS) ReadContent(content string, offset, length int64) (ContentRange, error) {
	input := struct {
		Content string `json:"content"`
		Offset  int64  `json:"offset"`
		Length  int64  `json:"length,omitempty"`
	}{content, offset, length}
	var out ContentRange
	err := v.job.Call("query:vdfs.read_content", "", input, &out)
	return out, err
}

// contentPart is how much of content is written or read at once.
const contentPart = 1 << 20

// WriteContent keeps what r has, at most 100 MiB, a part at a time, and returns the reference by which an entry or a sidecar can have it. Until one
// of them does it stays for a day. It calls action:vdfs.write_content.
func (v VDFS) WriteContent(r io.Reader) (content string, err error) {
	type input struct {
		Data   []byte `json:"data"`
		More   bool   `json:"more,omitempty"`
		Upload string `json:"upload,omitempty"`
		Offset int64  `json:"offset,omitempty"`
	}
	var out struct {
		Content string `json:"content"`
		Upload  string `json:"upload"`
		Size    int64  `json:"size"`
	}
	part := make([]byte, contentPart)
	for {
		n, ended, err := readPart(r, part)
		if err != nil {
			return "", fmt.Errorf("read content: %w", err)
		}
		in := input{Data: part[:n], More: !ended, Upload: out.Upload, Offset: out.Size}
		if err := v.job.Call("action:vdfs.write_content", "", in, &out); err != nil || ended {
			return out.Content, err
		}
	}
}

// readPart fills part as far as r goes. It is not [io.ReadFull], of which one cannot tell an end from an r that says itself that it was cut off.
func readPart(r io.Reader, part []byte) (n int, ended bool, err error) {
	for n < len(part) && err == nil {
		var read int
		read, err = r.Read(part[n:])
		n += read
	}
	if errors.Is(err, io.EOF) {
		return n, true, nil
	}
	return n, false, err
}

// ContentReader reads what a content reference names from its beginning, a part at a time. It calls query:vdfs.read_content.
func (v VDFS) ContentReader(content string) io.Reader {
	return &contentReader{vdfs: v, content: content}
}

type contentReader struct {
	vdfs    VDFS
	content string
	part    []byte
	at      int64
	ended   bool
}

func (r *contentReader) Read(p []byte) (int, error) {
	for len(r.part) == 0 {
		if r.ended {
			return 0, io.EOF
		}
		next, err := r.vdfs.ReadContent(r.content, r.at, contentPart)
		if err != nil {
			return 0, err
		}
		r.part, r.ended = next.Data, next.EOF
		r.at += int64(len(next.Data))
	}
	n := copy(p, r.part)
	r.part = r.part[n:]
	return n, nil
}
