package otlptest

import (
	"encoding/json"
	"strconv"
)

// Span is a span that was received.
type Span struct {
	Service  string
	Scope    string
	TraceID  string
	SpanID   string
	ParentID string
	Name     string
	// Kind is 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
	Kind       int
	Attributes map[string]string
	Links      []Link
	// Failed tells whether its status is an error; Message is that of the status.
	Failed  bool
	Message string
}

// Link is a span's link to another one.
type Link struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
}

// Metric is a metric that was received once.
type Metric struct {
	Service, Name, Unit string
	// Kind is "sum", "gauge" or "histogram".
	Kind   string
	Points []Point
}

// Point is a point of a metric.
type Point struct {
	Attributes map[string]string
	// Value is that of a sum or gauge, and the sum of a histogram; Count is a histogram's.
	Value float64
	Count uint64
}

// The JSON encoding of OTLP, as far as tests look at it.
type (
	attributes []struct {
		Key   string                     `json:"key"`
		Value map[string]json.RawMessage `json:"value"`
	}
	resource struct {
		Attributes attributes `json:"attributes"`
	}
	scope struct {
		Name string `json:"name"`
	}
	wireSpan struct {
		TraceID      string     `json:"traceId"`
		SpanID       string     `json:"spanId"`
		ParentSpanID string     `json:"parentSpanId"`
		Name         string     `json:"name"`
		Kind         int        `json:"kind"`
		Attributes   attributes `json:"attributes"`
		Links        []Link     `json:"links"`
		Status       struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"status"`
	}
	wirePoints struct {
		DataPoints []struct {
			Attributes attributes `json:"attributes"`
			AsDouble   float64    `json:"asDouble"`
			AsInt      string     `json:"asInt"`
			Sum        float64    `json:"sum"`
			Count      string     `json:"count"`
		} `json:"dataPoints"`
	}
	request struct {
		ResourceSpans []struct {
			Resource   resource `json:"resource"`
			ScopeSpans []struct {
				Scope scope      `json:"scope"`
				Spans []wireSpan `json:"spans"`
			} `json:"scopeSpans"`
		} `json:"resourceSpans"`
		ResourceMetrics []struct {
			Resource     resource `json:"resource"`
			ScopeMetrics []struct {
				Metrics []struct {
					Name, Unit            string
					Sum, Gauge, Histogram *wirePoints
				} `json:"metrics"`
			} `json:"scopeMetrics"`
		} `json:"resourceMetrics"`
	}
)

func decode(line []byte) (spans []Span, metrics []Metric, err error) {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, nil, err
	}
	for _, ofResource := range r.ResourceSpans {
		service := ofResource.Resource.Attributes.text()["service.name"]
		for _, ofScope := range ofResource.ScopeSpans {
			for _, s := range ofScope.Spans {
				spans = append(spans, Span{
					Service: service, Scope: ofScope.Scope.Name, TraceID: s.TraceID, SpanID: s.SpanID, ParentID: s.ParentSpanID,
					Name: s.Name, Kind: s.Kind, Attributes: s.Attributes.text(), Links: s.Links,
					Failed: s.Status.Code == 2, Message: s.Status.Message,
				})
			}
		}
	}
	for _, ofResource := range r.ResourceMetrics {
		service := ofResource.Resource.Attributes.text()["service.name"]
		for _, ofScope := range ofResource.ScopeMetrics {
			for _, m := range ofScope.Metrics {
				metric := Metric{Service: service, Name: m.Name, Unit: m.Unit}
				for kind, points := range map[string]*wirePoints{"sum": m.Sum, "gauge": m.Gauge, "histogram": m.Histogram} {
					if points != nil {
						metric.Kind, metric.Points = kind, points.decode()
					}
				}
				metrics = append(metrics, metric)
			}
		}
	}
	return spans, metrics, nil
}

func (w *wirePoints) decode() []Point {
	points := make([]Point, 0, len(w.DataPoints))
	for _, p := range w.DataPoints {
		point := Point{Attributes: p.Attributes.text(), Value: p.AsDouble + p.Sum}
		if n, err := strconv.ParseInt(p.AsInt, 10, 64); err == nil {
			point.Value += float64(n)
		}
		point.Count, _ = strconv.ParseUint(p.Count, 10, 64)
		points = append(points, point)
	}
	return points
}

// text is the attributes' values as texts.
func (a attributes) text() map[string]string {
	out := make(map[string]string, len(a))
	for _, attribute := range a {
		for _, value := range attribute.Value {
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = string(value)
			}
			out[attribute.Key] = text
		}
	}
	return out
}
