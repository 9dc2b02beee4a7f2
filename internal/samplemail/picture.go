package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// pictureReceipt is a till receipt that a person took a picture of and sent to herself.
func pictureReceipt() ([]byte, error) {
	photo, err := tillReceipt()
	if err != nil {
		return nil, err
	}
	text, err := textPart("text/plain", "for the expenses\n\nSent from my phone\n")
	if err != nil {
		return nil, err
	}
	header := mailHeader(
		field{"From", "Maya Ellison <maya.ellison@mailbox.example>"},
		field{"To", "Maya Ellison <maya.ellison@mailbox.example>"},
		field{"Subject", "Lunch receipt, Delta team"},
		field{"Date", "Wed, 18 Nov 2026 13:58:02 -0500"},
		field{"Message-ID", "<5C0E2A71-9A0B-4E0F-B7E7-2F3D1C6A9E10@mailbox.example>"},
	)
	return []byte(header + multipart("mixed", "Apple-Mail-5C0E2A71", text, filePart("image/jpeg", "IMG_2031.jpeg", photo))), nil
}

// tillLine is one line on the strip: what stands at its left, and at its right.
type tillLine struct {
	left, right string
	centred     bool
	bold        bool
}

var till = []tillLine{
	{left: "THE COPPER KETTLE", centred: true, bold: true},
	{left: "118 Mercer Street", centred: true},
	{left: "New York, NY 10012", centred: true},
	{left: "(212) 555-0148", centred: true},
	{},
	{left: "Table 12", right: "Server: Priya"},
	{left: "Date: 11/18/2026", right: "1:21 PM"},
	{left: "Receipt No. 48213"},
	{},
	{left: "2 x Flat White", right: "9.00"},
	{left: "1 x Avocado Toast", right: "14.50"},
	{left: "1 x Lentil Soup", right: "10.00"},
	{},
	{left: "Subtotal", right: "33.50"},
	{left: "Sales Tax 8.875%", right: "2.97"},
	{left: "TOTAL", right: "$36.47", bold: true},
	{},
	{left: "VISA XXXX 4242", right: "$36.47"},
	{left: "Approved, Auth 091552"},
	{},
	{left: "Thank you, see you soon!", centred: true},
}

// The picture is what a phone makes of a narrow strip of paper, at about 200 dots an inch.
const (
	fontSize   = 32
	lineHeight = 46
	margin     = 60
	width      = 640
)

func tillReceipt() ([]byte, error) {
	regular, err := face(goregular.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := face(gobold.TTF)
	if err != nil {
		return nil, err
	}
	paper := image.NewGray(image.Rect(0, 0, width, len(till)*lineHeight+2*margin))
	draw.Draw(paper, paper.Bounds(), image.NewUniform(color.Gray{Y: 0xf4}), image.Point{}, draw.Src)
	pen := font.Drawer{Dst: paper, Src: image.NewUniform(color.Gray{Y: 0x22})}
	for i, line := range till {
		pen.Face = regular
		if line.bold {
			pen.Face = bold
		}
		write := func(x fixed.Int26_6, text string) {
			pen.Dot = fixed.Point26_6{X: x, Y: fixed.I(margin + (i+1)*lineHeight - 12)}
			pen.DrawString(text)
		}
		left := fixed.I(margin)
		if line.centred {
			left = (fixed.I(width) - pen.MeasureString(line.left)) / 2
		}
		write(left, line.left)
		write(fixed.I(width-margin)-pen.MeasureString(line.right), line.right)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, paper, &jpeg.Options{Quality: 70}); err != nil {
		return nil, fmt.Errorf("write picture: %w", err)
	}
	return out.Bytes(), nil
}

func face(ttf []byte) (font.Face, error) {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	sized, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("size font: %w", err)
	}
	return sized, nil
}
