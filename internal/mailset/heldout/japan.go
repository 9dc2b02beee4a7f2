package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func japan() []layout.Layout {
	return []layout.Layout{ruled(), ryoshusho()}
}

// ruled is the order mail of a Japanese shop in seven bits, drawn with rulers.
func ruled() layout.Layout {
	return layout.Layout{
		Name: "ho-ruled", Count: 6, Locales: "ja-JP", Categories: "shopping groceries travel/bus",
		Kind: mailset.KindReceipt, Source: mailset.SourceText, Tells: "order payment items tax",
		Terms: purchase.Terms{Least: 1, Most: 3, Quantity: 3, Shipping: true, Rates: []int64{layout.Both}},
		Order: "###-######-####", Paid: "クレジットカード,コンビニ払い,代金引換",
		From: `{{.Vendor.Name}}`, Subject: `【{{.Vendor.Name}}】ご注文ありがとうございます（自動配信メール）`, Charset: "iso-2022-jp",
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "iso-2022-jp", envelope.SevenBit, d.Write(`{{.Reader.Name}} 様

この度は「{{.Vendor.Name}}」をご利用いただき、誠にありがとうございます。
以下の内容でご注文を承りました。

━━━━━━━━━━━━━━━━━━━━━━━━━━
■ご注文内容
━━━━━━━━━━━━━━━━━━━━━━━━━━
[受注番号] {{.Order}}
[ご注文日] {{iso .Day}} 21:04:37
[お支払方法] {{.Method}}
[送付先] {{.Reader.Name}} 様
        {{.Reader.Street}} {{.Reader.Town}}

[商品]
{{range .Lines}}{{.Name}}
 価格 {{n .Price}}(円) x {{.Quantity}}(個) = {{n .Amount}}(円)（税込）
----------------------------------------
{{end}}********************************************
小計     {{n .Goods}}(円)
送料     {{n .Shipping}}(円)
--------------------------------------------
合計     {{n .Total}}(円)
{{range .Taxes}}（うち消費税 {{p .Rate}}%   {{n .Amount}}(円)）
{{end}}--------------------------------------------

※次回使える300円クーポンを進呈中です。5,000円以上のお買い上げでご利用いただけます。

{{.Vendor.Legal}}
{{.Vendor.Address}}
TEL {{.Vendor.Phone}}
`))
		},
	}
}

// ryoshusho is a formal receipt as HTML, its date in the era of the emperor.
func ryoshusho() layout.Layout {
	return layout.Layout{
		Name: "ho-ryoshusho", Count: 6, Locales: "ja-JP", Categories: "software/saas lodging",
		Kind: mailset.KindReceipt, Source: mailset.SourceHTML, Tells: "order tax",
		Terms: purchase.Terms{Least: 1, Most: 3, Rates: []int64{layout.Usual}},
		Order: "R-########",
		From:  `{{.Vendor.Name}} 経理係`, Subject: `領収書のご送付（{{.Order}}）`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("alternative", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write(`{{.Reader.Name}} 様
領収書をお送りいたします。HTML形式に対応したメールソフトでご覧ください。
`)),
				envelope.Text("text/html", "utf-8", envelope.Base64, d.Write(`<html lang="ja"><body style="font-family:'Hiragino Mincho ProN',serif">
<div style="width:560px;border:3px double #333;padding:28px"><h1 style="text-align:center;letter-spacing:1em">領収書</h1>
<div style="text-align:right">No. {{.Order}}<br>{{reiwa .Day}}</div>
<div style="font-size:18px;border-bottom:1px solid">{{.Reader.Name}} 様</div>
<div style="font-size:30px;text-align:center;background:#eee;margin:20px">{{m .Total}}-</div>
<div>但し {{range $i, $l := .Lines}}{{if $i}}、{{end}}{{.Name}}{{end}} 代として<br>上記正に領収いたしました。</div>
<table style="margin-top:16px">{{range .Taxes}}<tr><td>内訳</td><td>税抜金額</td><td>{{m .Base}}</td></tr><tr><td></td><td>消費税額（{{p .Rate}}%）</td><td>{{m .Amount}}</td></tr>{{end}}</table>
<div style="text-align:right">{{.Vendor.Legal}}<br>{{.Vendor.Address}}<br>電話 {{.Vendor.Phone}}<br>登録番号 T{{fill "#############"}}</div></div></body></html>
`)))
		},
	}
}
