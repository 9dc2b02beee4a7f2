package ocr

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/airlock-run/airlock/bus"
)

// The media types a Reader reads.
const (
	mediaPDF  = "application/pdf"
	mediaPNG  = "image/png"
	mediaJPEG = "image/jpeg"
	mediaTIFF = "image/tiff"
	mediaGIF  = "image/gif"
	mediaBMP  = "image/bmp"
	mediaWebP = "image/webp"
)

// detect returns the media type that the first bytes of data show, and "" when it is none of ours.
//
// What it takes for a picture, tesseract's library recognises too: input of no known format would be read as a list of
// the names of files to open.
func detect(data []byte) string {
	prefix := func(magic string) bool { return bytes.HasPrefix(data, []byte(magic)) }
	switch {
	case prefix("\x89PNG\r\n\x1a\n"):
		return mediaPNG
	case prefix("\xff\xd8\xff"):
		return mediaJPEG
	case prefix("II*\x00"), prefix("MM\x00*"):
		return mediaTIFF
	case prefix("GIF87a"), prefix("GIF89a"):
		return mediaGIF
	case prefix("BM"):
		return mediaBMP
	case prefix("RIFF") && len(data) >= 12 && string(data[8:12]) == "WEBP":
		return mediaWebP
	case bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")):
		return mediaPDF
	default:
		return ""
	}
}

// frames returns the sizes of the pictures in data, read from headers without decoding a pixel.
func frames(media string, data []byte) ([]image.Point, error) {
	switch media {
	case mediaTIFF:
		return tiffFrames(data)
	case mediaGIF:
		return gifFrames(data)
	case mediaBMP:
		size, err := bmpSize(data)
		return []image.Point{size}, err
	case mediaPNG:
		return oneFrame(png.DecodeConfig, data)
	case mediaJPEG:
		return oneFrame(jpeg.DecodeConfig, data)
	case mediaWebP:
		return oneFrame(webp.DecodeConfig, data)
	default:
		return nil, fmt.Errorf("%s is no picture", media)
	}
}

func oneFrame(decode func(io.Reader) (image.Config, error), data []byte) ([]image.Point, error) {
	config, err := decode(bytes.NewReader(data))
	return []image.Point{{X: config.Width, Y: config.Height}}, err
}

// checkPicture returns how many frames the picture has.
//
// # Errors
//
// bus.InvalidArgument when the header is broken or the frames together have more than maxPixels.
func checkPicture(media string, data []byte, maxPixels int) (int, error) {
	sizes, err := frames(media, data)
	if err != nil {
		return 0, bus.Errorf(bus.InvalidArgument, "the %s picture is damaged: %v", media, err)
	}
	total := 0
	for _, size := range sizes {
		if size.X <= 0 || size.Y <= 0 {
			return 0, bus.Errorf(bus.InvalidArgument, "the %s picture is damaged: its size is %dx%d", media, size.X, size.Y)
		}
		// Dividing cannot overflow, whatever a header claims.
		if size.X > (maxPixels-total)/size.Y {
			return 0, bus.Errorf(bus.InvalidArgument,
				"the %s picture is too large: with its frame of %dx%d it has more than %d pixels; send it smaller",
				media, size.X, size.Y, maxPixels)
		}
		total += size.X * size.Y
	}
	return len(sizes), nil
}
