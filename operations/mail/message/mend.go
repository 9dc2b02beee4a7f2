package message

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// mended is a mail whose header can be read: lines of the header that are none are left out, such as the one an mbox puts in front.
func (p *parser) mended(source io.Reader) io.Reader {
	r := bufio.NewReaderSize(source, 64<<10)
	var header bytes.Buffer
	dropped, dropping := 0, true // a line that goes on belongs to one before
	for header.Len() < MaxHeader {
		line, err := r.ReadSlice('\n')
		whole := err == nil || errors.Is(err, io.EOF)
		content := bytes.TrimRight(line, "\r\n")
		switch {
		case len(content) == 0:
			header.WriteString("\r\n")
			p.tellDropped(dropped)
			return io.MultiReader(&header, r)
		case content[0] == ' ' || content[0] == '\t':
		default:
			dropping = !isField(content)
		}
		if dropping {
			dropped++
		} else {
			header.Write(line)
		}
		for !whole { // the rest of a line that is longer than the buffer
			line, err = r.ReadSlice('\n')
			whole = err == nil || !errors.Is(err, bufio.ErrBufferFull)
			if !dropping && header.Len() < MaxHeader {
				header.Write(line)
			}
		}
		if err != nil {
			header.WriteString("\r\n\r\n")
			p.tellDropped(dropped)
			return &header
		}
	}
	p.warn("the header is longer than %d bytes; the rest of the mail is left out", MaxHeader)
	header.Truncate(bytes.LastIndexByte(header.Bytes()[:MaxHeader], '\n') + 1)
	header.WriteString("\r\n")
	return &header
}

func (p *parser) tellDropped(lines int) {
	if lines > 0 {
		p.warn("%d lines of the header are none and are left out", lines)
	}
}

// isField tells whether a line begins a header field: a name of visible characters, and a colon.
func isField(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return found && len(name) > 0 && bytes.IndexFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
