package ocr

import (
	"encoding/binary"
	"errors"
	"image"
	"math"
)

// maxFrames bounds the frames of one picture, so that a chain of headers cannot keep us busy.
const maxFrames = 10_000

var (
	errShort     = errors.New("it ends too early")
	errManyFrame = errors.New("it has too many frames")
)

// tiffFrames walks the image file directories of a TIFF, one a page.
func tiffFrames(data []byte) ([]image.Point, error) {
	if len(data) < 8 {
		return nil, errShort
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	var sizes []image.Point
	for offset := int64(order.Uint32(data[4:])); offset != 0; {
		if len(sizes) == maxFrames {
			return nil, errManyFrame // also what a chain that bites its tail comes to
		}
		if offset+2 > int64(len(data)) {
			return nil, errShort
		}
		entries := int64(order.Uint16(data[offset:]))
		next := offset + 2 + 12*entries
		if next+4 > int64(len(data)) {
			return nil, errShort
		}
		var size image.Point
		for entry := data[offset+2 : next]; len(entry) > 0; entry = entry[12:] {
			switch order.Uint16(entry) {
			case 256:
				size.X = tiffValue(order, entry)
			case 257:
				size.Y = tiffValue(order, entry)
			}
		}
		sizes = append(sizes, size)
		offset = int64(order.Uint32(data[next:]))
	}
	if len(sizes) == 0 {
		return nil, errors.New("it has no page")
	}
	return sizes, nil
}

// tiffValue returns the number of a directory entry, 0 when it is not one SHORT or LONG.
func tiffValue(order binary.ByteOrder, entry []byte) int {
	switch order.Uint16(entry[2:]) {
	case 3:
		return int(order.Uint16(entry[8:]))
	case 4:
		return int(order.Uint32(entry[8:]))
	default:
		return 0
	}
}

// gifFrames walks the blocks of a GIF. Every frame counts: the size of the screen does not bound what a decoder allocates.
func gifFrames(data []byte) ([]image.Point, error) {
	if len(data) < 13 {
		return nil, errShort
	}
	colours := func(flags byte) int {
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (1 + flags&7)
	}
	var sizes []image.Point
	rest := skip(data, 13+colours(data[10]))
	for len(rest) > 0 && rest[0] != 0x3b {
		switch rest[0] {
		case 0x21: // extension: label, sub-blocks
			rest = skip(rest, 2)
		case 0x2c: // frame: place, size, flags, colours, code size, sub-blocks
			if len(rest) < 11 {
				return nil, errShort
			}
			if len(sizes) == maxFrames {
				return nil, errManyFrame
			}
			sizes = append(sizes, image.Pt(int(binary.LittleEndian.Uint16(rest[5:])), int(binary.LittleEndian.Uint16(rest[7:]))))
			rest = skip(rest, 11+colours(rest[9]))
		default:
			return nil, errors.New("it has a block of an unknown kind")
		}
		for len(rest) > 0 && rest[0] != 0 {
			rest = skip(rest, 1+int(rest[0]))
		}
		rest = skip(rest, 1)
	}
	if len(sizes) == 0 {
		return nil, errors.New("it has no frame")
	}
	return sizes, nil
}

func skip(data []byte, n int) []byte { return data[min(n, len(data)):] }

// bmpSize reads the two kinds of BMP header, of OS/2 and of Windows, where a negative height means top-down.
func bmpSize(data []byte) (image.Point, error) {
	if len(data) < 26 {
		return image.Point{}, errShort
	}
	if binary.LittleEndian.Uint32(data[14:]) == 12 {
		return image.Pt(int(binary.LittleEndian.Uint16(data[18:])), int(binary.LittleEndian.Uint16(data[20:]))), nil
	}
	width := int32(binary.LittleEndian.Uint32(data[18:]))  //nolint:gosec // the file has signed numbers
	height := int32(binary.LittleEndian.Uint32(data[22:])) //nolint:gosec // as above
	if height == math.MinInt32 {
		return image.Point{}, errors.New("its height is out of range")
	}
	return image.Pt(int(width), int(max(height, -height))), nil
}
